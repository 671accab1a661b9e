#include "frontend/products.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/product.h"

namespace einc {
namespace {

constexpr auto kA = Product::kA;
constexpr auto kB = Product::kB;

constexpr const char* kForms = "; give an int, a pair of ints or a pair of lists of ints";

std::vector<Label> with(std::vector<Label> labels, const std::vector<Label>& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

}  // namespace

Result<Tensor> run_dot(Product& product, const Options& options) {
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  if (a > 0 && b > 0) product.contract(a - 1, std::max<int64_t>(b - 2, 0));
  return product.run(product.all_free(), options);
}

Result<Tensor> run_matmul(Product& product, const Options& options, bool transpose_a,
                          bool transpose_b) {
  product.require_rank(Product::kA, 1, kAnyRank, "a scalar has no axis to contract; multiply it");
  product.require_rank(Product::kB, 1, kAnyRank, "a scalar has no axis to contract; multiply it");
  if (product.failed()) return product.run({}, options);
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  const bool a_is_matrix = a >= 2;
  const bool b_is_matrix = b >= 2;
  const int64_t a_k = a_is_matrix && transpose_a ? a - 2 : a - 1;
  const int64_t b_k = b_is_matrix && !transpose_b ? b - 2 : b - 1;
  product.contract(a_k, b_k);
  product.broadcast(std::max<int64_t>(a - 2, 0), std::max<int64_t>(b - 2, 0));
  std::vector<Label> output = product.broadcast_labels();
  if (a_is_matrix) output.push_back(product.label(kA, 2 * a - 3 - a_k));
  if (b_is_matrix) output.push_back(product.label(kB, 2 * b - 3 - b_k));
  return product.run(output, options);
}

Result<Tensor> run_matvec(Product& product, const Options& options, bool transpose_a) {
  product.require_rank(kA, 2, kAnyRank, "the first operand is a matrix");
  product.require_rank(kB, 1, kAnyRank, "the second operand is a vector");
  if (product.failed()) return product.run({}, options);
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  product.contract(transpose_a ? a - 2 : a - 1, b - 1);
  product.broadcast(a - 2, b - 1);
  return product.run(
      with(product.broadcast_labels(), {product.label(kA, transpose_a ? a - 1 : a - 2)}), options);
}

Result<Tensor> run_vecmat(Product& product, const Options& options) {
  product.require_rank(kA, 1, kAnyRank, "the first operand is a vector");
  product.require_rank(kB, 2, kAnyRank, "the second operand is a matrix");
  if (product.failed()) return product.run({}, options);
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  product.conjugate(kA);
  product.contract(a - 1, b - 2);
  product.broadcast(a - 1, b - 2);
  return product.run(with(product.broadcast_labels(), {product.label(kB, b - 1)}), options);
}

Result<Tensor> run_inner(Product& product, const Options& options) {
  if (product.rank(kA) > 0 && product.rank(kB) > 0)
    product.contract(product.rank(kA) - 1, product.rank(kB) - 1);
  return product.run(product.all_free(), options);
}

Result<Tensor> run_outer(Product& product, const Options& options) {
  return product.run(product.all_free(), options,
                     std::vector<int64_t>{element_count(product.type(kA).extents),
                                          element_count(product.type(kB).extents)});
}

Result<Tensor> run_vdot(Product& product, const Options& options, bool conjugates) {
  const std::vector<int64_t>& a = product.type(kA).extents;
  const std::vector<int64_t>& b = product.type(kB).extents;
  if (element_count(a) != element_count(b))
    product.fail(ErrorCode::kShape, "dim-mismatch",
                 "the operands have " + std::to_string(element_count(a)) + " and " +
                     std::to_string(element_count(b)) + " elements (" +
                     to_string(product.type(kA)) + ", " + to_string(product.type(kB)) + ")");
  if (conjugates) product.conjugate(kA);
  return product.run_flat(options);
}

Result<Tensor> run_kron(Product& product, const Options& options) {
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  const int64_t rank = std::max(a, b);
  std::vector<Label> output;
  std::vector<int64_t> shape;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t extent = 1;
    const auto take = [&](Product::Side side, int64_t axis) {
      if (axis < 0) return;
      output.push_back(product.label(side, axis));
      extent *= product.extent(side, axis);
    };
    take(kA, d - (rank - a));
    take(kB, d - (rank - b));
    shape.push_back(extent);
  }
  return product.run(output, options, shape);
}

Result<Tensor> run_vecdot(Product& product, int64_t axis, const Options& options) {
  product.require_rank(kA, 1, kAnyRank, "a scalar has no axis to contract; multiply it");
  product.require_rank(kB, 1, kAnyRank, "a scalar has no axis to contract; multiply it");
  const int64_t a_axis = product.resolve_axis(kA, axis);
  const int64_t b_axis = product.resolve_axis(kB, axis);
  if (product.failed()) return product.run({}, options);
  product.conjugate(kA);
  product.contract(a_axis, b_axis);
  product.broadcast_others(a_axis, b_axis);
  return product.run(product.broadcast_labels(), options);
}

// ---- tensordot

AxisLists axis_lists(Product& product, const Value& axes, const TensordotRules& rules) {
  const auto refuse = [&](const std::string& reason) {
    product.fail(ErrorCode::kArgument, "axes-format",
                 "axes is " + to_string(axes) + reason + kForms);
    return AxisLists{};
  };
  if (const auto* const given = axes.as<int64_t>()) {
    int64_t count = *given;
    if (count < 0 && !rules.negative_count) return refuse(", and a count of axes is not negative");
    count = std::max<int64_t>(count, 0);
    for (const auto side : {kA, kB})
      if (count > product.rank(side))
        product.fail(ErrorCode::kArgument, "axis-out-of-range",
                     "cannot contract " + std::to_string(count) + " axes of an operand of rank " +
                         std::to_string(product.rank(side)) + " (" + to_string(product.type(side)) +
                         ")");
    if (product.failed()) return {};
    AxisLists lists{std::vector<int64_t>(static_cast<size_t>(count)),
                    std::vector<int64_t>(static_cast<size_t>(count))};
    std::iota(lists.a.begin(), lists.a.end(), product.rank(kA) - count);
    std::iota(lists.b.begin(), lists.b.end(), 0);
    return lists;
  }
  const List* const pair = axes.as<List>();
  if (pair == nullptr || pair->size() != 2) return refuse("");
  const bool ints[] = {(*pair)[0].as<int64_t>() != nullptr, (*pair)[1].as<int64_t>() != nullptr};
  if (ints[0] && ints[1] && !rules.int_pair) return refuse("; two ints are not taken here");
  if (ints[0] != ints[1] && !rules.mixed_pair) return refuse("; an int meets a list");
  AxisLists lists;
  for (const auto& [entry, list] : {std::pair(&(*pair)[0], &lists.a), {&(*pair)[1], &lists.b}}) {
    if (const auto* const one = entry->as<int64_t>()) {
      list->push_back(*one);
    } else if (const List* const several = entry->as<List>()) {
      for (const Value& axis : *several) {
        if (!axis.as<int64_t>()) return refuse("");
        list->push_back(*axis.as<int64_t>());
      }
    } else {
      return refuse("");
    }
  }
  if (lists.a.size() != lists.b.size())
    return refuse(", which pairs " + std::to_string(lists.a.size()) + " with " +
                  std::to_string(lists.b.size()) + " axes");
  return lists;
}

Result<Tensor> run_tensordot(Product& product, const Value& axes, const TensordotRules& rules,
                             const Options& options) {
  AxisLists lists = axis_lists(product, axes, rules);
  for (const auto& [side, list] : {std::pair(kA, &lists.a), {kB, &lists.b}}) {
    for (int64_t& axis : *list) {
      if (axis < 0 && !rules.negative_axes) {
        product.fail(ErrorCode::kArgument, "axis-out-of-range",
                     "axis " + std::to_string(axis) + " is negative, which is not taken here");
      } else {
        axis = product.resolve_axis(side, axis);
      }
    }
    product.require_distinct(side, *list);
  }
  for (size_t i = 0; !product.failed() && i < lists.a.size(); ++i)
    rules.stretches ? product.contract_stretched(lists.a[i], lists.b[i])
                    : product.contract(lists.a[i], lists.b[i]);
  return product.run(product.all_free(), options);
}

}  // namespace einc
