#include "compiler/time_model.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "compiler/calibration.h"
#include "compiler/code_generator.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {
namespace {

constexpr auto kJit = CodeKind::kCompiled;
constexpr auto kHwy = CodeKind::kPrecompiled;

struct Row {
  std::string_view target;
  CodeKind code;
  DType compute;
  TimeModel model;
};

// By einc calibrate on a Zen 1 core, the code of x86-64-v2 there too, and of x86-64-v4 on a Zen 4
// core, with FP16 on a Granite Rapids core. The first row whose target begins a name is its own.
// Precompiled kernels choose their instructions by the machine, so their rows
// are those of the machine's own target.
constexpr Row kRows[] = {
    {"x86-64-v2", kJit, DType::kFloat32, {8.97e-11, 1.39e-11, 3.93e-11, 1.37e-07}},
    {"x86-64-v2", kJit, DType::kFloat64, {1.62e-10, 1.83e-11, 8.11e-11, 1.37e-07}},
    {"x86-64-v2", kJit, DType::kComplex64, {3.58e-10, 1.11e-10, 7.96e-11, 1.41e-07}},
    {"x86-64-v2", kJit, DType::kComplex128, {6.48e-10, 2.31e-10, 1.67e-10, 1.34e-07}},
    {"x86-64-v2", kJit, DType::kInt32, {1.77e-10, 1.15e-12, 1e-12, 1.35e-07}},
    {"x86-64-v2", kJit, DType::kInt64, {6.13e-10, 2.55e-12, 1e-12, 1.39e-07}},
    {"x86-64-v2", kHwy, DType::kFloat32, {4.64e-11, 4.45e-10, 5.41e-10, 4.28e-07}},
    {"x86-64-v2", kHwy, DType::kFloat64, {9.59e-11, 7.25e-10, 9.73e-10, 4.19e-07}},
    {"x86-64-v2", kHwy, DType::kComplex64, {2e-10, 1.57e-09, 1.73e-09, 4.39e-07}},
    {"x86-64-v2", kHwy, DType::kComplex128, {4.41e-10, 1.74e-09, 2.32e-09, 4.17e-07}},
    {"x86-64-v2", kHwy, DType::kInt32, {1.83e-10, 4.55e-10, 4.53e-10, 4.79e-07}},
    {"x86-64-v2", kHwy, DType::kInt64, {6.59e-10, 6.18e-10, 8.69e-10, 4.35e-07}},
    {"x86-64-v3", kJit, DType::kFloat32, {4.62e-11, 3.49e-11, 7.09e-11, 1.37e-07}},
    {"x86-64-v3", kJit, DType::kFloat64, {9.44e-11, 5.24e-11, 1.41e-10, 1.36e-07}},
    {"x86-64-v3", kJit, DType::kComplex64, {1.98e-10, 2.53e-10, 3.69e-10, 1.34e-07}},
    {"x86-64-v3", kJit, DType::kComplex128, {4.04e-10, 6.57e-10, 8.7e-10, 1.26e-07}},
    {"x86-64-v3", kJit, DType::kInt32, {1.82e-10, 1e-12, 1e-12, 1.34e-07}},
    {"x86-64-v3", kJit, DType::kInt64, {6.1e-10, 3.84e-12, 1e-12, 1.38e-07}},
    {"x86-64-v3", kHwy, DType::kFloat32, {4.64e-11, 4.45e-10, 5.41e-10, 4.28e-07}},
    {"x86-64-v3", kHwy, DType::kFloat64, {9.59e-11, 7.25e-10, 9.73e-10, 4.19e-07}},
    {"x86-64-v3", kHwy, DType::kComplex64, {2e-10, 1.57e-09, 1.73e-09, 4.39e-07}},
    {"x86-64-v3", kHwy, DType::kComplex128, {4.41e-10, 1.74e-09, 2.32e-09, 4.17e-07}},
    {"x86-64-v3", kHwy, DType::kInt32, {1.83e-10, 4.55e-10, 4.53e-10, 4.79e-07}},
    {"x86-64-v3", kHwy, DType::kInt64, {6.59e-10, 6.18e-10, 8.69e-10, 4.35e-07}},
    {"x86-64-v4-fp16", kJit, DType::kFloat32, {1.04e-11, 1.27e-10, 1.44e-10, 5.43e-08}},
    {"x86-64-v4-fp16", kJit, DType::kFloat64, {1.99e-11, 2.61e-10, 2.81e-10, 4.68e-08}},
    {"x86-64-v4-fp16", kJit, DType::kComplex64, {4.28e-11, 2.62e-10, 2.7e-10, 5.26e-08}},
    {"x86-64-v4-fp16", kJit, DType::kComplex128, {8.94e-11, 5.07e-10, 5.25e-10, 5.3e-08}},
    {"x86-64-v4-fp16", kJit, DType::kInt32, {2.65e-11, 1.17e-10, 1.32e-10, 5.01e-08}},
    {"x86-64-v4-fp16", kJit, DType::kInt64, {7.25e-11, 2.27e-10, 2.34e-10, 5.06e-08}},
    {"x86-64-v4-fp16-amx", kJit, DType::kBFloat16, {2.25e-12, 8.36e-11, 8.38e-11, 5.52e-08}},
    {"x86-64-v4-fp16-amx", kJit, DType::kInt8, {1.24e-12, 5.7e-11, 6.93e-11, 5.42e-08}},
    {"x86-64-v4-fp16", kJit, DType::kBFloat16, {1.42e-11, 6.74e-11, 6.87e-11, 5.74e-08}},
    {"x86-64-v4-fp16", kJit, DType::kInt16, {5.65e-12, 7.33e-11, 7.64e-11, 5.41e-08}},
    {"x86-64-v4-fp16", kJit, DType::kInt8, {4.68e-12, 5.17e-11, 6.21e-11, 5.48e-08}},
    {"x86-64-v4-fp16", kHwy, DType::kFloat32, {8.09e-12, 5.06e-10, 6.26e-10, 2.58e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kFloat64, {1.88e-11, 7.01e-10, 7.4e-10, 2.42e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kComplex64, {4.37e-11, 1.43e-09, 1.22e-09, 2.7e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kComplex128, {9.28e-11, 1.69e-09, 1.55e-09, 2.34e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kInt32, {3e-11, 5.5e-10, 6.16e-10, 3.04e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kInt64, {7.63e-11, 9.4e-10, 6.96e-10, 2.93e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kBFloat16, {2.54e-11, 5.17e-10, 8.34e-10, 3.6e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kInt16, {1.65e-11, 5.34e-10, 6.51e-10, 3.43e-07}},
    {"x86-64-v4-fp16", kHwy, DType::kInt8, {1.46e-11, 6.07e-10, 7.63e-10, 3.27e-07}},
    {"x86-64-v4", kJit, DType::kFloat32, {1.76e-11, 2.77e-11, 2.41e-11, 1.88e-08}},
    {"x86-64-v4", kJit, DType::kFloat64, {3.67e-11, 5.08e-11, 4.86e-11, 1.76e-08}},
    {"x86-64-v4", kJit, DType::kComplex64, {7.32e-11, 6.97e-11, 4.59e-11, 1.76e-08}},
    {"x86-64-v4", kJit, DType::kComplex128, {1.46e-10, 1.21e-10, 9.36e-11, 1.4e-08}},
    {"x86-64-v4", kJit, DType::kInt32, {2.33e-11, 2.3e-11, 1.86e-11, 1.89e-08}},
    {"x86-64-v4", kJit, DType::kInt64, {4.45e-11, 4.71e-11, 3.78e-11, 1.74e-08}},
    {"x86-64-v4", kHwy, DType::kFloat32, {1.8e-11, 2.89e-10, 1.45e-10, 2.01e-07}},
    {"x86-64-v4", kHwy, DType::kFloat64, {4.32e-11, 3.1e-10, 2.74e-10, 1.98e-07}},
    {"x86-64-v4", kHwy, DType::kComplex64, {7.14e-11, 9.42e-10, 4.61e-10, 1.94e-07}},
    {"x86-64-v4", kHwy, DType::kComplex128, {1.59e-10, 1.23e-09, 9.79e-10, 2.03e-07}},
    {"x86-64-v4", kHwy, DType::kInt32, {2.03e-11, 3.84e-10, 1.42e-10, 1.97e-07}},
    {"x86-64-v4", kHwy, DType::kInt64, {4.61e-11, 4.23e-10, 2.81e-10, 1.93e-07}},
};

template <typename Rows>
const TimeModel* find_model(const Rows& rows, std::string_view target, CodeKind code,
                            DType compute) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const auto& candidate) {
    return target.starts_with(candidate.target) && candidate.code == code &&
           candidate.compute == compute;
  });
  return row == std::end(rows) ? nullptr : &row->model;
}

// Nearly all steps that calibrations time lie in the caches.
TimeModel with_memory(TimeModel model, DType dtype) {
  constexpr double kMemoryBytesPerSecond = 30e9;
  constexpr double kCachedBytes = 16 << 20;
  const double bytes = info(dtype).bytes;
  model.memory = bytes / kMemoryBytesPerSecond;
  model.cached = kCachedBytes / bytes;
  return model;
}

}  // namespace

DType measured_dtype(DType factors) {
  const DTypeInfo& row = info(factors);
  if (row.dtype == DType::kBFloat16) return row.dtype;
  if (is_integer(factors) && row.bytes <= 2) return row.bytes == 1 ? DType::kInt8 : DType::kInt16;
  const DTypeInfo& compute = info(row.compute);
  if (compute.kind == Kind::kReal || compute.kind == Kind::kComplex) return compute.dtype;
  return compute.bytes == 8 ? DType::kInt64 : DType::kInt32;
}

Result<TimeModel> time_model(const Target& target, CodeKind code, DType factors) {
  const auto& calibration = user_calibration();
  if (!calibration) return calibration.error();
  const DType dtype = measured_dtype(factors);
  if (const auto* const own = find_model(*calibration, target.name, code, dtype))
    return with_memory(*own, dtype);
  if (const auto* const known = find_model(kRows, target.name, code, dtype))
    return with_memory(*known, dtype);
  return time_model(target, code, info(factors).compute);
}

Result<TimeModel> choose_time_model(const Options& options, DType factors) {
  const auto target = choose_foreign_target(options.target);
  if (!target) return target.error();
  const bool is_compiled = options.tier != to_string(CodeKind::kPrecompiled) && can_compile();
  return time_model(**target, is_compiled ? CodeKind::kCompiled : CodeKind::kPrecompiled, factors);
}

}  // namespace einc
