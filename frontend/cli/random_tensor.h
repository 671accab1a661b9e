// Made-up operands.
#pragma once

#include <random>

#include "einc/error.h"
#include "einc/tensor.h"

namespace einc::cli {

// Row-major, of numbers between -1 and 1 that are the same for a generator's seed everywhere; of
// complex ones both parts are. Fails with kDType for other than float32, float64, complex64 and
// complex128.
Result<Tensor> random_tensor(const TensorType& type, std::mt19937& generator);

}  // namespace einc::cli
