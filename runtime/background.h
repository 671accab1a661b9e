// Work that no call waits for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace einc {

// Runs jobs in the order in which they came, on one thread, which is there only while there are
// any. A fork waits for what is running, and the new process begins with all jobs that are not
// done. The end of the process waits too, and drops the others. Thread-safe.
class Background {
 public:
  struct Job;

  static Background& instance();

  // `work` may run again in a process that was forked before it was done. Null if too many jobs
  // wait already, or the process ends, or its end could not wait.
  std::shared_ptr<Job> post(std::function<void()> work);

  // Returns once the job is done. Runs it here if nobody has begun.
  void finish(const std::shared_ptr<Job>& job);

  // For a job that is long, between its parts: a fork need not wait for the rest. False if the
  // process ends, and the job should, too.
  bool take_a_break();

 private:
  friend struct MainThreadGuard;

  void run_all();
  void run(const std::shared_ptr<Job>& job, std::unique_lock<std::mutex>& lock);
  void end();

  static Background*& current();
  static void before_fork();
  static void after_fork_in_parent();
  static void after_fork_in_child();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::vector<std::shared_ptr<Job>> begun_;
  int busy_ = 0;   // of those that have begun, that are not at a break
  int forks_ = 0;  // that wait for a break
  bool has_thread_ = false;
  bool has_ended_ = false;
};

}  // namespace einc
