// Compiled once per instruction set by foreach_target.h. A row whose output is not contiguous is
// worked on in scratch, so that one loop serves every layout; exp dominates the cost either way.

#include "runtime/kernels/softmax.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "einc/dtype.h"
#include "runtime/abi.h"
#include "runtime/check.h"
#include "runtime/program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/softmax.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h, on which it depends.
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace einc {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The largest element, or a NaN if there is one, which comparisons would lose.
template <class T>
T largest_of(const T* HWY_RESTRICT row, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  auto largest = hn::Set(d, row[0]);
  auto has_nan = hn::IsNaN(largest);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::LoadU(d, row + i);
    largest = hn::Max(largest, value);
    has_nan = hn::Or(has_nan, hn::IsNaN(value));
  }
  if (!hn::AllFalse(d, has_nan)) return std::numeric_limits<T>::quiet_NaN();
  T result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < n; ++i) result = row[i] > result || std::isnan(row[i]) ? row[i] : result;
  return result;
}

// In place, contiguous. A row whose largest element is infinite or NaN becomes NaN, which is what
// the formula says of it; -inf among finite elements has weight 0.
template <class T>
void softmax_row(T* HWY_RESTRICT row, size_t n) {
  const T largest = largest_of(row, n);
  if (!(std::abs(largest) <= std::numeric_limits<T>::max())) {
    std::fill(row, row + n, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  const hn::ScalableTag<T> d;
  const hn::CappedTag<T, 1> one;
  const size_t lanes = hn::Lanes(d);
  const auto shift = hn::Set(d, largest);
  auto sum = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::Exp(d, hn::Sub(hn::LoadU(d, row + i), shift));
    hn::StoreU(value, d, row + i);
    sum = hn::Add(sum, value);
  }
  long double total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) {
    row[i] = hn::GetLane(hn::Exp(one, hn::Set(one, row[i] - largest)));
    total += row[i];
  }
  // Times the reciprocal in two parts: as accurate as a division by the unrounded total.
  const long double reciprocal = 1 / total;
  const T high = static_cast<T>(reciprocal);
  const T low = static_cast<T>(reciprocal - high);
  const auto times_low = hn::Set(d, low);
  const auto times_high = hn::Set(d, high);
  for (i = 0; i + lanes <= n; i += lanes) {
    const auto value = hn::LoadU(d, row + i);
    hn::StoreU(hn::MulAdd(value, times_high, hn::Mul(value, times_low)), d, row + i);
  }
  for (; i < n; ++i) row[i] = static_cast<T>(row[i] * reciprocal);
}

void softmax_row_f32(float* row, size_t n) { softmax_row(row, n); }
void softmax_row_f64(double* row, size_t n) { softmax_row(row, n); }

}  // namespace HWY_NAMESPACE
}  // namespace einc
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace einc {
namespace {

HWY_EXPORT(softmax_row_f32);
HWY_EXPORT(softmax_row_f64);

void softmax_row(float* row, size_t n) { HWY_DYNAMIC_DISPATCH(softmax_row_f32)(row, n); }
void softmax_row(double* row, size_t n) { HWY_DYNAMIC_DISPATCH(softmax_row_f64)(row, n); }

// Rows of one task: about 16 Ki elements.
int64_t rows_per_task(const SoftmaxDescription& description) {
  return std::max<int64_t>(16384 / std::max<int64_t>(description.axis.extent, 1), 1);
}

int64_t row_count(const SoftmaxDescription& description) {
  int64_t rows = 1;
  for (const SoftmaxDim& dim : description.outer) rows *= dim.extent;
  return rows;
}

template <class T>
void run_row(const SoftmaxDescription& description, const T* input, T* output, T* scratch) {
  const auto& [extent, input_stride, output_stride] = description.axis;
  T* const row = output_stride == 1 ? output : scratch;
  if (row != input || input_stride != 1)
    for (int64_t i = 0; i < extent; ++i) row[i] = input[i * input_stride];
  softmax_row(row, static_cast<size_t>(extent));
  if (row != output)
    for (int64_t i = 0; i < extent; ++i) output[i * output_stride] = row[i];
}

template <class T>
void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& description = *static_cast<const SoftmaxDescription*>(args->description);
  const int64_t chunk = rows_per_task(description);
  const int64_t end = std::min((task + 1) * chunk, row_count(description));
  for (int64_t row = task * chunk; row < end; ++row) {
    int64_t rest = row;
    int64_t input_offset = 0;
    int64_t output_offset = 0;
    for (size_t d = description.outer.size(); d-- > 0;) {
      const SoftmaxDim& dim = description.outer[d];
      const int64_t index = rest % dim.extent;
      rest /= dim.extent;
      input_offset += index * dim.input_stride;
      output_offset += index * dim.output_stride;
    }
    run_row(description, static_cast<const T*>(args->in[0]) + input_offset,
            static_cast<T*>(args->out) + output_offset, static_cast<T*>(args->task_scratch));
  }
}

}  // namespace

std::shared_ptr<const Code> softmax_code(const SoftmaxDescription& description) {
  EINC_CHECK(description.dtype == DType::kFloat32 || description.dtype == DType::kFloat64);
  auto code = std::make_shared<Code>();
  code->entry = description.dtype == DType::kFloat32 ? run_task<float> : run_task<double>;
  const int64_t chunk = rows_per_task(description);
  const bool has_elements = description.axis.extent > 0;
  code->phase_tasks = {has_elements ? (row_count(description) + chunk - 1) / chunk : 0};
  if (description.axis.output_stride != 1)
    code->task_scratch_bytes = description.axis.extent * info(description.dtype).bytes;
  return code;
}

}  // namespace einc
#endif  // HWY_ONCE
