// Who runs parallel loops.
#pragma once

#include <cstdint>

#include "einc/export.h"

namespace einc {

// Runs fn(context, task) for each task in [0, tasks), in any order, on any threads, and returns
// when all have finished. A host with a pool of its own passes its parallel_for here.
struct Executor {
  void* self = nullptr;
  void (*parallel_for)(void* self, int64_t tasks, void (*fn)(void* context, int64_t task),
                       void* context) = nullptr;
  int concurrency = 1;  // the most calls of fn that run at once; scratch is taken for as many
};

// The library's own pool. `threads` counts the caller; 0 means one per processor that this process
// may use. Threads start at the first parallel loop, spin briefly after one, then sleep. The pool
// lives as long as the process; pools of equal size are one.
EINC_EXPORT const Executor& default_executor(int threads = 0);

}  // namespace einc
