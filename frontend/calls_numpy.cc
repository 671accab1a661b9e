// numpy.*. Rules: numpy/core/src/multiarray (einsum.cpp, multiarraymodule.c), core/numeric.py,
// core/einsumfunc.py, the gufunc signatures of linalg and umath.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/np.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/einsum_call.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;

Product product_of(const Arguments& arguments) {
  return {arguments.row().name, {"a", "b"}, arguments.tensor("a"), arguments.tensor("b")};
}

constexpr TensordotRules kTensordot{.mixed_pair = true, .negative_count = true};

template <auto kRun>
Result<CallResult> binary(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(kRun(product, options));
}

Result<Tensor> matmul(Product& product, const Options& options) {
  return run_matmul(product, options);
}
Result<Tensor> matvec(Product& product, const Options& options) {
  return run_matvec(product, options);
}
Result<Tensor> vdot(Product& product, const Options& options) {
  return run_vdot(product, options, true);
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["axes"], kTensordot, options));
}

Result<CallResult> vecdot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_vecdot(product, arguments.integer("axis"), options));
}

}  // namespace

std::span<const CallRow> numpy_calls() {
  static const auto* const rows = [] {
    const Parameter a{"a", Takes::kTensor};
    const Parameter b{"b", Takes::kTensor};
    return new std::vector<CallRow>{
        {{"numpy.dot", {a, b}, "last axis of a with second-to-last of b; a scalar multiplies"},
         binary<run_dot>},
        {{"numpy.matmul", {a, b}, "(n?,k),(k,m?)->(n?,m?), leading axes broadcast"},
         binary<matmul>},
        {{"numpy.inner", {a, b}, "last axis with last axis"}, binary<run_inner>},
        {{"numpy.outer", {a, b}, "both flattened: a matrix of all products"}, binary<run_outer>},
        {{"numpy.vdot", {a, b}, "both flattened, a conjugated: a scalar"}, binary<vdot>},
        {{"numpy.kron", {a, b}, "Kronecker product"}, binary<run_kron>},
        {{"numpy.matvec", {a, b}, "(m,n),(n)->(m), leading axes broadcast"}, binary<matvec>},
        {{"numpy.vecmat", {a, b}, "(n),(n,m)->(m), a conjugated, leading axes broadcast"},
         binary<run_vecmat>},
        {{"numpy.vecdot",
          {a, b, {"axis", Takes::kInt, false, -1}},
          "(n),(n)->(), a conjugated, the other axes broadcast"},
         vecdot},
        {{"numpy.tensordot",
          {a, b, {"axes", Takes::kAny, false, 2}},
          "axes of a with axes of b; a count, or a pair of ints or lists"},
         tensordot},
        {{"numpy.einsum",
          {{"equation", Takes::kString, false},
           {"operands", Takes::kTensors},
           {"sublists", Takes::kAny, false},
           {"out_sublist", Takes::kAny, false},
           {"out", Takes::kTensor, false},
           {"dtype", Takes::kString, false},
           {"order", Takes::kString, false, "K"},
           {"casting", Takes::kString, false, "safe"},
           {"optimize", Takes::kAny, false, false}},
          "numpy.einsum, by NumPy's grammar and rules"},
         numpy_einsum},
    };
  }();
  return *rows;
}

namespace np {

Result<Tensor> dot(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.dot", {a, b}, {}, options);
}
Result<Tensor> matmul(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.matmul", {a, b}, {}, options);
}
Result<Tensor> inner(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.inner", {a, b}, {}, options);
}
Result<Tensor> outer(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.outer", {a, b}, {}, options);
}
Result<Tensor> vdot(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.vdot", {a, b}, {}, options);
}
Result<Tensor> kron(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.kron", {a, b}, {}, options);
}
Result<Tensor> matvec(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.matvec", {a, b}, {}, options);
}
Result<Tensor> vecmat(const TensorView& a, const TensorView& b, const Options& options) {
  return call_tensor("numpy.vecmat", {a, b}, {}, options);
}
Result<Tensor> vecdot(const TensorView& a, const TensorView& b, int64_t axis,
                      const Options& options) {
  return call_tensor("numpy.vecdot", {a, b, axis}, {}, options);
}
Result<Tensor> tensordot(const TensorView& a, const TensorView& b, const Value& axes,
                         const Options& options) {
  return call_tensor("numpy.tensordot", {a, b, axes}, {}, options);
}

Result<Tensor> einsum(std::string_view subscripts, const std::vector<TensorView>& operands,
                      const EinsumArguments& arguments, const Options& options) {
  return call_tensor(
      "numpy.einsum", {std::string(subscripts), list_of(operands)},
      {{"dtype", arguments.dtype ? Value(std::string(to_string(*arguments.dtype))) : Value(None{})},
       {"order", arguments.order},
       {"casting", arguments.casting},
       {"optimize", arguments.optimize}},
      options);
}

Result<void> einsum(std::string_view subscripts, const std::vector<TensorView>& operands,
                    const TensorView& out, const EinsumArguments& arguments,
                    const Options& options) {
  const auto done = call(
      "numpy.einsum", {std::string(subscripts), list_of(operands)},
      {{"out", out},
       {"dtype", arguments.dtype ? Value(std::string(to_string(*arguments.dtype))) : Value(None{})},
       {"order", arguments.order},
       {"casting", arguments.casting},
       {"optimize", arguments.optimize}},
      options);
  if (!done) return done.error();
  return {};
}

}  // namespace np
}  // namespace einc
