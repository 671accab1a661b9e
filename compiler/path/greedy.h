#pragma once

#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {

// How a pair of tensors A, B with the result C is scored; the lowest goes first.
struct GreedyScore {
  enum class Kind {
    kDifference,  // |C| / alpha - alpha (|A| + |B|), compared by its logarithm
    kRatio,       // log |C| - alpha log(|A| + |B|)
    kBalance,     // the same, and dislikes pairs of different sizes
  };
  Kind kind = Kind::kDifference;
  double alpha = 1;
  double temperature = 0;  // of the noise on the logarithm
};

GreedyScore random_score(Random& random);

// Contracts the pair of neighbours with the lowest score, again and again; then joins what is left,
// smallest first (Gray, Kourtis, 2021; Orgler, Blacher, "Optimizing tensor contraction paths",
// 2024, for more scores than one). O(n log n) pairs for n terms.
SsaPath greedy_path(const Network& network, const GreedyScore& score, Random& random);

}  // namespace einc
