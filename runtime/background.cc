#include "runtime/background.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/guest_thread.h"

namespace einc {

struct Background::Job {
  std::function<void()> work;
  bool is_done = false;
};

namespace {

constexpr size_t kMostWaiting = 1024;

thread_local bool runs_a_job = false;
thread_local bool has_guard = false;

bool is_main_thread() { return gettid() == getpid(); }

// The process whose main thread ends the work when it ends.
std::atomic<int> guarded_process = 0;

// Out of memory, what the job was to better stays as it is.
void run_quietly(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace

// A job may use objects that libraries make on the way and destroy at the end of the process, and
// these go before all that an exit handler of ours could do. Objects of the thread that ends the
// process go first of all.
struct MainThreadGuard {
  MainThreadGuard() {
    has_guard = true;
    note();
  }
  ~MainThreadGuard() {
    if (is_main_thread()) Background::current()->end();
  }
  static void note() {
    if (is_main_thread()) guarded_process = getpid();
  }
};

namespace {

void guard_this_thread() { thread_local const MainThreadGuard guard; }

// Mostly it is the main thread that loads the library.
[[maybe_unused]] const bool kGuarded = (guard_this_thread(), true);

}  // namespace

// Never destroyed: kernels may run in destructors of static objects.
Background*& Background::current() {
  static auto* background = new Background();
  return background;
}

Background& Background::instance() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  return *current();
}

std::shared_ptr<Background::Job> Background::post(std::function<void()> work) {
  guard_this_thread();
  if (guarded_process != getpid()) return nullptr;
  const std::lock_guard lock(mutex_);
  if (has_ended_ || waiting_.size() >= kMostWaiting) return nullptr;
  waiting_.push_back(std::make_shared<Job>(Job{std::move(work)}));
  if (!has_thread_) has_thread_ = start_guest_thread([this] { run_all(); });
  return waiting_.back();
}

void Background::finish(const std::shared_ptr<Job>& job) {
  std::unique_lock lock(mutex_);
  if (std::erase(waiting_, job) > 0) return run(job, lock);
  changed_.wait(lock, [&] { return job->is_done || has_ended_; });
}

void Background::run_all() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty()) {
    const std::shared_ptr<Job> job = waiting_.front();
    waiting_.pop_front();
    run(job, lock);
  }
  has_thread_ = false;
}

void Background::run(const std::shared_ptr<Job>& job, std::unique_lock<std::mutex>& lock) {
  begun_.push_back(job);
  ++busy_;
  lock.unlock();
  const bool ran_another = std::exchange(runs_a_job, true);
  run_quietly(job->work);
  runs_a_job = ran_another;
  lock.lock();
  job->is_done = true;
  job->work = nullptr;
  std::erase(begun_, job);
  --busy_;
  changed_.notify_all();
}

bool Background::take_a_break() {
  std::unique_lock lock(mutex_);
  if (forks_ > 0) {
    --busy_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return forks_ == 0; });
    ++busy_;
  }
  return !has_ended_;
}

void Background::end() {
  std::unique_lock lock(mutex_);
  has_ended_ = true;
  waiting_.clear();
  changed_.notify_all();
  if (!runs_a_job) changed_.wait(lock, [this] { return busy_ == 0; });
}

void Background::before_fork() {
  Background& background = *current();
  std::unique_lock lock(background.mutex_);
  ++background.forks_;
  if (!runs_a_job) background.changed_.wait(lock, [&] { return background.busy_ == 0; });
  lock.release();
}

void Background::after_fork_in_parent() {
  Background& background = *current();
  --background.forks_;
  background.changed_.notify_all();
  background.mutex_.unlock();
}

// Without other threads, and with locks as they happened to be: starts anew with the same jobs. The
// thread that forked is the main thread now, and brought its guard along, if it had one.
void Background::after_fork_in_child() {
  guarded_process = 0;
  if (has_guard) MainThreadGuard::note();
  auto* const anew = new Background();
  anew->waiting_.assign(current()->begun_.begin(), current()->begun_.end());
  for (const std::shared_ptr<Job>& job : current()->waiting_) anew->waiting_.push_back(job);
  current() = anew;
}

}  // namespace einc
