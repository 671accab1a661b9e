// Division by the norm along one axis.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "einc/dtype.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

namespace einc {

// Strides: of the input, then of the output.
struct NormalizeDescription {
  DType input = DType::kFloat32;   // a float
  DType output = DType::kFloat32;  // the compute dtype of the input
  double epsilon = 0;
  std::vector<StepDim> outer;
  StepDim axis;
};

// output[o, i] = input[o, i] / sqrt(max(sum over i of input[o, i]^2, epsilon)). The code takes the
// description as EincArgs::description.
std::shared_ptr<const Code> normalize_code(const NormalizeDescription& description);

}  // namespace einc
