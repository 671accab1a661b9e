// Tensors between pages without access: code that reads or writes one byte too far faults.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "einc/tensor.h"

namespace einc::test {

class FencedTensor {
 public:
  enum class Fence { kAtEnd, kAtBegin };

  // Filled with 0xA5; the first or the last byte that `type` spans touches the fence.
  FencedTensor(const TensorType& type, Fence fence) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const OffsetRange range = offset_range(type);
    const int64_t element = info(type.dtype).bytes;
    const auto bytes = static_cast<size_t>((range.end - range.begin) * element);
    const size_t inner = (bytes + page - 1) / page * page;
    mapped_bytes_ = inner + 2 * page;
    void* const pages = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    pages_ = static_cast<char*>(pages);
    if (inner > 0) {
      if (mprotect(pages_ + page, inner, PROT_READ | PROT_WRITE) != 0) std::abort();
      std::memset(pages_ + page, 0xA5, inner);
    }
    char* const first = pages_ + page + (fence == Fence::kAtEnd ? inner - bytes : 0);
    view_ = {first - range.begin * element, type};
  }
  ~FencedTensor() { munmap(pages_, mapped_bytes_); }
  FencedTensor(const FencedTensor&) = delete;
  FencedTensor& operator=(const FencedTensor&) = delete;

  const TensorView& view() const { return view_; }

 private:
  char* pages_ = nullptr;
  size_t mapped_bytes_ = 0;
  TensorView view_;
};

}  // namespace einc::test
