#include "frontend/lowered_call.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/engine.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/request.h"

namespace einc {

Label LoweredCall::add_label(std::string name, int64_t extent) {
  einsum_.labels.push_back({std::move(name), extent});
  return static_cast<Label>(einsum_.labels.size()) - 1;
}

std::vector<Label> LoweredCall::add_labels(std::string_view prefix, const TensorType& type) {
  std::vector<Label> labels;
  for (const int64_t extent : type.extents)
    labels.push_back(add_label(std::string(prefix) + std::to_string(labels.size()), extent));
  return labels;
}

Operand LoweredCall::operand_of(const TensorType& type, const std::vector<Label>& labels) const {
  Operand operand{.dtype = type.dtype};
  for (size_t d = 0; d < labels.size(); ++d) {
    const bool is_stretched =
        type.extents[d] == 1 && einsum_.labels[static_cast<size_t>(labels[d])].extent != 1;
    if (is_stretched) continue;
    const auto found = std::find(operand.labels.begin(), operand.labels.end(), labels[d]);
    if (found == operand.labels.end()) {
      operand.labels.push_back(labels[d]);
      operand.strides.push_back(type.strides[d]);
    } else {
      operand.strides[static_cast<size_t>(found - operand.labels.begin())] += type.strides[d];
    }
  }
  return operand;
}

Operand& LoweredCall::add_input(const TensorView& tensor, const std::vector<Label>& labels) {
  einsum_.inputs.push_back(operand_of(tensor.type, labels));
  tensors_.push_back(tensor);
  return einsum_.inputs.back();
}

void LoweredCall::add_addend(const TensorView& tensor, const std::vector<Label>& labels) {
  einsum_.addends.push_back(operand_of(tensor.type, labels));
  tensors_.push_back(tensor);
}

TensorView LoweredCall::scalar(double value, DType dtype) {
  scalars_.push_back(Tensor::filled(dtype, {}, value));
  return scalars_.back();
}

void LoweredCall::add_scalar(double value, DType dtype) { add_input(scalar(value, dtype), {}); }

void LoweredCall::add_scalar_addend(double value, DType dtype) {
  add_addend(scalar(value, dtype), {});
}

Result<Tensor> LoweredCall::run(DType dtype, const std::vector<Label>& output,
                                const std::optional<std::vector<int64_t>>& shape,
                                const Options& options) {
  std::vector<int64_t> extents;
  for (const Label label : output)
    extents.push_back(einsum_.labels[static_cast<size_t>(label)].extent);
  const TensorType type = TensorType::row_major(dtype, extents);
  if (auto valid = check_type(type); !valid) return valid.error();
  einsum_.output = {.dtype = dtype, .labels = output, .strides = type.strides};
  drop_unused_labels(einsum_);
  verify(einsum_);

  const std::vector<TensorType> types = types_of(tensors_);
  const TensorType result = shape ? TensorType::row_major(dtype, *shape) : type;
  std::string request = name_ + "\n" + plan_key(options) + "\n" + options.target + "\n" +
                        options.tier + "\n" + to_string(result) + "\n" + to_string(einsum_);
  // Of the operands the einsum tells all but dims of extent 1.
  for (const TensorType& operand : types) request += to_string(operand) + "\n";
  if (options.trace) options.trace("bind", to_string(einsum_));
  Engine& engine = Engine::instance();
  auto program = options.trace ? nullptr : engine.find(request);
  if (program == nullptr) {
    auto compiled = engine.compile(request, einsum_, types, result, options);
    if (!compiled) return compiled.error();
    program = *std::move(compiled);
  }
  return run_into_new_tensor(Kernel(std::move(program), chosen_executor(options)), tensors_);
}

}  // namespace einc
