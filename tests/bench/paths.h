// What contraction orders the search finds in a given time.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace einc::bench {

struct PathResult {
  std::string network;
  std::string tool;  // "einc 0.1 s", or a peer's name
  double log10_flops = 0;
  double gap = 0;  // to the best order known
  double log2_size = 0;
  double seconds = 0;
};

// Searches the networks of tests/data/networks with each budget in seconds, minimizing flops, and
// prints what it finds beside the best orders known; opt_einsum and cotengra search beside it if
// `with_peers` and python3 can import them. Only networks with one of `filters` in their name, if
// there are any.
std::vector<PathResult> run_paths(const std::vector<double>& budgets,
                                  const std::vector<std::string>& filters, bool with_peers);

}  // namespace einc::bench
