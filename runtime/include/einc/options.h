// How an expression is to be compiled and run.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "einc/executor.h"

namespace einc {

// Called after each stage of the compiler with the stage's name and its result as text. A call with
// a trace bypasses the plan cache, so that every stage runs.
using Trace = std::function<void(std::string_view stage, const std::string& text)>;

struct Options {
  std::string dialect =
      "einc";                 // whose einsum strings: einc, numpy, numpy_opt, torch, tf, opt_einsum
  std::string path = "auto";  // contraction order: auto, exact, greedy
  std::string target = "host";  // instruction set: host, x86-64-v2, x86-64-v3, x86-64-v4
  std::string tier = "auto";    // code of a step: jit, highway (precompiled), or jit if it is there
  int threads = 0;              // that the library's own pool uses; 0: one per processor
  Executor executor = {};       // runs parallel loops instead of the library's own pool
  Trace trace = nullptr;
};

}  // namespace einc
