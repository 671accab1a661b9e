#include "frontend/lowered_call.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/einsum_ir.h"
#include "compiler/engine.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/request.h"

namespace einc {

Label LoweredCall::add_label(std::string name, int64_t extent) {
  einsum_.labels.push_back({std::move(name), extent});
  return static_cast<Label>(einsum_.labels.size()) - 1;
}

void LoweredCall::add_input(const TensorType& type, const std::vector<Label>& labels) {
  Operand operand{.dtype = type.dtype};
  for (size_t d = 0; d < labels.size(); ++d) {
    const auto found = std::find(operand.labels.begin(), operand.labels.end(), labels[d]);
    if (found == operand.labels.end()) {
      operand.labels.push_back(labels[d]);
      operand.strides.push_back(type.strides[d]);
    } else {
      operand.strides[static_cast<size_t>(found - operand.labels.begin())] += type.strides[d];
    }
  }
  einsum_.inputs.push_back(std::move(operand));
}

Result<Tensor> LoweredCall::run(std::vector<TensorView> inputs, DType dtype,
                                const std::vector<Label>& output, const Options& options) {
  std::vector<int64_t> extents;
  for (const Label label : output)
    extents.push_back(einsum_.labels[static_cast<size_t>(label)].extent);
  const TensorType type = TensorType::row_major(dtype, extents);
  if (auto valid = check_type(type); !valid) return valid.error();
  einsum_.output = {.dtype = dtype, .labels = output, .strides = type.strides};
  verify(einsum_);

  const std::vector<TensorType> types = types_of(inputs);
  std::string request = name_ + "\n" + options.path + "\n" + options.target + "\n";
  if (options.trace) options.trace("bind", to_string(einsum_));
  request += to_string(einsum_);
  Engine& engine = Engine::instance();
  auto program = options.trace ? nullptr : engine.find(request);
  if (program == nullptr) {
    auto compiled = engine.compile(request, einsum_, types, type, options);
    if (!compiled) return compiled.error();
    program = *std::move(compiled);
  }
  return run_into_new_tensor(Kernel(std::move(program), chosen_executor(options)), inputs);
}

}  // namespace einc
