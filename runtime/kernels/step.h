// What the precompiled kernels are told of a step, through EincArgs::description.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "einc/dtype.h"
#include "runtime/program.h"

namespace einc {

// Strides in elements: of each input, then of the output; 0 where an operand lacks the dim.
struct StepDim {
  int64_t extent = 0;
  std::vector<int64_t> strides;
};

struct StepTensor {
  DType dtype = DType::kFloat32;
  bool conjugate = false;
};

// A precompiled kernel made ready for one step.
struct PrecompiledStep {
  std::shared_ptr<const Code> code;
  std::shared_ptr<const void> description;  // what the code takes as EincArgs::description
  std::string text;                         // how the step is cut up, one line
};

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The product of the extents.
inline int64_t extent_of(const std::vector<StepDim>& dims) {
  int64_t product = 1;
  for (const StepDim& dim : dims) product *= dim.extent;
  return product;
}

// The element offset of a position in the flattened dims, the last of which runs fastest.
inline int64_t offset_of(const std::vector<StepDim>& dims, size_t operand, int64_t position) {
  int64_t offset = 0;
  for (size_t d = dims.size(); d-- > 0;) {
    offset += position % dims[d].extent * dims[d].strides[operand];
    position /= dims[d].extent;
  }
  return offset;
}

}  // namespace einc
