#pragma once

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {

// The steps of a tree in the order in which the fewest elements of intermediates are alive at once:
// of the operands of each step, first the one that needs more room while it is made than it
// takes itself (Liu, "An application of generalized tree pebbling to sparse matrix factorization",
// 1987, for orders that finish one subtree before they start the next).
ContractionTree in_memory_order(ContractionTree tree, const Einsum& einsum);

}  // namespace einc
