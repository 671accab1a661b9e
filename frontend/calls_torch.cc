// torch.*. Rules: PyTorch's Linear.cpp, LinearAlgebra.cpp, Blas.cpp, functional.py.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "einc/torch.h"
#include "frontend/call_table.h"
#include "frontend/einsum_call.h"
#include "frontend/lowered_call.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

using Takes = Parameter::Kind;
constexpr auto kA = Product::kA;
constexpr auto kB = Product::kB;

constexpr TensordotRules kTensordot{.int_pair = false, .stretches = true};

// Of the row's first two parameters.
Product product_of(const Arguments& arguments) {
  const auto& parameters = arguments.row().parameters;
  Product product(arguments.row().name, {parameters[0].name, parameters[1].name},
                  arguments.tensor(parameters[0].name), arguments.tensor(parameters[1].name));
  product.set_mixing(Mixing::kSame);
  return product;
}

// Of operands of exactly these ranks.
template <int64_t kRankA, int64_t kRankB, auto kRun>
Result<CallResult> of_ranks(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  product.require_rank(kA, kRankA, kRankA);
  product.require_rank(kB, kRankB, kRankB);
  if (product.failed()) return wrapped(product.run({}, options));
  return wrapped(kRun(product, options));
}

template <auto kRun>
Result<CallResult> of_any_rank(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(kRun(product, options));
}

Result<Tensor> matmul(Product& product, const Options& options) {
  return run_matmul(product, options);
}

Result<Tensor> bmm(Product& product, const Options& options) {
  product.share(0, 0);
  product.contract(2, 1);
  return product.run(product.all_free(), options);
}

Result<Tensor> vdot(Product& product, const Options& options) {
  product.conjugate(kA);
  return run_dot(product, options);
}

Result<CallResult> tensordot(const Arguments& arguments, const Options& options) {
  Product product = product_of(arguments);
  return wrapped(run_tensordot(product, arguments["dims"], kTensordot, options));
}

// What is the matter with the operands of a baddbmm, if anything.
std::optional<Error> check_baddbmm(const Arguments& arguments) {
  const TensorType& input = arguments.tensor("input").type;
  const TensorType& x = arguments.tensor("batch1").type;
  const TensorType& y = arguments.tensor("batch2").type;
  const std::string types =
      " (" + to_string(input) + ", " + to_string(x) + ", " + to_string(y) + ")";
  const auto fail = [&](ErrorCode code, std::string_view rule, const std::string& message) {
    return call_error(arguments.row().name, code, rule, message + types);
  };
  if (x.rank() != 3 || y.rank() != 3 || input.rank() > 3)
    return fail(ErrorCode::kShape, "rank", "batch1 and batch2 need rank 3, input at most rank 3");
  if (input.dtype != x.dtype || x.dtype != y.dtype)
    return fail(ErrorCode::kDType, "dtype", "the operands must have one dtype; cast them");
  if (x.extents[0] != y.extents[0])
    return fail(ErrorCode::kShape, "batch-mismatch",
                "the batch is " + std::to_string(x.extents[0]) + " in batch1 but " +
                    std::to_string(y.extents[0]) + " in batch2, and does not broadcast");
  if (x.extents[2] != y.extents[1])
    return fail(ErrorCode::kShape, "dim-mismatch",
                "axis 2 of batch1 is " + std::to_string(x.extents[2]) +
                    " but axis 1 of batch2 is " + std::to_string(y.extents[1]));
  const int64_t result[] = {x.extents[0], x.extents[1], y.extents[2]};
  for (int d = 0; d < input.rank(); ++d) {
    const int64_t extent = input.extents[static_cast<size_t>(d)];
    const int64_t wanted = result[3 - input.rank() + d];
    if (extent != 1 && extent != wanted)
      return fail(ErrorCode::kShape, "broadcast",
                  "axis " + std::to_string(d) + " of input is " + std::to_string(extent) +
                      ", which does not expand to the result's " + std::to_string(wanted));
  }
  return std::nullopt;
}

Result<CallResult> baddbmm(const Arguments& arguments, const Options& options) {
  if (auto error = check_baddbmm(arguments)) return *error;
  const TensorView& input = arguments.tensor("input");
  const TensorView& x = arguments.tensor("batch1");
  const TensorView& y = arguments.tensor("batch2");
  const double beta = arguments.number("beta");
  const double alpha = arguments.number("alpha");
  const DType dtype = x.type.dtype;
  LoweredCall call(arguments.row().name);
  const Label b = call.add_label("b", x.type.extents[0]);
  const Label m = call.add_label("m", x.type.extents[1]);
  const Label n = call.add_label("n", y.type.extents[2]);
  const Label k = call.add_label("k", x.type.extents[2]);
  call.add_input(x, {b, m, k});
  call.add_input(y, {b, k, n});
  if (alpha != 1) call.add_scalar(alpha, dtype);
  if (beta != 0) {
    const std::vector<Label> result{b, m, n};
    call.add_addend(input, {result.end() - input.type.rank(), result.end()});
    if (beta != 1) call.add_scalar_addend(beta, dtype);
  }
  return wrapped(call.run(dtype, {b, m, n}, std::nullopt, options));
}

}  // namespace

std::span<const CallRow> torch_calls() {
  static const auto* const rows = [] {
    const auto pair = [](std::string_view a, std::string_view b) {
      return std::vector<Parameter>{{a, Takes::kTensor}, {b, Takes::kTensor}};
    };
    return new std::vector<CallRow>{
        {{"torch.mm", pair("input", "mat2"), "(m,k),(k,n)->(m,n)"}, of_ranks<2, 2, run_dot>},
        {{"torch.bmm", pair("input", "mat2"), "(b,m,k),(b,k,n)->(b,m,n)"}, of_ranks<3, 3, bmm>},
        {{"torch.mv", pair("input", "vec"), "(m,k),(k)->(m)"}, of_ranks<2, 1, run_dot>},
        {{"torch.dot", pair("input", "tensor"), "(n),(n)->()"}, of_ranks<1, 1, run_dot>},
        {{"torch.inner", pair("input", "other"), "last axis with last axis"},
         of_any_rank<run_inner>},
        {{"torch.outer", pair("input", "vec2"), "(m),(n)->(m,n)"}, of_ranks<1, 1, run_outer>},
        {{"torch.vdot", pair("input", "other"), "(n),(n)->(), input conjugated"},
         of_ranks<1, 1, vdot>},
        {{"torch.baddbmm",
          {{"input", Takes::kTensor},
           {"batch1", Takes::kTensor},
           {"batch2", Takes::kTensor},
           {"beta", Takes::kNumber, false, 1},
           {"alpha", Takes::kNumber, false, 1}},
          "beta * input + alpha * (batch1 @ batch2)"},
         baddbmm},
        {{"torch.matmul", pair("input", "other"), "as numpy.matmul"}, of_any_rank<matmul>},
        {{"torch.tensordot",
          {{"a", Takes::kTensor}, {"b", Takes::kTensor}, {"dims", Takes::kAny, false, 2}},
          "dims of a with dims of b; a count or a pair of lists"},
         tensordot},
        {{"torch.einsum",
          {{"equation", Takes::kString, false},
           {"operands", Takes::kTensors},
           {"sublists", Takes::kAny, false},
           {"out_sublist", Takes::kAny, false}},
          "torch.einsum, by PyTorch's grammar and rules"},
         torch_einsum},
    };
  }();
  return *rows;
}

namespace torch {

Result<Tensor> mm(const TensorView& input, const TensorView& mat2, const Options& options) {
  return call_tensor("torch.mm", {input, mat2}, {}, options);
}
Result<Tensor> bmm(const TensorView& input, const TensorView& mat2, const Options& options) {
  return call_tensor("torch.bmm", {input, mat2}, {}, options);
}
Result<Tensor> mv(const TensorView& input, const TensorView& vec, const Options& options) {
  return call_tensor("torch.mv", {input, vec}, {}, options);
}
Result<Tensor> dot(const TensorView& input, const TensorView& tensor, const Options& options) {
  return call_tensor("torch.dot", {input, tensor}, {}, options);
}
Result<Tensor> inner(const TensorView& input, const TensorView& other, const Options& options) {
  return call_tensor("torch.inner", {input, other}, {}, options);
}
Result<Tensor> outer(const TensorView& input, const TensorView& vec2, const Options& options) {
  return call_tensor("torch.outer", {input, vec2}, {}, options);
}
Result<Tensor> vdot(const TensorView& input, const TensorView& other, const Options& options) {
  return call_tensor("torch.vdot", {input, other}, {}, options);
}
Result<Tensor> baddbmm(const TensorView& input, const TensorView& batch1, const TensorView& batch2,
                       double beta, double alpha, const Options& options) {
  return call_tensor("torch.baddbmm", {input, batch1, batch2, beta, alpha}, {}, options);
}
Result<Tensor> matmul(const TensorView& input, const TensorView& other, const Options& options) {
  return call_tensor("torch.matmul", {input, other}, {}, options);
}
Result<Tensor> tensordot(const TensorView& a, const TensorView& b, const Value& dims,
                         const Options& options) {
  return call_tensor("torch.tensordot", {a, b, dims}, {}, options);
}
Result<Tensor> einsum(std::string_view equation, const std::vector<TensorView>& operands,
                      const Options& options) {
  return call_tensor("torch.einsum", {std::string(equation), list_of(operands)}, {}, options);
}

}  // namespace torch
}  // namespace einc
