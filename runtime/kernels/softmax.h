// softmax along one axis, compiled for every instruction set that Highway knows here.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "einc/dtype.h"
#include "runtime/program.h"

namespace einc {

// Strides in elements.
struct SoftmaxDim {
  int64_t extent = 0;
  int64_t input_stride = 0;
  int64_t output_stride = 0;
};

struct SoftmaxDescription {
  DType dtype = DType::kFloat32;  // float32 or float64
  std::vector<SoftmaxDim> outer;
  SoftmaxDim axis;
};

// output[o, i] = exp(input[o, i] - m[o]) / sum over i of exp(input[o, i] - m[o]), with m[o] the
// largest input[o, i]. The input may be the output. The code takes the description as
// EincArgs::description.
std::shared_ptr<const Code> softmax_code(const SoftmaxDescription& description);

}  // namespace einc
