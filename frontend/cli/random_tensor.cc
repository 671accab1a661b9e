#include "frontend/cli/random_tensor.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/tensor.h"

namespace einc::cli {
namespace {

template <typename Part>
void fill_parts(void* data, int64_t parts, std::mt19937& generator) {
  auto* const begin = static_cast<Part*>(data);
  std::generate(begin, begin + parts,
                [&] { return static_cast<Part>(static_cast<double>(generator()) * 0x1p-31 - 1); });
}

}  // namespace

Result<Tensor> random_tensor(const TensorType& type, std::mt19937& generator) {
  auto tensor = Tensor::zeros(type.dtype, type.extents);
  if (!tensor) return tensor;
  const int64_t elements = element_count(type.extents);
  const bool is_complex = info(type.dtype).kind == Kind::kComplex;
  const int64_t parts = is_complex ? 2 * elements : elements;
  if (type.dtype == DType::kFloat32 || type.dtype == DType::kComplex64) {
    fill_parts<float>(tensor->data(), parts, generator);
  } else if (type.dtype == DType::kFloat64 || type.dtype == DType::kComplex128) {
    fill_parts<double>(tensor->data(), parts, generator);
  } else {
    return Error{ErrorCode::kDType,
                 "made-up operands are float32, float64, complex64 or complex128", std::nullopt,
                 "dtype"};
  }
  return tensor;
}

}  // namespace einc::cli
