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

// `steps` is the beginning of a path.
Reduced reduced_by(const Network& network, const SsaPath& steps);

}  // namespace einc
