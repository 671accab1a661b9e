// tf.*. Rules: TensorFlow 2's math_ops.py, special_math_ops.py, einsum_op_util.cc, nn_ops.py.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "einc/tf.h"
#include "frontend/call_table.h"
#include "frontend/einsum_call.h"
#include "frontend/product.h"
#include "frontend/products.h"
#include "frontend/softmax_call.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;

Product product_of(const Arguments& arguments) {
  Product product(arguments.row().name, {"a", "b"}, arguments.tensor("a"), arguments.tensor("b"));
  product.set_mixing(Mixing::kSame);
  return product;
}

// Whether an operand is transposed; an adjoint one is conjugated too.
bool is_transposed(Product& product, Product::Side side, bool transpose, bool adjoint) {
  const std::string name = side == Product::kA ? "a" : "b";
  if (transpose && adjoint)
    product.fail(ErrorCode::kArgument, "arg-conflict",
                 "transpose_" + name + " and adjoint_" + name + " are both set; set one of them");
  if (adjoint) product.conjugate(side);
  return transpose || adjoint;
}

Result<CallResult> matmul(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  constexpr const char* kHint = "use tf.linalg.matvec, or add an axis";
  product.require_rank(Product::kA, 2, kAnyRank, kHint);
  product.require_rank(Product::kB, 2, kAnyRank, kHint);
  const bool a = is_transposed(product, Product::kA, arguments.flag("transpose_a"),
                               arguments.flag("adjoint_a"));
  const bool b = is_transposed(product, Product::kB, arguments.flag("transpose_b"),
                               arguments.flag("adjoint_b"));
  return wrapped(run_matmul(product, options, a, b));
}

Result<CallResult> matvec(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  const bool a = is_transposed(product, Product::kA, arguments.flag("transpose_a"),
                               arguments.flag("adjoint_a"));
  return wrapped(run_matvec(product, options, a));
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["axes"], {}, options));
}

}  // namespace

std::span<const CallRow> tf_calls() {
  static const auto* const rows = [] {
    const Parameter a{"a", Takes::kTensor};
    const Parameter b{"b", Takes::kTensor};
    const auto flag = [](std::string_view name) {
      return Parameter{name, Takes::kBool, false, false};
    };
    return new std::vector<CallRow>{
        {{"tf.matmul",
          {a, b, flag("transpose_a"), flag("transpose_b"), flag("adjoint_a"), flag("adjoint_b")},
          "matrix product of the last two axes, leading axes broadcast"},
         matmul},
        {{"tf.tensordot",
          {a, b, {"axes", Takes::kAny}},
          "axes of a with axes of b; a count, or a pair of ints or lists"},
         tensordot},
        {{"tf.einsum",
          {{"equation", Takes::kString}, {"inputs", Takes::kTensors}},
          "tf.einsum, by TensorFlow's grammar and rules"},
         tf_einsum},
        {{"tf.linalg.matvec",
          {a, b, flag("transpose_a"), flag("adjoint_a")},
          "matrix by vector, leading axes broadcast"},
         matvec},
        {{"tf.nn.softmax",
          {{"logits", Takes::kTensor}, {"axis", Takes::kInt, false, -1}},
          "softmax along an axis"},
         softmax_call},
    };
  }();
  return *rows;
}

namespace tf {

Result<Tensor> matmul(const TensorView& a, const TensorView& b, const MatmulFlags& flags,
                      const Options& options) {
  return call_tensor("tf.matmul",
                     {a, b, flags.transpose_a, flags.transpose_b, flags.adjoint_a, flags.adjoint_b},
                     {}, options);
}
Result<Tensor> tensordot(const TensorView& a, const TensorView& b, const Value& axes,
                         const Options& options) {
  return call_tensor("tf.tensordot", {a, b, axes}, {}, options);
}
Result<Tensor> einsum(std::string_view equation, const std::vector<TensorView>& inputs,
                      const Options& options) {
  return call_tensor("tf.einsum", {std::string(equation), list_of(inputs)}, {}, options);
}
Result<Tensor> linalg::matvec(const TensorView& a, const TensorView& b, bool transpose_a,
                              bool adjoint_a, const Options& options) {
  return call_tensor("tf.linalg.matvec", {a, b, transpose_a, adjoint_a}, {}, options);
}
Result<Tensor> nn::softmax(const TensorView& logits, int64_t axis, const Options& options) {
  return call_tensor("tf.nn.softmax", {logits, axis}, {}, options);
}

}  // namespace tf
}  // namespace einc
