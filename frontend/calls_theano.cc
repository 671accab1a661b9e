// theano.tensor.*. Rules: Theano's tensor/basic.py and blas.py.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "einc/theano.h"
#include "frontend/call_table.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;
constexpr auto kA = Product::kA;
constexpr auto kB = Product::kB;

constexpr TensordotRules kTensordot{.negative_axes = false};

Product product_of(const Arguments& arguments) {
  return {arguments.row().name, {"a", "b"}, arguments.tensor("a"), arguments.tensor("b")};
}

Result<CallResult> dot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_dot(product, options));
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["axes"], kTensordot, options));
}

Result<CallResult> batched_dot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  product.require_rank(kA, 1, kAnyRank, "axis 0 is the batch");
  product.require_rank(kB, 1, kAnyRank, "axis 0 is the batch");
  if (!product.failed()) product.share(0, 0);
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  if (a >= 2 && b >= 2) product.contract(a - 1, std::max<int64_t>(b - 2, 1));
  return wrapped(product.run(product.all_free(), options));
}

// A count contracts the last axes of a with those of b behind the batch.
Result<CallResult> batched_tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  product.require_rank(kA, 1, kAnyRank, "axis 0 is the batch");
  product.require_rank(kB, 1, kAnyRank, "axis 0 is the batch");
  AxisLists lists = axis_lists(product, arguments["axes"], kTensordot);
  if (const auto* const count = arguments["axes"].as<int64_t>(); count && !product.failed()) {
    if (*count >= std::min(product.rank(kA), product.rank(kB)))
      product.fail(ErrorCode::kArgument, "axis-out-of-range",
                   "cannot contract " + std::to_string(*count) +
                       " axes beside the batch of operands of rank " +
                       std::to_string(product.rank(kA)) + " and " +
                       std::to_string(product.rank(kB)));
    std::iota(lists.b.begin(), lists.b.end(), 1);
  }
  if (!product.failed()) product.share(0, 0);
  for (const auto& [side, list] : {std::pair(kA, &lists.a), {kB, &lists.b}}) {
    for (int64_t& axis : *list) {
      axis = product.resolve_axis(side, axis);
      if (axis == 0)
        product.fail(ErrorCode::kArgument, "axis-zero",
                     "axis 0 is the batch axis and cannot be contracted");
    }
    product.require_distinct(side, *list);
  }
  for (size_t i = 0; !product.failed() && i < lists.a.size(); ++i)
    product.contract(lists.a[i], lists.b[i]);
  return wrapped(product.run(product.all_free(), options));
}

}  // namespace

std::span<const CallRow> theano_calls() {
  static const auto* const rows = [] {
    const Parameter a{"a", Takes::kTensor};
    const Parameter b{"b", Takes::kTensor};
    const Parameter axes{"axes", Takes::kAny, false, 2};
    return new std::vector<CallRow>{
        {{"theano.tensor.dot", {a, b}, "as numpy.dot"}, dot},
        {{"theano.tensor.batched_dot", {a, b}, "numpy.dot for each sample of the batch"},
         batched_dot},
        {{"theano.tensor.tensordot", {a, b, axes}, "axes of a with axes of b, none negative"},
         tensordot},
        {{"theano.tensor.batched_tensordot", {a, b, axes}, "tensordot for each sample"},
         batched_tensordot},
    };
  }();
  return *rows;
}

namespace theano::tensor {

Result<Tensor> dot(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("theano.tensor.dot", {a, b}, {}, options);
}
Result<Tensor> batched_dot(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("theano.tensor.batched_dot", {a, b}, {}, options);
}
Result<Tensor> tensordot(const TensorView& a, const TensorView& b, const Value& axes,
                         const Options& options) {
  return call_tensor("theano.tensor.tensordot", {a, b, axes}, {}, options);
}
Result<Tensor> batched_tensordot(const TensorView& a, const TensorView& b, const Value& axes,
                                 const Options& options) {
  return call_tensor("theano.tensor.batched_tensordot", {a, b, axes}, {}, options);
}

}  // namespace theano::tensor
}  // namespace einc
