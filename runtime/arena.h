// Scratch memory for runs. Blocks go back to a process-wide free list, since a run cannot afford
// the page faults of fresh memory: one of microseconds waits for each, and a long one, over
// gigabytes, for up to a quarter of its time. Of large blocks one is kept, whose pages the system
// may have back when it is short of memory.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "einc/error.h"

namespace einc {

// A block of scratch, aligned to 64 bytes, returned when it goes out of scope.
class ScratchBlock {
 public:
  ScratchBlock() = default;
  ScratchBlock(void* data, int64_t bytes) : data_(data), bytes_(bytes) {}
  ScratchBlock(ScratchBlock&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
  ScratchBlock& operator=(ScratchBlock&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ScratchBlock();

  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// At least `bytes` bytes of unspecified content; null for 0. Fails with kMemory.
Result<ScratchBlock> take_scratch(int64_t bytes);

// Equal blocks for the tasks of a run, all taken before the first task starts.
class TaskScratch {
 public:
  static Result<TaskScratch> create(int64_t bytes, int64_t count);

  TaskScratch(TaskScratch&& other) noexcept
      : blocks_(std::move(other.blocks_)), free_(std::move(other.free_)) {}

  // A block for one task while the lease lives. Waits for one if `count` are leased, which happens
  // only to an executor that runs more tasks at once than it said.
  class Lease {
   public:
    explicit Lease(TaskScratch& owner);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    void* data() const { return data_; }

   private:
    TaskScratch& owner_;
    void* data_ = nullptr;
  };

 private:
  TaskScratch() = default;

  std::vector<ScratchBlock> blocks_;  // empty if tasks need none
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<void*> free_;
};

}  // namespace einc
