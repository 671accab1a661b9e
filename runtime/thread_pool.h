// The library's own pool. The caller of a parallel loop claims tasks from a counter like every
// worker, and waits only for tasks that somebody has claimed, never for threads: a worker whose
// core is busy with something else cannot hold it up.
#pragma once

#include <cstdint>
#include <memory>

#include "einc/executor.h"

namespace einc {

class ThreadPool {
 public:
  // Starts no thread yet. Pools live as long as the process, and so do their threads.
  explicit ThreadPool(int threads);

  void parallel_for(int64_t tasks, void (*fn)(void* context, int64_t task), void* context);

  Executor executor();

 private:
  struct Workers;

  const int threads_;  // the caller counted
  std::shared_ptr<Workers> workers_;
};

}  // namespace einc
