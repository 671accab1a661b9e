#include "runtime/exponent.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "einc/dtype.h"
#include "einc/executor.h"
#include "einc/tensor.h"
#include "runtime/kernels/magnitude.h"

namespace einc {
namespace {

int clamp_exponent(int64_t exponent) {
  constexpr int64_t kBeyondAnyRange = 10000;
  return static_cast<int>(std::clamp(exponent, -kBeyondAnyRange, kBeyondAnyRange));
}

template <typename Real>
void scale(Real* numbers, int64_t count, int64_t exponent) {
  const int power = clamp_exponent(exponent);
  // A factor that is a number of its own is exact, and quick; others are left to ldexp.
  const Real factor = std::ldexp(Real{1}, power);
  if (std::isnormal(factor)) {
    multiply_all(numbers, count, factor);
  } else {
    for (int64_t i = 0; i < count; ++i) numbers[i] = std::ldexp(numbers[i], power);
  }
}

// Tasks of a tensor: the same whoever runs them.
constexpr int64_t kTaskNumbers = 1 << 16;
constexpr int64_t kMostTasks = 256;

template <typename Real>
struct Chunks {
  Real* numbers;
  int64_t count;
  int64_t chunk;
  int64_t exponent = 0;
  std::array<Real, kMostTasks> largest{};

  int64_t tasks() const { return (count + chunk - 1) / chunk; }
  int64_t size(int64_t task) const { return std::min(chunk, count - task * chunk); }

  static void find_largest(void* context, int64_t task) {
    auto& self = *static_cast<Chunks*>(context);
    self.largest[static_cast<size_t>(task)] =
        largest_magnitude(self.numbers + task * self.chunk, self.size(task));
  }
  static void scale_down(void* context, int64_t task) {
    const auto& self = *static_cast<const Chunks*>(context);
    scale(self.numbers + task * self.chunk, self.size(task), -self.exponent);
  }
  void run(const Executor& executor, void (*fn)(void*, int64_t)) {
    if (tasks() == 1) return fn(this, 0);
    executor.parallel_for(executor.self, tasks(), fn, this);
  }
};

template <typename Real>
int64_t strip(Real* numbers, int64_t count, const Executor& executor) {
  if (count == 0) return 0;
  Chunks<Real> chunks{numbers, count,
                      std::max(kTaskNumbers, (count + kMostTasks - 1) / kMostTasks)};
  chunks.run(executor, Chunks<Real>::find_largest);
  const Real largest = *std::max_element(chunks.largest.begin(), chunks.largest.end());
  if (largest == 0) return kExponentOfZero;
  if (!std::isfinite(largest)) return 0;
  chunks.exponent = std::ilogb(largest) + 1;
  if (std::abs(chunks.exponent) < far_from_one(sizeof(Real))) return 0;
  chunks.run(executor, Chunks<Real>::scale_down);
  return chunks.exponent;
}

template <typename Real>
void scale_tensor(const TensorView& tensor, int64_t parts, int64_t exponent) {
  const TensorType& type = tensor.type;
  const int64_t elements = element_count(type.extents);
  std::vector<int64_t> position(type.extents.size());
  for (int64_t i = 0; i < elements; ++i) {
    int64_t offset = 0;
    for (size_t d = 0; d < position.size(); ++d) offset += position[d] * type.strides[d];
    scale(static_cast<Real*>(tensor.data) + offset * parts, parts, exponent);
    for (size_t d = position.size(); d-- > 0;) {
      if (++position[d] < type.extents[d]) break;
      position[d] = 0;
    }
  }
}

}  // namespace

bool has_exponents(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kComplex64 ||
         dtype == DType::kComplex128;
}

int64_t strip_exponent(void* data, int64_t count, DType dtype, const Executor& executor) {
  const bool is_complex = info(dtype).kind == Kind::kComplex;
  const int64_t numbers = is_complex ? 2 * count : count;
  return info(dtype).bytes / (is_complex ? 2 : 1) == 4
             ? strip(static_cast<float*>(data), numbers, executor)
             : strip(static_cast<double*>(data), numbers, executor);
}

void scale_by_power_of_two(const TensorView& tensor, int64_t exponent) {
  if (exponent == 0) return;
  const DType dtype = tensor.type.dtype;
  const int64_t parts = info(dtype).kind == Kind::kComplex ? 2 : 1;
  if (info(dtype).bytes / parts == 4) {
    scale_tensor<float>(tensor, parts, exponent);
  } else {
    scale_tensor<double>(tensor, parts, exponent);
  }
}

}  // namespace einc
