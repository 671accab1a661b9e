// keras.backend.*, keras.layers.*, keras.activations.*. Rules: Keras 1 to 2.3's
// backend/tensorflow_backend.py and layers/merge.py, Keras 3's layers/merging/dot.py.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/keras.h"
#include "einc/options.h"
#include "einc/softmax.h"
#include "einc/tensor.h"
#include "frontend/batch_dot.h"
#include "frontend/call_table.h"
#include "frontend/product.h"
#include "frontend/products.h"
#include "frontend/softmax_call.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;
constexpr auto kA = Product::kA;
constexpr auto kB = Product::kB;

constexpr std::array<std::string_view, 2> kBackends{"tensorflow", "theano"};
constexpr std::array<std::string_view, 2> kForms{"new", "old"};
constexpr std::array<std::string_view, 3> kGenerations{"keras2", "keras2.2.4", "keras3"};

// The position of a string argument among its choices.
template <class Choice, size_t kCount>
Result<Choice> choice(const Arguments& arguments, std::string_view name,
                      const std::array<std::string_view, kCount>& choices) {
  const std::string& given = arguments.string(name);
  std::string known;
  for (size_t i = 0; i < kCount; ++i) {
    if (given == choices[i]) return static_cast<Choice>(i);
    known.append(i == 0 ? "" : ", ").append(choices[i]);
  }
  return call_error(arguments.row().name, ErrorCode::kArgument, "argument",
                    std::string(name) + " is '" + given + "' but must be one of " + known);
}

template <class Choice, size_t kCount>
Value name_of(Choice value, const std::array<std::string_view, kCount>& choices) {
  return std::string(choices[static_cast<size_t>(value)]);
}

Product product_of(const Arguments& arguments) {
  return {arguments.row().name, {"x", "y"}, arguments.tensor("x"), arguments.tensor("y")};
}

Result<CallResult> backend_dot(const Arguments& arguments, const Options& options) {
  const auto backend = choice<keras::Backend>(arguments, "backend", kBackends);
  if (!backend) return backend.error();
  Product product = product_of(arguments);
  if (*backend == keras::Backend::kTensorFlow) {
    product.set_mixing(Mixing::kSame);
    const int64_t x = product.rank(kA);
    const int64_t y = product.rank(kB);
    if (y < 2)
      product.require_rank(kB, 2, kAnyRank, "TensorFlow's backend takes no vector; add an axis");
    if (x < 2 && y < 3)
      product.require_rank(kA, 2, kAnyRank, "TensorFlow's backend takes no vector; add an axis");
    product.require_rank(kA, 1, kAnyRank, "TensorFlow's backend takes no scalar; multiply it");
  }
  if (product.failed()) return wrapped(product.run({}, options));
  return wrapped(run_dot(product, options));
}

Result<CallResult> backend_batch_dot(const Arguments& arguments, const Options& options) {
  const auto form = choice<keras::BatchDotForm>(arguments, "form", kForms);
  if (!form) return form.error();
  Product product = product_of(arguments);
  product.set_mixing(Mixing::kSame);
  return wrapped(*form == keras::BatchDotForm::kNew
                     ? run_batch_dot_new(product, arguments["axes"], options)
                     : run_batch_dot_old(product, arguments["axes"], options));
}

// The layer's own reading of its axes: each operand counts from its own end.
List resolve_layer_axes(Product& product, const Value& axes) {
  List pair;
  if (axes.as<int64_t>()) pair = {axes, axes};
  if (const List* const list = axes.as<List>()) pair = *list;
  if (pair.size() != 2 || !pair[0].as<int64_t>() || !pair[1].as<int64_t>()) {
    product.fail(ErrorCode::kArgument, "axes-format",
                 "axes is " + to_string(axes) + "; give an int or a pair of ints");
    return {0, 0};
  }
  return {product.resolve_axis(kA, *pair[0].as<int64_t>()),
          product.resolve_axis(kB, *pair[1].as<int64_t>())};
}

// On the sum of squares.
double epsilon_of(keras::Generation generation, keras::Backend backend) {
  if (generation == keras::Generation::kKeras3) return 1e-14;
  return backend == keras::Backend::kTheano ? 1e-7 : 1e-12;
}

Result<CallResult> layers_dot(const Arguments& arguments, const Options& options) {
  const auto generation = choice<keras::Generation>(arguments, "generation", kGenerations);
  if (!generation) return generation.error();
  const auto backend = choice<keras::Backend>(arguments, "backend", kBackends);
  if (!backend) return backend.error();
  const std::vector<TensorView> inputs = arguments.tensors("inputs");
  const auto fail = [&](std::string_view rule, const std::string& message) {
    return call_error(arguments.row().name, ErrorCode::kArgument, rule, message);
  };
  if (inputs.size() != 2)
    return fail("operand-count", "the layer takes 2 inputs, not " + std::to_string(inputs.size()));
  if (!arguments.is_given("axes") && *generation != keras::Generation::kKeras3)
    return fail("axes-format", "axes is missing; give an int or a pair of ints");
  const Value axes = arguments.is_given("axes") ? arguments["axes"] : Value(-1);

  Product product(arguments.row().name, {"x", "y"}, inputs[0], inputs[1]);
  product.set_mixing(*generation == keras::Generation::kKeras3 ? Mixing::kKeras : Mixing::kSame);
  for (const auto side : {kA, kB})
    product.require_rank(side, 2, kAnyRank, "axis 0 is the batch; add an axis with expand_dims");
  const List pair = resolve_layer_axes(product, axes);
  if (product.failed()) return wrapped(product.run({}, options));
  const int64_t x_axis = *pair[0].as<int64_t>();
  const int64_t y_axis = *pair[1].as<int64_t>();
  product.require_equal(x_axis, y_axis);
  if (arguments.flag("normalize"))
    for (const auto& [side, axis] : {std::pair(kA, x_axis), {kB, y_axis}})
      product.normalize(side, axis, epsilon_of(*generation, *backend));
  const bool is_old =
      *generation == keras::Generation::kKeras2Old && *backend == keras::Backend::kTensorFlow;
  return wrapped(is_old ? run_batch_dot_old(product, pair, options)
                        : run_batch_dot_new(product, pair, options));
}

}  // namespace

std::span<const CallRow> keras_calls() {
  static const auto* const rows = [] {
    const Parameter x{"x", Takes::kTensor};
    const Parameter y{"y", Takes::kTensor};
    const Parameter axis{"axis", Takes::kInt, false, -1};
    return new std::vector<CallRow>{
        {{"keras.backend.dot",
          {x, y, {"backend", Takes::kString, false, "tensorflow"}},
          "last axis of x with second-to-last of y"},
         backend_dot},
        {{"keras.backend.batch_dot",
          {x, y, {"axes", Takes::kAny, false}, {"form", Takes::kString, false, "new"}},
          "an axis of x with one of y for each sample; form new or old (up to 2.2.4)"},
         backend_batch_dot},
        {{"keras.layers.dot",
          {{"inputs", Takes::kTensors},
           {"axes", Takes::kAny, false},
           {"normalize", Takes::kBool, false, false},
           {"generation", Takes::kString, false, "keras2"},
           {"backend", Takes::kString, false, "tensorflow"}},
          "the merge layer Dot; generation keras2, keras2.2.4 or keras3"},
         layers_dot},
        {{"keras.activations.softmax", {x, axis}, "softmax along an axis"}, softmax_call},
        {{"softmax", {x, axis}, "softmax along an axis"}, softmax_call},
    };
  }();
  return *rows;
}

namespace keras {

Result<Tensor> backend::dot(const TensorView& x, const TensorView& y, Backend backend,
                            const Options& options) {
  return call_tensor("keras.backend.dot", {x, y, name_of(backend, kBackends)}, {}, options);
}
Result<Tensor> backend::batch_dot(const TensorView& x, const TensorView& y, const Value& axes,
                                  BatchDotForm form, const Options& options) {
  return call_tensor("keras.backend.batch_dot", {x, y, axes, name_of(form, kForms)}, {}, options);
}
Result<Tensor> layers::dot(const TensorView& x, const TensorView& y, const Value& axes,
                           bool normalize, Generation generation, Backend backend,
                           const Options& options) {
  return call_tensor(
      "keras.layers.dot",
      {List{x, y}, axes, normalize, name_of(generation, kGenerations), name_of(backend, kBackends)},
      {}, options);
}
Result<Tensor> activations::softmax(const TensorView& x, int64_t axis, const Options& options) {
  return call_tensor("keras.activations.softmax", {x, axis}, {}, options);
}

}  // namespace keras

Result<Tensor> softmax(const TensorView& x, int64_t axis, const Options& options) {
  return call_tensor("softmax", {x, axis}, {}, options);
}

}  // namespace einc
