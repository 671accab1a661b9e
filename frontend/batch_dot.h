// Keras's batch_dot in both its forms, shared by the backend call and the layer.
#pragma once

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/product.h"

namespace einc {

Result<Tensor> run_batch_dot_new(Product& product, const Value& axes, const Options& options);
Result<Tensor> run_batch_dot_old(Product& product, const Value& axes, const Options& options);

}  // namespace einc
