#include "runtime/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "einc/executor.h"
#include "runtime/guest_thread.h"

namespace einc {
namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// One parallel loop. Shared by the caller and the workers that saw it, so that a worker that wakes
// late finds a loop without tasks left rather than freed memory.
struct Job {
  int64_t tasks = 0;
  void (*fn)(void* context, int64_t task) = nullptr;
  void* context = nullptr;
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> finished{0};

  bool has_tasks() const { return next.load(std::memory_order_relaxed) < tasks; }

  // Runs tasks until none is left to claim. `context` is only touched between a claim and its
  // finish, and the caller returns only after the last finish.
  void work() {
    for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      fn(context, task);
      finished.fetch_add(1, std::memory_order_release);
    }
  }

  bool is_done() const { return finished.load(std::memory_order_acquire) == tasks; }
};

// About 20 us: longer than the gaps between the steps of a program, too short to burn a core.
constexpr int kSpins = 1000;

int available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

// What the workers share; owned by them as well as by the pool.
struct ThreadPool::Workers {
  std::mutex mutex;
  std::condition_variable wake;
  std::shared_ptr<Job> job;  // the current one; guarded by mutex
  std::atomic<uint64_t> jobs_posted{0};
  int running = 0;              // threads started; guarded by mutex
  std::atomic<pid_t> owner{0};  // process that started them: a fork has none of them
  std::atomic<bool> is_busy{false};

  void start(const std::shared_ptr<Workers>& self, int count) {
    // With fewer threads the result is the same.
    while (running < count && start_guest_thread([self] { self->run(); })) ++running;
  }

  void run() {
    uint64_t seen = 0;
    while (true) await(seen)->work();
  }

  // The next job posted after number `seen`. Spins a little before it sleeps.
  std::shared_ptr<Job> await(uint64_t& seen) {
    for (int i = 0; i < kSpins && jobs_posted.load(std::memory_order_relaxed) == seen; ++i) relax();
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return jobs_posted.load(std::memory_order_relaxed) != seen; });
    seen = jobs_posted.load(std::memory_order_relaxed);
    return job;
  }
};

ThreadPool::ThreadPool(int threads) : threads_(threads), workers_(std::make_shared<Workers>()) {}

void ThreadPool::parallel_for(int64_t tasks, void (*fn)(void* context, int64_t task),
                              void* context) {
  const auto run_here = [&] {
    for (int64_t task = 0; task < tasks; ++task) fn(context, task);
  };
  if (tasks <= 1 || threads_ <= 1) return run_here();
  // A kernel that was compiled before a fork brings the pool of its parent along, without threads
  // and with locks as they happened to be.
  const pid_t owner = workers_->owner;
  if (owner != 0 && owner != getpid()) return run_here();
  // A loop inside a loop, or two callers at once: the pool has its hands full already.
  bool free = false;
  if (!workers_->is_busy.compare_exchange_strong(free, true)) return run_here();

  const auto job = std::make_shared<Job>();
  job->tasks = tasks;
  job->fn = fn;
  job->context = context;
  {
    const std::lock_guard lock(workers_->mutex);
    workers_->owner = getpid();
    workers_->start(workers_, static_cast<int>(std::min<int64_t>(threads_ - 1, tasks - 1)));
    workers_->job = job;
    workers_->jobs_posted.fetch_add(1, std::memory_order_relaxed);
  }
  workers_->wake.notify_all();
  job->work();
  for (int spins = 0; !job->is_done(); ++spins)
    spins < kSpins ? relax() : std::this_thread::yield();
  workers_->is_busy.store(false);
}

Executor ThreadPool::executor() {
  return {this,
          [](void* self, int64_t tasks, void (*fn)(void* context, int64_t task), void* context) {
            static_cast<ThreadPool*>(self)->parallel_for(tasks, fn, context);
          },
          threads_};
}

namespace {

// Never destroyed: kernels may run in destructors of static objects.
struct Pools {
  std::mutex mutex;
  std::map<int, std::pair<std::unique_ptr<ThreadPool>, Executor>> by_size;
};

Pools*& pools() {
  static auto* all = new Pools();
  return all;
}

// A forked process has the memory of pools but none of their threads, and their locks as they
// happened to be: it starts anew and leaves the old ones alone.
void forget_pools_after_fork() { pools() = new Pools(); }

}  // namespace

const Executor& default_executor(int threads) {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, forget_pools_after_fork);
  static const int processors = available_processors();
  const int size = threads > 0 ? std::min(threads, 1024) : processors;
  Pools& all = *pools();
  const std::lock_guard lock(all.mutex);
  auto& [pool, executor] = all.by_size[size];
  if (pool == nullptr) {
    pool = std::make_unique<ThreadPool>(size);
    executor = pool->executor();
  }
  return executor;
}

}  // namespace einc
