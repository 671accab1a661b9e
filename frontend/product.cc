#include "frontend/product.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/lowered_call.h"

namespace einc {
namespace {

bool is_number(DType dtype) { return info(dtype).kind >= Kind::kReal; }

}  // namespace

DType keras_promote(DType a, DType b) {
  if (is_number(a) == is_number(b)) return promote(a, b);
  return is_number(a) ? a : b;
}

Product::Product(std::string_view call, std::array<std::string_view, 2> names, const TensorView& a,
                 const TensorView& b)
    : call_(call), names_(names), operands_{a, b} {
  for (const Side side : {kA, kB})
    for (int64_t axis = 0; axis < rank(side); ++axis) {
      labels_[side].push_back(static_cast<Label>(infos_.size()));
      infos_.push_back({std::string(names[side]) + std::to_string(axis), extent(side, axis)});
      meetings_[side].push_back(Meeting::kNone);
    }
}

std::string Product::describe(Side side) const {
  return std::string(names_[side]) + " is " + to_string(type(side));
}

void Product::fail(ErrorCode code, std::string_view rule, const std::string& message) {
  if (!error_) error_ = call_error(call_, code, rule, message);
}

void Product::require_rank(Side side, int64_t least, int64_t most, std::string_view hint) {
  if (rank(side) >= least && rank(side) <= most) return;
  std::string allowed = "rank " + std::to_string(least);
  if (most > least) allowed += most >= INT32_MAX ? " or more" : " to " + std::to_string(most);
  fail(ErrorCode::kShape, "rank",
       describe(side) + " of rank " + std::to_string(rank(side)) + " but needs " + allowed +
           (hint.empty() ? "" : "; " + std::string(hint)));
}

int64_t Product::resolve_axis(Side side, int64_t axis) {
  if (axis >= -rank(side) && axis < rank(side)) return axis < 0 ? axis + rank(side) : axis;
  fail(ErrorCode::kArgument, "axis-out-of-range",
       "axis " + std::to_string(axis) + " is out of range for " + std::string(names_[side]) +
           " of rank " + std::to_string(rank(side)));
  return 0;
}

void Product::require_distinct(Side side, const std::vector<int64_t>& axes) {
  std::vector<int64_t> sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    fail(ErrorCode::kArgument, "duplicate-axis",
         "axis " + std::to_string(*twice) + " of " + std::string(names_[side]) +
             " is contracted twice");
}

std::string Product::mismatch(int64_t a_axis, int64_t b_axis, std::string_view more) const {
  const auto axis_text = [&](Side side, int64_t axis) {
    return "axis " + std::to_string(axis) + " of " + std::string(names_[side]) + " is " +
           std::to_string(extent(side, axis));
  };
  return axis_text(kA, a_axis) + " but " + axis_text(kB, b_axis) + std::string(more) + " (" +
         describe(kA) + ", " + describe(kB) + ")";
}

void Product::require_equal(int64_t a_axis, int64_t b_axis) {
  if (!failed() && extent(kA, a_axis) != extent(kB, b_axis))
    fail(ErrorCode::kShape, "dim-mismatch", mismatch(a_axis, b_axis, ""));
}

void Product::meet(int64_t a_axis, int64_t b_axis, bool stretches, std::string_view rule,
                   Meeting meeting) {
  if (failed()) return;
  const int64_t a = extent(kA, a_axis);
  const int64_t b = extent(kB, b_axis);
  if (a != b && !(stretches && (a == 1 || b == 1)))
    return fail(ErrorCode::kShape, rule,
                mismatch(a_axis, b_axis,
                         rule == "broadcast"        ? ", and neither is 1"
                         : rule == "batch-mismatch" ? ", and a batch does not broadcast here"
                                                    : ""));
  // A's label stands for both; it has the extent of the one that is not stretched.
  const Label shared = label(kA, a_axis);
  infos_[static_cast<size_t>(shared)].extent = a == 1 ? b : a;
  labels_[kB][static_cast<size_t>(b_axis)] = shared;
  meetings_[kA][static_cast<size_t>(a_axis)] = meeting;
  meetings_[kB][static_cast<size_t>(b_axis)] = meeting;
}

void Product::contract(int64_t a_axis, int64_t b_axis) {
  meet(a_axis, b_axis, false, "dim-mismatch", Meeting::kContracted);
}

void Product::contract_stretched(int64_t a_axis, int64_t b_axis) {
  meet(a_axis, b_axis, true, "dim-mismatch", Meeting::kContracted);
}

void Product::share(int64_t a_axis, int64_t b_axis) {
  meet(a_axis, b_axis, false, "batch-mismatch", Meeting::kKept);
}

void Product::share_stretched(int64_t a_axis, int64_t b_axis) {
  meet(a_axis, b_axis, true, "batch-mismatch", Meeting::kKept);
}

void Product::broadcast(int64_t a_count, int64_t b_count) {
  std::vector<int64_t> a_axes(static_cast<size_t>(a_count));
  std::vector<int64_t> b_axes(static_cast<size_t>(b_count));
  std::iota(a_axes.begin(), a_axes.end(), 0);
  std::iota(b_axes.begin(), b_axes.end(), 0);
  broadcast(a_axes, b_axes);
}

void Product::broadcast_others(int64_t a_axis, int64_t b_axis) {
  const auto others = [&](Side side, int64_t left_out) {
    std::vector<int64_t> axes;
    for (int64_t axis = 0; axis < rank(side); ++axis)
      if (axis != left_out) axes.push_back(axis);
    return axes;
  };
  broadcast(others(kA, a_axis), others(kB, b_axis));
}

void Product::broadcast(const std::vector<int64_t>& a_axes, const std::vector<int64_t>& b_axes) {
  const size_t both = std::min(a_axes.size(), b_axes.size());
  for (size_t i = 0; i < both; ++i)
    meet(a_axes[a_axes.size() - both + i], b_axes[b_axes.size() - both + i], true, "broadcast",
         Meeting::kKept);
  if (failed()) return;
  const Side longer = a_axes.size() >= b_axes.size() ? kA : kB;
  for (const int64_t axis : longer == kA ? a_axes : b_axes)
    broadcast_.push_back(label(longer, axis));
}

std::vector<Label> Product::free_labels(Side side) const {
  std::vector<Label> labels;
  for (size_t axis = 0; axis < labels_[side].size(); ++axis) {
    const Meeting meeting = meetings_[side][axis];
    if (meeting == Meeting::kNone || (meeting == Meeting::kKept && side == kA))
      labels.push_back(labels_[side][axis]);
  }
  return labels;
}

std::vector<Label> Product::all_free() const {
  std::vector<Label> labels = free_labels(kA);
  for (const Label label : free_labels(kB)) labels.push_back(label);
  return labels;
}

void Product::normalize(Side side, int64_t axis, double epsilon) {
  if (failed()) return;
  if (info(type(side).dtype).kind != Kind::kReal)
    return fail(ErrorCode::kDType, "dtype",
                "cannot normalize " + std::string(names_[side]) + ", which is " +
                    std::string(to_string(type(side).dtype)) + "; cast it to float32 or float64");
  normalized_[side] = AxisNorm{axis, epsilon};
}

std::optional<DType> Product::result_dtype() const {
  const DType a = type(kA).dtype;
  const DType b = type(kB).dtype;
  switch (mixing_) {
    case Mixing::kPromote:
      return promote(a, b);
    case Mixing::kKeras:
      return keras_promote(a, b);
    case Mixing::kWithinKind: {
      const bool agree = is_number(a) == is_number(b) && (a == DType::kBool) == (b == DType::kBool);
      // uint64 and a signed integer have no common integer.
      const DType common = promote(a, b);
      if (agree && is_number(common) == is_number(a)) return common;
      return std::nullopt;
    }
    case Mixing::kSame:
      break;
  }
  if (a == b) return a;
  return std::nullopt;
}

Result<Tensor> Product::run(const std::vector<Label>& output, const Options& options,
                            const std::optional<std::vector<int64_t>>& shape) {
  if (!error_ && !dtype_) {
    dtype_ = result_dtype();
    if (!dtype_)
      fail(ErrorCode::kDType, "dtype",
           "the operands do not promote to a common dtype here; cast one (" + describe(kA) + ", " +
               describe(kB) + ")");
  }
  if (error_) return *error_;
  LoweredCall call(call_, infos_);
  for (const Side side : {kA, kB}) {
    Operand& operand = call.add_input(operands_[side], labels_[side]);
    operand.conjugate = conjugated_[side] && info(operand.dtype).kind == Kind::kComplex;
    if (const auto& norm = normalized_[side])
      operand.normalize = Normalization{label(side, norm->axis), norm->epsilon};
  }
  return call.run(*dtype_, output, shape, options);
}

Result<Tensor> Product::run_flat(const Options& options) {
  if (error_) return *error_;
  if (type(kA).extents == type(kB).extents) {
    for (int64_t axis = 0; axis < rank(kA); ++axis) contract(axis, axis);
    return run({}, options);
  }
  // No strides say "row-major" of both shapes at once: whoever lies otherwise is copied.
  std::array<TensorView, 2> flat = operands_;
  std::array<Tensor, 2> copies;
  for (const Side side : {kA, kB}) {
    TensorView& operand = flat[side];
    if (operand.type != TensorType::row_major(operand.type.dtype, operand.type.extents)) {
      LoweredCall copy(call_);
      const std::vector<Label> labels = copy.add_labels(names_[side], operand.type);
      copy.add_input(operand, labels);
      auto copied = copy.run(operand.type.dtype, labels, std::nullopt, options);
      if (!copied) return copied.error();
      copies[side] = *std::move(copied);
      operand = copies[side];
    }
    operand.type = TensorType::row_major(operand.type.dtype, {element_count(operand.type.extents)});
  }
  Product flattened(call_, names_, flat[kA], flat[kB]);
  flattened.conjugated_ = conjugated_;
  flattened.mixing_ = mixing_;
  flattened.dtype_ = dtype_;
  flattened.contract(0, 0);
  return flattened.run({}, options);
}

}  // namespace einc
