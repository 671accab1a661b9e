#pragma once

#include "compiler/path/budget.h"
#include "compiler/path/search_tree.h"

namespace einc {

// Replaces parts of a tree by better ones until none of them gets better or `until` of the budget
// is spent: below each node, costliest first, what remains if it is cut off at `leaves` of its
// costliest descendants' operands is searched exactly (Gray, Kourtis, "Hyper-optimized tensor
// network contraction", 2021: subtree reconfiguration). `leaves` is at most SubsetSearch::kMost; 8
// takes tens of microseconds a node, each more three times as long.
void reconfigure(SearchTree& tree, int leaves, double until, Budget& budget);

}  // namespace einc
