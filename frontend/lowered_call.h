// How a frontend call that is no einsum string becomes one: it states labels and operands, and
// runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

class LoweredCall {
 public:
  // `name` as the user writes the call, such as "keras.layers.dot".
  explicit LoweredCall(std::string_view name, std::vector<LabelInfo> labels = {}) : name_(name) {
    einsum_.labels = std::move(labels);
  }

  Label add_label(std::string name, int64_t extent);
  // One for each dim.
  std::vector<Label> add_labels(std::string_view prefix, const TensorType& type);

  // One label for each dim. A label that is there twice is a diagonal; a dim of extent 1 whose
  // label has another extent is stretched.
  Operand& add_input(const TensorView& tensor, const std::vector<Label>& labels);
  // A factor of the product, converted to `dtype`.
  void add_scalar(double value, DType dtype);

  // What is added to the result: the product of these. After all inputs.
  void add_addend(const TensorView& tensor, const std::vector<Label>& labels);
  void add_scalar_addend(double value, DType dtype);

  // The result is the softmax along this label of the output.
  void set_softmax(Label label) { einsum_.softmax = label; }

  // Compiles the einsum, or finds it, and runs it into a new row-major tensor of that dtype, with
  // the extents of the labels or of `shape`, which has as many elements.
  Result<Tensor> run(DType dtype, const std::vector<Label>& output,
                     const std::optional<std::vector<int64_t>>& shape, const Options& options);

 private:
  Operand operand_of(const TensorType& type, const std::vector<Label>& labels) const;
  TensorView scalar(double value, DType dtype);

  std::string name_;
  Einsum einsum_;
  std::vector<TensorView> tensors_;  // of the inputs, then of the addends
  std::vector<Tensor> scalars_;      // keeps their elements alive
};

}  // namespace einc
