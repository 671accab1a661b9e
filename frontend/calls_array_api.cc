// array_api.*. Rules: the array API standard, linear algebra functions.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "einc/array_api.h"
#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;

constexpr TensordotRules kTensordot{.int_pair = false};

Product product_of(const Arguments& arguments) {
  Product product(arguments.row().name, {"x1", "x2"}, arguments.tensor("x1"),
                  arguments.tensor("x2"));
  product.set_mixing(Mixing::kWithinKind);
  return product;
}

Result<CallResult> matmul(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_matmul(product, options));
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["axes"], kTensordot, options));
}

Result<CallResult> vecdot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  const int64_t axis = arguments.integer("axis");
  const int64_t least = -std::min(product.rank(Product::kA), product.rank(Product::kB));
  if (least < 0 && (axis < least || axis > -1))
    product.fail(ErrorCode::kArgument, "axis-out-of-range",
                 "axis " + std::to_string(axis) + " is not in [" + std::to_string(least) +
                     ", -1], the axes that both operands have");
  return wrapped(run_vecdot(product, axis, options));
}

}  // namespace

std::span<const CallRow> array_api_calls() {
  static const auto* const rows = [] {
    const Parameter x1{"x1", Takes::kTensor};
    const Parameter x2{"x2", Takes::kTensor};
    return new std::vector<CallRow>{
        {{"array_api.matmul", {x1, x2}, "(n?,k),(k,m?)->(n?,m?), leading axes broadcast"}, matmul},
        {{"array_api.tensordot",
          {x1, x2, {"axes", Takes::kAny, false, 2}},
          "axes of x1 with axes of x2; a count or a pair of lists"},
         tensordot},
        {{"array_api.vecdot",
          {x1, x2, {"axis", Takes::kInt, false, -1}},
          "(n),(n)->(), x1 conjugated, the other axes broadcast"},
         vecdot},
    };
  }();
  return *rows;
}

namespace array_api {

Result<Tensor> matmul(const TensorView& x1, const TensorView& x2, const Options& options) {
  return call_tensor("array_api.matmul", {x1, x2}, {}, options);
}
Result<Tensor> tensordot(const TensorView& x1, const TensorView& x2, const Value& axes,
                         const Options& options) {
  return call_tensor("array_api.tensordot", {x1, x2, axes}, {}, options);
}
Result<Tensor> vecdot(const TensorView& x1, const TensorView& x2, int64_t axis,
                      const Options& options) {
  return call_tensor("array_api.vecdot", {x1, x2, axis}, {}, options);
}

}  // namespace array_api
}  // namespace einc
