// Trees of tensors.
#pragma once

#include <optional>

#include "compiler/path/network.h"
#include "compiler/path/reduced.h"

namespace einc {

struct WithoutBranches {
  Reduced reduced;
  bool is_optimal;  // the best path of the reduced network, expanded, is the best of the tree
};

// Of a tree, contracts every branch without a label of the output to what it shares with the rest,
// in the order that takes the fewest multiply-adds: each term meets what its branches have become
// all in one exact search, outer products included. Where the output has no label, the whole tree
// is a branch, of the term that is the best root. Nothing if the network is no tree: connected, no
// rings, each label in two terms or in one and the output. Terms of more than ten branches
// have the smallest of these multiplied with each other first, which need not be the best.
//
// That branches come first is optimal for multiply-adds alone, and where no label of the output is
// in two terms: so it was found by comparing with all orders of thousands of random trees.
std::optional<WithoutBranches> contract_branches(const Network& network);

}  // namespace einc
