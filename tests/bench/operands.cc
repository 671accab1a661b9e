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
void fill(const Tensor& tensor, Random& random) {
  for (T& element : tensor.elements<T>()) element = draw<T>(random, info(tensor.dtype()).kind);
}

}  // namespace

void fill(const Tensor& tensor, Random& random) {
  switch (tensor.dtype()) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return fill<storage>(tensor, random);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
}

}  // namespace einc::bench
