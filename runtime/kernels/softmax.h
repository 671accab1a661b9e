// softmax along one axis, compiled for every instruction set that Highway knows here.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "einc/dtype.h"
#include "runtime/program.h"

namespace einc {

// Strides in elements; that of the input may be 0.
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
// largest input[o, i]. A row with a NaN or a +inf, or with nothing but -inf, becomes NaN; a -inf
// among finite elements becomes 0. Each row's result is the same whatever the strides.
//
// The output may be the input if all their strides agree; otherwise they must not overlap. The
// code takes the description as EincArgs::description.
std::shared_ptr<const Code> softmax_code(const SoftmaxDescription& description);

}  // namespace einc
