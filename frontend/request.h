// What every frontend call does once it has an einsum: find or compile its kernel, and run it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/executor.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/bind.h"

namespace einc {

std::vector<TensorType> types_of(std::span<const TensorView> tensors);

// The caller's executor, or the library's pool of as many threads as asked for.
Executor chosen_executor(const Options& options);

// The einsum of an expression, by the rules of options.dialect. Fails as the public compile() does
// for expressions, types and the dialect's name.
Result<BoundEinsum> bind_request(std::string_view expression, std::span<const TensorType> inputs,
                                 const std::optional<TensorType>& output,
                                 const std::optional<DType>& dtype, const Options& options);

// What a request is found again by: bytes, no text.
std::string request_key(std::string_view expression, std::span<const TensorType> inputs,
                        const std::optional<TensorType>& output, const std::optional<DType>& dtype,
                        const Options& options);

// As the public compile(), with a result of `dtype` instead of the operands' common one.
Result<Kernel> compile_as(std::string_view expression, const std::vector<TensorType>& inputs,
                          const std::optional<TensorType>& output,
                          const std::optional<DType>& dtype, const Options& options);

// output = input, converted. Both have the same extents.
Result<void> convert_into(const TensorView& input, const TensorView& output,
                          const Options& options);

// The output is new and row-major, whatever the kernel's type says of strides.
Result<Tensor> run_into_new_tensor(const Kernel& kernel, std::span<const TensorView> inputs);

// For the catch clause at a public edge.
Error error_of_current_exception();

}  // namespace einc
