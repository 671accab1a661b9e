#pragma once

#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/plan.h"

namespace einc {

// From a tree with its layout to steps: classifies the labels of each step into batch, M, N and K
// (or kept and reduced), fuses dims that one stride walks, and gives intermediates their scratch,
// reused once their consumer is done. Steps that run once for each position of the `sliced` labels
// see these as if their extent were 1.
//
// Requires that all intermediates together fit 2^62 bytes.
Plan lower(const ContractionTree& tree, const Layout& layout, const Einsum& einsum,
           const std::vector<Label>& sliced = {});

}  // namespace einc
