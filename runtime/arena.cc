#include "runtime/arena.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "einc/error.h"
#include "runtime/memory.h"

namespace einc {
namespace {

constexpr int64_t kMostCachedBytes = 64 << 20;
constexpr int64_t kLargestCachedBlock = 32 << 20;

class FreeList {
 public:
  // A cached block of exactly that size, null if there is none.
  void* take(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(),
                                    [&](const auto& block) { return block.second == bytes; });
    if (found == blocks_.rend()) return nullptr;
    void* const data = found->first;
    blocks_.erase(std::next(found).base());
    cached_bytes_ -= bytes;
    return data;
  }

  void give_back(void* data, int64_t bytes) {
    if (bytes <= kLargestCachedBlock) {
      const std::lock_guard lock(mutex_);
      if (cached_bytes_ + bytes <= kMostCachedBytes) {
        blocks_.emplace_back(data, bytes);
        cached_bytes_ += bytes;
        return;
      }
    }
    std::free(data);
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<void*, int64_t>> blocks_;
  int64_t cached_bytes_ = 0;
};

// Never destroyed: kernels may run in destructors of static objects.
FreeList& free_list() {
  static auto* const list = new FreeList();
  return *list;
}

// Few distinct sizes make blocks fit each other's requests: powers of two, and whole pages above.
int64_t rounded(int64_t bytes) {
  constexpr int64_t kPage = 4096;
  if (bytes <= kLargestCachedBlock)
    return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max<int64_t>(bytes, 64))));
  return (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

ScratchBlock::~ScratchBlock() {
  if (data_ != nullptr) free_list().give_back(data_, bytes_);
}

Result<ScratchBlock> take_scratch(int64_t bytes) {
  if (bytes == 0) return ScratchBlock();
  const int64_t size = rounded(bytes);
  void* data = free_list().take(size);
  if (data == nullptr) data = allocate(size);
  if (data == nullptr)
    return Error{ErrorCode::kMemory, "no " + std::to_string(bytes) + " bytes of scratch",
                 std::nullopt, "memory"};
  return ScratchBlock(data, size);
}

Result<TaskScratch> TaskScratch::create(int64_t bytes, int64_t count) {
  TaskScratch scratch;
  if (bytes == 0) return scratch;
  for (int64_t i = 0; i < count; ++i) {
    auto block = take_scratch(bytes);
    if (!block) return block.error();
    scratch.free_.push_back(block->data());
    scratch.blocks_.push_back(*std::move(block));
  }
  return scratch;
}

TaskScratch::Lease::Lease(TaskScratch& owner) : owner_(owner) {
  if (owner_.blocks_.empty()) return;
  std::unique_lock lock(owner_.mutex_);
  owner_.given_back_.wait(lock, [this] { return !owner_.free_.empty(); });
  data_ = owner_.free_.back();
  owner_.free_.pop_back();
}

TaskScratch::Lease::~Lease() {
  if (data_ == nullptr) return;
  {
    const std::lock_guard lock(owner_.mutex_);
    owner_.free_.push_back(data_);
  }
  owner_.given_back_.notify_one();
}

}  // namespace einc
