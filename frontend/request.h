// What every frontend call does once it has an einsum: find or compile its kernel, and run it.
#pragma once

#include <span>
#include <vector>

#include "einc/error.h"
#include "einc/executor.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

std::vector<TensorType> types_of(std::span<const TensorView> tensors);

// The caller's executor, or the library's pool of as many threads as asked for.
Executor chosen_executor(const Options& options);

// The output is new and row-major, whatever the kernel's type says of strides.
Result<Tensor> run_into_new_tensor(const Kernel& kernel, std::span<const TensorView> inputs);

// For the catch clause at a public edge.
Error error_of_current_exception();

}  // namespace einc
