#include "runtime/kernels/normalize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "einc/dtype.h"
#include "runtime/abi.h"
#include "runtime/check.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

namespace einc {
namespace {

constexpr int64_t kTaskElements = 32768;
constexpr int64_t kRun = 1024;  // elements converted at a time

int64_t rows_per_task(const NormalizeDescription& description) {
  return std::max<int64_t>(kTaskElements / std::max<int64_t>(description.axis.extent, 1), 1);
}

// Both passes read the row anew: it is in the cache by then, or too long to keep.
template <class T>
void normalize_row(const NormalizeDescription& description, const char* input, T* output) {
  const LoadRun load = find_load(description.input, description.output);
  const RunArithmetic& arithmetic = run_arithmetic(description.output);
  const StepDim& axis = description.axis;
  const int64_t input_bytes = axis.strides[0] * info(description.input).bytes;
  T run[kRun];
  T sum = 0;
  const auto for_each_run = [&](auto use) {
    for (int64_t i = 0; i < axis.extent; i += kRun) {
      const int64_t n = std::min(kRun, axis.extent - i);
      load(input + i * input_bytes, axis.strides[0], n, false, run);
      use(i, n);
    }
  };
  for_each_run([&](int64_t, int64_t n) { arithmetic.add_dot(run, run, n, &sum); });
  // A sum of NaN stays one.
  const T norm = std::sqrt(
      sum < static_cast<T>(description.epsilon) ? static_cast<T>(description.epsilon) : sum);
  for_each_run([&](int64_t begin, int64_t n) {
    for (int64_t i = 0; i < n; ++i) output[(begin + i) * axis.strides[1]] = run[i] / norm;
  });
}

template <class T>
void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& description = *static_cast<const NormalizeDescription*>(args->description);
  const int64_t rows = extent_of(description.outer);
  const int64_t chunk = rows_per_task(description);
  const auto* const input = static_cast<const char*>(args->in[0]);
  for (int64_t row = task * chunk; row < std::min(rows, (task + 1) * chunk); ++row)
    normalize_row(description,
                  input + offset_of(description.outer, 0, row) * info(description.input).bytes,
                  static_cast<T*>(args->out) + offset_of(description.outer, 1, row));
}

}  // namespace

std::shared_ptr<const Code> normalize_code(const NormalizeDescription& description) {
  EINC_CHECK(info(description.input).kind == Kind::kReal);
  EINC_CHECK(description.output == info(description.input).compute);
  auto code = std::make_shared<Code>();
  code->entry = description.output == DType::kFloat32 ? run_task<float> : run_task<double>;
  const int64_t chunk = rows_per_task(description);
  code->phase_tasks = {ceil_div(extent_of(description.outer), chunk)};
  return code;
}

}  // namespace einc
