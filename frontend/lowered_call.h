// How a frontend call that is no einsum string becomes one: it states labels and operands, and
// runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

class LoweredCall {
 public:
  // `name` as the user writes the call, such as "keras.layers.dot".
  explicit LoweredCall(std::string_view name) : name_(name) {}

  Label add_label(std::string name, int64_t extent);

  // One label for each dim; a label that is there twice is a diagonal.
  void add_input(const TensorType& type, const std::vector<Label>& labels);

  // The result is the softmax along this label of the output.
  void set_softmax(Label label) { einsum_.softmax = label; }

  // Compiles the einsum, or finds it, and runs it into a new row-major tensor of that dtype.
  Result<Tensor> run(std::vector<TensorView> inputs, DType dtype, const std::vector<Label>& output,
                     const Options& options);

 private:
  std::string name_;
  Einsum einsum_;
};

}  // namespace einc
