// The public functions: text and types to a request, the request to a program, the program to a
// kernel. An exception of the standard library (which can only be bad_alloc) ends at these edges.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/engine.h"
#include "einc/dtype.h"
#include "einc/einc.h"
#include "einc/error.h"
#include "einc/executor.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/bind.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"
#include "frontend/request.h"

namespace einc {
namespace {

Result<const Dialect*> choose_dialect(const std::string& name) {
  if (const Dialect* const dialect = find_dialect(name)) return dialect;
  std::string known;
  for (const Dialect& row : dialects())
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  return Error{ErrorCode::kArgument, "no dialect '" + name + "'; there are " + known, std::nullopt,
               "unknown-argument"};
}

// Numbers take longer to print than small kernels to run.
class RequestKey {
 public:
  void add(int64_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    key_.append(bytes, sizeof number);
  }
  void add(std::string_view text) {
    add(static_cast<int64_t>(text.size()));
    key_ += text;
  }
  void add(const TensorType& type) {
    add(static_cast<int64_t>(type.dtype));
    for (const auto* list : {&type.extents, &type.strides}) {
      add(static_cast<int64_t>(list->size()));
      for (const int64_t number : *list) add(number);
    }
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

}  // namespace

std::string request_key(std::string_view expression, std::span<const TensorType> inputs,
                        const std::optional<TensorType>& output, const std::optional<DType>& dtype,
                        const Options& options) {
  RequestKey key;
  key.add(expression);
  for (const std::string_view option :
       {std::string_view(options.dialect), std::string_view(options.target),
        std::string_view(options.tier)})
    key.add(option);
  key.add(plan_key(options));
  key.add(static_cast<int64_t>(inputs.size()));
  for (const TensorType& input : inputs) key.add(input);
  key.add(static_cast<int64_t>(output.has_value()));
  if (output) key.add(*output);
  key.add(dtype ? static_cast<int64_t>(*dtype) : -1);
  return key.take();
}

Result<BoundEinsum> bind_request(std::string_view expression, std::span<const TensorType> inputs,
                                 const std::optional<TensorType>& output,
                                 const std::optional<DType>& dtype, const Options& options) {
  const auto dialect = choose_dialect(options.dialect);
  if (!dialect) return dialect.error();
  for (size_t i = 0; i < inputs.size(); ++i)
    if (auto valid = check_type(inputs[i]); !valid) {
      Error error = valid.error();
      error.message = "operand " + std::to_string(i) + ": " + error.message;
      return error;
    }
  if (output)
    if (auto valid = check_type(*output); !valid) return valid.error();
  const auto subscripts = parse(expression, **dialect);
  if (!subscripts) return subscripts.error();
  if (options.trace) options.trace("parse", to_string(*subscripts) + "\n");
  auto bound = bind(*subscripts, inputs, output, dtype, **dialect);
  if (bound && options.trace) options.trace("bind", to_string(bound->einsum));
  return bound;
}

Executor chosen_executor(const Options& options) {
  return options.executor.parallel_for != nullptr ? options.executor
                                                  : default_executor(options.threads);
}

Error error_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kMemory, "out of memory", std::nullopt, "memory"};
  } catch (const std::exception& exception) {
    return {ErrorCode::kCodegen, exception.what(), std::nullopt, "internal"};
  }
}

Result<Kernel> compile_as(std::string_view expression, const std::vector<TensorType>& inputs,
                          const std::optional<TensorType>& output,
                          const std::optional<DType>& dtype, const Options& options) {
  Engine& engine = Engine::instance();
  const std::string key = request_key(expression, inputs, output, dtype, options);
  if (!options.trace)
    if (auto program = engine.find(key))
      return Kernel(std::move(program), chosen_executor(options));
  auto bound = bind_request(expression, inputs, output, dtype, options);
  if (!bound) return bound.error();
  auto program = engine.compile(key, bound->einsum, inputs, bound->output, options);
  if (!program) return program.error();
  return Kernel(*std::move(program), chosen_executor(options));
}

Result<Kernel> compile(std::string_view expression, const std::vector<TensorType>& inputs,
                       const std::optional<TensorType>& output, const Options& options) try {
  return compile_as(expression, inputs, output, std::nullopt, options);
} catch (...) {
  return error_of_current_exception();
}

Result<void> convert_into(const TensorView& input, const TensorView& output,
                          const Options& options) {
  Options chosen = options;
  chosen.dialect = "numpy";
  const auto kernel = compile_as("...->...", {input.type}, output.type, output.type.dtype, chosen);
  if (!kernel) return kernel.error();
  return kernel->run(std::vector<TensorView>{input}, output);
}

Result<Kernel> compile(std::string_view expression, const std::vector<TensorType>& inputs,
                       const Options& options) {
  return compile(expression, inputs, std::nullopt, options);
}

Result<void> einsum(std::string_view expression, const std::vector<TensorView>& inputs,
                    const TensorView& output, const Options& options) try {
  const auto kernel = compile(expression, types_of(inputs), output.type, options);
  if (!kernel) return kernel.error();
  return kernel->run(inputs, output);
} catch (...) {
  return error_of_current_exception();
}

Result<Tensor> einsum(std::string_view expression, const std::vector<TensorView>& inputs,
                      const Options& options) try {
  const auto kernel = compile(expression, types_of(inputs), options);
  if (!kernel) return kernel.error();
  return run_into_new_tensor(*kernel, inputs);
} catch (...) {
  return error_of_current_exception();
}

Result<Tensor> einsum(const std::vector<SublistOperand>& operands,
                      const std::optional<std::vector<int64_t>>& output,
                      const Options& options) try {
  const auto dialect = choose_dialect(options.dialect);
  if (!dialect) return dialect.error();
  std::vector<TensorView> tensors;
  std::vector<std::vector<int64_t>> labels;
  for (const SublistOperand& operand : operands) {
    tensors.push_back(operand.tensor);
    labels.push_back(operand.labels);
  }
  const auto expression = expression_from_sublists(labels, output, **dialect);
  if (!expression) return expression.error();
  return einsum(*expression, tensors, options);
} catch (...) {
  return error_of_current_exception();
}

std::vector<TensorType> types_of(std::span<const TensorView> tensors) {
  std::vector<TensorType> types;
  types.reserve(tensors.size());
  for (const TensorView& tensor : tensors) types.push_back(tensor.type);
  return types;
}

Result<Tensor> run_into_new_tensor(const Kernel& kernel, std::span<const TensorView> inputs) {
  auto output = Tensor::zeros(kernel.output_type().dtype, kernel.output_type().extents);
  if (!output) return output.error();
  if (auto done = kernel.run(inputs, *output); !done) return done.error();
  return *std::move(output);
}

}  // namespace einc
