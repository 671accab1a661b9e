// Tensor networks, run.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace einc::bench {

struct NetworkResult {
  std::string network;
  std::string dtype;
  double search_and_compile_seconds = 0;
  double seconds = 0;        // of a run
  double predicted = 0;      // seconds, by the time model
  double flops_only = 0;     // seconds, all operations at the peak's pace
  double difference = 0;     // from the result along another contraction order, relative
  double large_share = 0;    // of the run's time, in contractions with 32 <= M, N and K
  double large_of_peak = 0;  // what these reach
  std::vector<std::pair<std::string, double>> peers;  // name and seconds of a run
};

// Runs networks of tests/data/networks as einc plans them by itself, and along another order. With
// peers, cotengra and opt_einsum contract the same operands with PyTorch, each in its own order, in
// turns with einc, if python3 can import them. Counts in `failures` what disagrees.
std::vector<NetworkResult> run_networks(int threads, const std::vector<std::string>& filters,
                                        bool with_peers, int& failures);

}  // namespace einc::bench
