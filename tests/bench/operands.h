// Made-up operands, the same in every run.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "einc/einc.h"

namespace einc::bench {

// xorshift64*; a draw has 32 good bits.
struct Random {
  uint64_t state = 0x9e3779b97f4a7c15;

  uint32_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>((state * 0x2545f4914f6cdd1d) >> 32);
  }
  // Between -1 and 1: sums neither grow with their length nor cancel out.
  float real() { return static_cast<float>(static_cast<int32_t>(next())) * 0x1p-31F; }
};

// A row-major tensor, zero-filled, that begins `offset` bytes after a multiple of 64. Tensors of
// einc begin at one, what malloc gives mostly 16 bytes after it. Copies share the elements.
class Array {
 public:
  Array() = default;

  // Fails as Tensor::zeros() does.
  static Result<Array> zeros(const TensorType& type, int64_t offset);

  const TensorType& type() const { return view_.type; }
  DType dtype() const { return type().dtype; }
  const std::vector<int64_t>& extents() const { return type().extents; }
  int64_t size() const { return element_count(extents()); }
  int64_t bytes() const { return size() * info(dtype()).bytes; }
  void* data() const { return view_.data; }
  template <class T>
  std::span<T> elements() const {
    return {static_cast<T*>(data()), static_cast<size_t>(size())};
  }
  operator TensorView() const { return view_; }

 private:
  Tensor room_;
  TensorView view_;
};

// Of numbers of ordinary size: zeros and subnormal ones may take another time.
void fill(const Array& array, Random& random);

}  // namespace einc::bench
