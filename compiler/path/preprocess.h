#pragma once

#include <vector>

#include "compiler/path/network.h"

namespace einc {

// A network with some of its steps already taken.
struct Reduced {
  Network network;
  std::vector<SsaPath> trees;           // how each of its terms is made
  std::vector<std::vector<int>> terms;  // of what: node i of a tree is terms[i] of the original

  // The path of the original network that makes its terms, then follows a path of this one.
  SsaPath expand(const SsaPath& path) const;
};

// Contracts what no good order would leave apart for long: a term with a neighbour that has all of
// its labels, and a vector or matrix with a neighbour that grows no larger by it. Not always
// optimal, so a search should look at the whole network once more at the end.
Reduced absorb_small_terms(const Network& network);

}  // namespace einc
