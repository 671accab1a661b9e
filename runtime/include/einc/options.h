// How an expression is to be compiled and run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "einc/executor.h"

namespace einc {

// Called after each stage of the compiler with the stage's name and its result as text. A call with
// a trace bypasses the plan cache, so that every stage runs.
using Trace = std::function<void(std::string_view stage, const std::string& text)>;

// Called with each better contraction order that a search finds: the log2 of its cost in what is
// minimized, and the seconds spent. Returns false to end the search with what it has.
using PathProgress = std::function<bool(double log2_cost, double elapsed_seconds)>;

struct Options {
  std::string dialect =
      "einc";  // whose einsum strings: einc, numpy, numpy_opt, torch, tf, opt_einsum
  // Contraction order: auto, exact, greedy, elimination, sweep, bisection, reconfigure, anneal, or
  // a path as NumPy and opt_einsum write it, such as "[[0, 1], [0, 1]]", or "ssa [[0, 1], [2, 3]]",
  // and after it, if einsums are to be computed in slices, labels: "[[0, 1], [0, 1]] sliced j, k".
  // "exact" finds the best order of up to 16 operands, the one of the fewest multiply-adds of trees
  // and of chains of matrices of any length, the best without outer products of other chains and,
  // where as long again as the budget or a few seconds are enough, of up to 64 operands; else what
  // "auto" finds.
  std::string path = "auto";
  std::string minimize = "time";  // by the order: time, flops, size, write
  std::optional<double>
      path_seconds;                   // that the search for an order may take; a guess if not given
  std::optional<int64_t> path_moves;  // the same, so that it finds the same order everywhere
  int path_threads = 1;               // that search together
  uint64_t seed = 0;                  // of the search
  PathProgress path_progress = nullptr;
  // Bytes of scratch that a run may take beside its operands. Kept by cutting the einsum into
  // slices that are computed one after the other; refused if that cannot be done.
  std::optional<int64_t> memory_limit;
  // Keeps intermediates near 1 by taking powers of two out of them, as deep networks need whose
  // products leave the range of floats; see Kernel::run_scaled(). For sums of products in float32,
  // float64, complex64 or complex128.
  bool strip_exponents = false;
  std::string target = "host";  // instruction set: host, x86-64-v2, x86-64-v3, x86-64-v4
  // Code of a step: jit, highway (precompiled), or auto: precompiled until it is compiled in the
  // background. Results of the two are not the same bits; see Kernel::wait_until_compiled().
  std::string tier = "auto";
  int threads = 0;         // that the library's own pool uses; 0: one per processor
  Executor executor = {};  // runs parallel loops instead of the library's own pool
  Trace trace = nullptr;
};

}  // namespace einc
