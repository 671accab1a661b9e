#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/keras.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/lowered_call.h"
#include "frontend/request.h"

namespace einc {
namespace {

std::string axis_text(int64_t axis) { return std::to_string(axis); }

Error fail(ErrorCode code, std::string_view rule, std::string message) {
  return {code, std::move(message), std::nullopt, rule};
}

}  // namespace

namespace keras::layers {
namespace {

// The two axes as Keras resolves them: one int for both, each operand counting from its own end.
Result<std::array<int64_t, 2>> resolve_axes(const DotAxes& axes, const TensorType& x,
                                            const TensorType& y) {
  std::array<int64_t, 2> resolved{};
  if (const auto* both = std::get_if<int64_t>(&axes)) {
    resolved = {*both, *both};
  } else {
    const auto& pair = std::get<std::vector<int64_t>>(axes);
    if (pair.size() != 2)
      return fail(ErrorCode::kArgument, "axes-format",
                  "keras.layers.dot: axes has " + std::to_string(pair.size()) +
                      " entries; give an int or a pair of ints");
    resolved = {pair[0], pair[1]};
  }
  const std::array<const TensorType*, 2> operands{&x, &y};
  for (size_t i = 0; i < 2; ++i) {
    const int64_t rank = operands[i]->rank();
    if (resolved[i] < -rank || resolved[i] >= rank)
      return fail(ErrorCode::kArgument, "axis-out-of-range",
                  "keras.layers.dot: axis " + axis_text(resolved[i]) + " is out of range for " +
                      (i == 0 ? "x" : "y") + " of rank " + std::to_string(rank));
    if (resolved[i] < 0) resolved[i] += rank;
  }
  return resolved;
}

Result<void> check_operands(const TensorType& x, const TensorType& y,
                            const std::array<int64_t, 2>& axes) {
  const std::string shapes = " (x is " + to_string(x) + ", y is " + to_string(y) + ")";
  if (x.extents[0] != y.extents[0])
    return fail(ErrorCode::kShape, "batch-mismatch",
                "keras.layers.dot: the batch is " + std::to_string(x.extents[0]) + " in x but " +
                    std::to_string(y.extents[0]) + " in y, and does not broadcast" + shapes);
  if (axes[0] == 0 || axes[1] == 0)
    return fail(ErrorCode::kArgument, "axis-zero",
                "keras.layers.dot: axis 0 is the batch axis and cannot be contracted; add a batch "
                "axis of extent 1 in front" +
                    shapes);
  const int64_t x_extent = x.extents[static_cast<size_t>(axes[0])];
  const int64_t y_extent = y.extents[static_cast<size_t>(axes[1])];
  if (x_extent != y_extent)
    return fail(ErrorCode::kShape, "dim-mismatch",
                "keras.layers.dot: axis " + axis_text(axes[0]) + " of x is " +
                    std::to_string(x_extent) + " but axis " + axis_text(axes[1]) + " of y is " +
                    std::to_string(y_extent) + shapes);
  if (x.dtype != y.dtype)
    return fail(ErrorCode::kDType, "dtype",
                "keras.layers.dot: x is " + std::string(to_string(x.dtype)) + " but y is " +
                    std::string(to_string(y.dtype)) + "; cast one of them");
  return {};
}

}  // namespace

Result<Tensor> dot(const TensorView& x, const TensorView& y, const DotAxes& axes,
                   const Options& options) try {
  for (const auto& [type, name] : {std::pair(&x.type, "x"), std::pair(&y.type, "y")}) {
    if (auto valid = check_type(*type); !valid) return valid.error();
    if (type->rank() < 2)
      return fail(ErrorCode::kShape, "rank",
                  std::string("keras.layers.dot: ") + name + " is " + to_string(*type) +
                      " of rank " + std::to_string(type->rank()) +
                      " but needs a batch axis and at least one more; add one in front");
  }
  const auto resolved = resolve_axes(axes, x.type, y.type);
  if (!resolved) return resolved.error();
  if (auto valid = check_operands(x.type, y.type, *resolved); !valid) return valid.error();

  LoweredCall call("keras.layers.dot");
  const Label batch = call.add_label("b", x.type.extents[0]);
  const Label contracted = call.add_label("k", x.type.extents[static_cast<size_t>((*resolved)[0])]);
  std::vector<Label> output{batch};
  const auto labels_of = [&](const TensorType& type, int64_t axis, const char* prefix) {
    std::vector<Label> labels{batch};
    for (int64_t d = 1; d < type.rank(); ++d) {
      if (d == axis) {
        labels.push_back(contracted);
        continue;
      }
      labels.push_back(
          call.add_label(prefix + std::to_string(d), type.extents[static_cast<size_t>(d)]));
      output.push_back(labels.back());
    }
    return labels;
  };
  call.add_input(x.type, labels_of(x.type, (*resolved)[0], "x"));
  call.add_input(y.type, labels_of(y.type, (*resolved)[1], "y"));
  if (output.size() == 1) output.push_back(call.add_label("one", 1));
  return call.run({x, y}, x.type.dtype, output, options);
} catch (...) {
  return error_of_current_exception();
}

}  // namespace keras::layers

namespace keras::activations {

Result<Tensor> softmax(const TensorView& x, int64_t axis, const Options& options) try {
  if (auto valid = check_type(x.type); !valid) return valid.error();
  const int64_t rank = x.type.rank();
  if (rank == 0)
    return fail(
        ErrorCode::kShape, "rank",
        "keras.activations.softmax: x is " + to_string(x.type) + " but needs rank 1 or more");
  if (axis < -rank || axis >= rank)
    return fail(ErrorCode::kArgument, "axis-out-of-range",
                "keras.activations.softmax: axis " + axis_text(axis) +
                    " is out of range for x of rank " + std::to_string(rank));
  if (info(x.type.dtype).kind != Kind::kReal)
    return fail(ErrorCode::kDType, "dtype",
                "keras.activations.softmax: x is " + std::string(to_string(x.type.dtype)) +
                    "; cast it to float32 or float64");
  LoweredCall call("keras.activations.softmax");
  std::vector<Label> labels;
  for (int64_t d = 0; d < rank; ++d)
    labels.push_back(
        call.add_label("x" + std::to_string(d), x.type.extents[static_cast<size_t>(d)]));
  call.add_input(x.type, labels);
  call.set_softmax(labels[static_cast<size_t>(axis < 0 ? axis + rank : axis)]);
  return call.run({x}, x.type.dtype, labels, options);
} catch (...) {
  return error_of_current_exception();
}

}  // namespace keras::activations
}  // namespace einc
