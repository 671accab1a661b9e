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

struct Block {
  void* data = nullptr;
  int64_t bytes = 0;
};

class FreeList {
 public:
  // A cached block of exactly that size, or, of large ones, of at least that; empty if there is
  // none.
  Block take(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes > kLargestCachedBlock) return take_large(bytes);
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(),
                                    [&](const Block& block) { return block.bytes == bytes; });
    if (found == blocks_.rend()) return {};
    const Block block = *found;
    blocks_.erase(std::next(found).base());
    cached_bytes_ -= bytes;
    return block;
  }

  void give_back(Block block) {
    if (block.bytes > kLargestCachedBlock) return give_back_large(block);
    {
      const std::lock_guard lock(mutex_);
      if (cached_bytes_ + block.bytes <= kMostCachedBytes) {
        blocks_.push_back(block);
        cached_bytes_ += block.bytes;
        return;
      }
    }
    std::free(block.data);
  }

 private:
  // One that is too small only stands in the way of the one to be allocated.
  Block take_large(int64_t bytes) {
    const Block block = std::exchange(large_, {});
    if (block.bytes >= bytes) return block;
    std::free(block.data);
    return {};
  }

  void give_back_large(Block block) {
    if (let_reclaim(block.data, block.bytes)) {
      const std::lock_guard lock(mutex_);
      if (block.bytes > large_.bytes) std::swap(block, large_);
    }
    std::free(block.data);
  }

  std::mutex mutex_;
  std::vector<Block> blocks_;
  int64_t cached_bytes_ = 0;
  Block large_;  // the system may reclaim its pages
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
  if (data_ != nullptr) free_list().give_back({data_, bytes_});
}

Result<ScratchBlock> take_scratch(int64_t bytes) {
  if (bytes == 0) return ScratchBlock();
  const int64_t size = rounded(bytes);
  Block block = free_list().take(size);
  if (block.data == nullptr) block = {allocate(size), size};
  if (block.data == nullptr)
    return Error{ErrorCode::kMemory, "no " + std::to_string(bytes) + " bytes of scratch",
                 std::nullopt, "memory"};
  return ScratchBlock(block.data, block.bytes);
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
