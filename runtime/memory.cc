#include "runtime/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace einc {
namespace {

constexpr int64_t kHugePage = 2 << 20;
constexpr int64_t kAlignment = 64;

}  // namespace

void* allocate(int64_t bytes) {
  const int64_t alignment = bytes >= 2 * kHugePage ? kHugePage : kAlignment;
  const int64_t rounded = (std::max<int64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void* const data =
      std::aligned_alloc(static_cast<size_t>(alignment), static_cast<size_t>(rounded));
#ifdef MADV_HUGEPAGE
  if (data != nullptr && alignment == kHugePage)
    madvise(data, static_cast<size_t>(rounded), MADV_HUGEPAGE);
#endif
  return data;
}

bool let_reclaim([[maybe_unused]] void* data, [[maybe_unused]] int64_t bytes) {
#ifdef MADV_FREE
  return madvise(data, static_cast<size_t>(bytes), MADV_FREE) == 0;
#else
  return false;
#endif
}

}  // namespace einc
