// keras.ops.*. Rules: Keras 3's src/ops/numpy.py and its backends.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/keras.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/einsum_call.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;

constexpr TensordotRules kTensordot{.mixed_pair = true, .negative_count = true};

Product product_of(const Arguments& arguments) {
  Product product(arguments.row().name, {"x1", "x2"}, arguments.tensor("x1"),
                  arguments.tensor("x2"));
  product.set_mixing(Mixing::kKeras);
  return product;
}

template <auto kRun>
Result<CallResult> binary(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(kRun(product, options));
}

Result<Tensor> matmul(Product& product, const Options& options) {
  if (product.type(Product::kA).dtype == DType::kInt8 &&
      product.type(Product::kB).dtype == DType::kInt8)
    product.set_dtype(DType::kInt32);
  return run_matmul(product, options);
}

Result<Tensor> vdot(Product& product, const Options& options) {
  return run_vdot(product, options, true);
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["axes"], kTensordot, options));
}

}  // namespace

std::span<const CallRow> keras_ops_calls() {
  static const auto* const rows = [] {
    const Parameter x1{"x1", Takes::kTensor};
    const Parameter x2{"x2", Takes::kTensor};
    return new std::vector<CallRow>{
        {{"keras.ops.dot", {x1, x2}, "as numpy.dot"}, binary<run_dot>},
        {{"keras.ops.matmul", {x1, x2}, "as numpy.matmul; int8 by int8 is int32"}, binary<matmul>},
        {{"keras.ops.tensordot", {x1, x2, {"axes", Takes::kAny, false, 2}}, "as numpy.tensordot"},
         tensordot},
        {{"keras.ops.inner", {x1, x2}, "as numpy.inner"}, binary<run_inner>},
        {{"keras.ops.outer", {x1, x2}, "as numpy.outer"}, binary<run_outer>},
        {{"keras.ops.vdot", {x1, x2}, "as numpy.vdot"}, binary<vdot>},
        {{"keras.ops.kron", {x1, x2}, "as numpy.kron"}, binary<run_kron>},
        {{"keras.ops.einsum",
          {{"equation", Takes::kString}, {"operands", Takes::kTensors}},
          "as numpy.einsum; all int8 give int32"},
         keras_einsum},
    };
  }();
  return *rows;
}

namespace keras::ops {

Result<Tensor> dot(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.dot", {x1, x2}, {}, options);
}
Result<Tensor> matmul(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.matmul", {x1, x2}, {}, options);
}
Result<Tensor> tensordot(const TensorView& x1, const TensorView& x2, const Value& axes,
                         const Options& options) {
  return call_tensor("keras.ops.tensordot", {x1, x2, axes}, {}, options);
}
Result<Tensor> inner(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.inner", {x1, x2}, {}, options);
}
Result<Tensor> outer(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.outer", {x1, x2}, {}, options);
}
Result<Tensor> vdot(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.vdot", {x1, x2}, {}, options);
}
Result<Tensor> kron(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("keras.ops.kron", {x1, x2}, {}, options);
}
Result<Tensor> einsum(std::string_view subscripts, const std::vector<TensorView>& operands,
                      const Options& options) {
  return call_tensor("keras.ops.einsum", {std::string(subscripts), list_of(operands)}, {}, options);
}

}  // namespace keras::ops
}  // namespace einc
