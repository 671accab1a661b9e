// Steps without a matrix product: permutations and copies, reductions, elementwise products, fills
// and conversions, of any strides and dtypes.
#pragma once

#include <vector>

#include "einc/dtype.h"
#include "runtime/kernels/step.h"

namespace einc {

struct MapReduceDescription {
  std::vector<StepTensor> inputs;
  StepTensor output;
  DType compute = DType::kFloat32;
  bool accumulates = false;
  std::vector<StepDim> kept, reduced;  // extents at least 1
};

// output[kept] = sum over reduced of the product of the inputs, added to what the output holds if
// the step accumulates; without inputs the product is 0. How a sum is split depends on the
// description alone.
PrecompiledStep map_reduce_step(const MapReduceDescription& description);

}  // namespace einc
