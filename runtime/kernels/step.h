// What the precompiled kernels are told of a step, through EincArgs::description.
#pragma once

#include <cstdint>
#include <vector>

#include "einc/dtype.h"

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
