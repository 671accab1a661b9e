// Steps without a matrix product: permutations and copies, reductions, elementwise products, fills
// and conversions, of any strides and dtypes.
#pragma once

#include <memory>
#include <vector>

#include "einc/dtype.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

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
// description alone. The code takes what it returns, not the description, as
// EincArgs::description.
struct MapReduceStep {
  std::shared_ptr<const Code> code;
  std::shared_ptr<const void> description;
};
MapReduceStep map_reduce_step(const MapReduceDescription& description);

}  // namespace einc
