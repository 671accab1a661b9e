// Chains of matrices.
#pragma once

#include <optional>
#include <vector>

#include "compiler/path/network.h"

namespace einc {

// The path of the fewest multiply-adds of a chain of matrices, any number of them; the first and
// the last may be vectors. Nothing if the network is no such chain, or one whose extents rise and
// fall in so many steps that it takes more than some seconds.
//
// A chain of n matrices is a convex polygon of n + 1 corners, their extents, and an order of the
// products one of its triangulations. Of the diagonals above which all corners are larger than at
// both ends there are at most n; where an optimum has none of them, all its triangles have the
// smallest corner (Hu and Shing, "Computation of matrix chain products", 1982 and 1984). So each of
// these diagonals either is cut along or not, which depends on the corner below: O(n) times the
// number of such corners, which is a logarithm for random extents.
std::optional<SsaPath> matrix_chain_path(const Network& network);

}  // namespace einc
