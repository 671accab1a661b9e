#include "runtime/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace einc {
namespace {

void parallel_for(const Executor& executor, int64_t tasks, const std::function<void(int64_t)>& fn) {
  executor.parallel_for(
      executor.self, tasks,
      [](void* context, int64_t task) {
        (*static_cast<const std::function<void(int64_t)>*>(context))(task);
      },
      const_cast<std::function<void(int64_t)>*>(&fn));
}

TEST(ThreadPool, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    const Executor& executor = default_executor(threads);
    EXPECT_EQ(executor.concurrency, threads);
    for (const int64_t tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
      parallel_for(executor, tasks, [&](int64_t task) { ++runs[static_cast<size_t>(task)]; });
      for (const auto& count : runs) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, SurvivesManySmallLoops) {
  std::atomic<int64_t> sum{0};
  for (int round = 0; round < 20000; ++round)
    parallel_for(default_executor(2), 3, [&](int64_t task) { sum += task; });
  EXPECT_EQ(sum, 60000);
}

TEST(ThreadPool, UsesOtherThreads) {
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> elsewhere{false};
  for (int round = 0; round < 1000 && !elsewhere; ++round)
    parallel_for(default_executor(2), 8, [&](int64_t) {
      if (std::this_thread::get_id() != caller) elsewhere = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  EXPECT_TRUE(elsewhere);
}

TEST(ThreadPool, LoopsInsideLoopsAndManyCallers) {
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round)
        parallel_for(default_executor(3), 4, [&](int64_t) {
          parallel_for(default_executor(3), 5, [&](int64_t) { ++runs; });
        });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 4 * 200 * 4 * 5);
}

#if !defined(__SANITIZE_THREAD__)
TEST(ThreadPool, WorksInAForkedProcess) {
  std::atomic<int> runs{0};
  parallel_for(default_executor(2), 100, [&](int64_t) { ++runs; });
  const pid_t child = fork();
  if (child == 0) {
    runs = 0;
    for (int round = 0; round < 100; ++round)
      parallel_for(default_executor(2), 100, [&](int64_t) { ++runs; });
    _exit(runs == 10000 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

TEST(ThreadPool, AnIdlePoolSleeps) {
  parallel_for(default_executor(2), 100, [](int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  timespec before{}, after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double used = static_cast<double>(after.tv_sec - before.tv_sec) +
                      1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used, 0.02);
}

}  // namespace
}  // namespace einc
