#include "operands.h"

#include <complex>
#include <type_traits>

namespace einc::bench {
namespace {

template <class T>
T draw(Random& random, Kind kind) {
  if constexpr (std::is_integral_v<T>) {
    if (kind == Kind::kBoolean) return static_cast<T>(random.next() & 1);
    const auto small = static_cast<int>(random.next() & 7);
    return static_cast<T>(kind == Kind::kSigned ? small - 3 : small);
  } else if constexpr (std::is_same_v<T, std::complex<float>> ||
                       std::is_same_v<T, std::complex<double>>) {
    const float re = random.real();
    return T(re, random.real());
  } else {
    return T(random.real());
  }
}

template <class T>
void fill(const Array& array, Random& random) {
  for (T& element : array.elements<T>()) element = draw<T>(random, info(array.dtype()).kind);
}

}  // namespace

Result<Array> Array::zeros(const TensorType& type, int64_t offset) {
  Array array;
  array.view_ = {nullptr, type};
  const auto room = Tensor::zeros(DType::kUInt8, {array.bytes() + offset});
  if (!room) return room.error();
  array.room_ = *room;
  array.view_.data = static_cast<char*>(room->data()) + offset;
  return array;
}

void fill(const Array& array, Random& random) {
  switch (array.dtype()) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return fill<storage>(array, random);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
}

}  // namespace einc::bench
