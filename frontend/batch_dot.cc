#include "frontend/batch_dot.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/product.h"
#include "frontend/products.h"

namespace einc {
namespace {

constexpr auto kA = Product::kA;
constexpr auto kB = Product::kB;

void require_batches(Product& product) {
  constexpr const char* kHint = "axis 0 is the batch; add an axis with expand_dims";
  product.require_rank(kA, 2, kAnyRank, kHint);
  product.require_rank(kB, 2, kAnyRank, kHint);
}

// An int for both, a pair of ints, or None for the default.
std::array<int64_t, 2> axis_pair(Product& product, const Value& axes,
                                 const std::array<int64_t, 2>& fallback) {
  if (axes.as<None>()) return fallback;
  if (const auto* const both = axes.as<int64_t>()) return {*both, *both};
  const List* const pair = axes.as<List>();
  if (pair && pair->size() == 2 && (*pair)[0].as<int64_t>() && (*pair)[1].as<int64_t>())
    return {*(*pair)[0].as<int64_t>(), *(*pair)[1].as<int64_t>()};
  product.fail(ErrorCode::kArgument, "axes-format",
               "axes is " + to_string(axes) + "; give an int or a pair of ints" +
                   (pair && pair->size() > 2 ? ", one axis for each operand" : ""));
  return fallback;
}

// (B,) becomes (B, 1).
Result<Tensor> run_at_least_2d(Product& product, const std::vector<Label>& output,
                               std::vector<int64_t> shape, const Options& options) {
  if (shape.size() == 1) shape.push_back(1);
  return product.run(output, options, shape);
}

// ---- The old form

// Both operands filled up with ones at the end, so that the ranks agree. A filling axis has no
// label and extent 1.
class Padded {
 public:
  explicit Padded(Product& product)
      : product_(product), rank_(std::max(product.rank(kA), product.rank(kB))) {}

  int64_t rank() const { return rank_; }

  int64_t extent(Product::Side side, int64_t axis) const {
    return is_real(side, axis) ? product_.extent(side, axis) : 1;
  }

  void share(int64_t axis) {
    if (is_real(kA, axis) && is_real(kB, axis)) {
      product_.share(axis, axis);
    } else if (extent(kA, axis) != extent(kB, axis)) {
      product_.fail(ErrorCode::kShape, "batch-mismatch",
                    "batch axis " + std::to_string(axis) + " is " +
                        std::to_string(extent(kA, axis)) + " in x but " +
                        std::to_string(extent(kB, axis)) + " in y" + shapes());
    }
  }

  void contract(int64_t a_axis, int64_t b_axis) {
    if (is_real(kA, a_axis) && is_real(kB, b_axis)) {
      product_.contract(a_axis, b_axis);
    } else if (extent(kA, a_axis) != extent(kB, b_axis)) {
      product_.fail(ErrorCode::kShape, "dim-mismatch",
                    "axis " + std::to_string(a_axis) + " of x is " +
                        std::to_string(extent(kA, a_axis)) + " but axis " + std::to_string(b_axis) +
                        " of y is " + std::to_string(extent(kB, b_axis)) + shapes());
    }
  }

  void append(Product::Side side, int64_t axis) {
    entries_.push_back(
        {is_real(side, axis) ? std::optional(product_.label(side, axis)) : std::nullopt,
         extent(side, axis)});
  }

  // Removes `count` axes of the result from `first` on, each of extent 1.
  void squeeze(int64_t first, int64_t count) {
    if (product_.failed()) return;
    const auto begin = entries_.begin() + std::min<int64_t>(first, rank_);
    const bool in_range = first + count <= rank_;
    if (!in_range ||
        std::any_of(begin, begin + count, [](const Entry& e) { return e.extent != 1; }))
      return product_.fail(ErrorCode::kShape, "rank",
                           "operands of these ranks have no product in the old form" + shapes());
    entries_.erase(begin, begin + count);
  }

  Result<Tensor> run(const Options& options) {
    std::vector<Label> output;
    std::vector<int64_t> shape;
    for (const Entry& entry : entries_) {
      if (entry.label) output.push_back(*entry.label);
      shape.push_back(entry.extent);
    }
    return run_at_least_2d(product_, output, shape, options);
  }

 private:
  struct Entry {
    std::optional<Label> label;
    int64_t extent;
  };

  bool is_real(Product::Side side, int64_t axis) const { return axis < product_.rank(side); }
  std::string shapes() const {
    return " (x is " + to_string(product_.type(kA)) + ", y is " + to_string(product_.type(kB)) +
           ")";
  }

  Product& product_;
  int64_t rank_;
  std::vector<Entry> entries_;  // of the result
};

// The elementwise product of x, or of its transpose, with y, summed along one axis.
Result<Tensor> run_old_matrices(Product& product, const std::array<int64_t, 2>& axes,
                                const Options& options) {
  product.resolve_axis(kA, axes[0]);
  const int64_t y_summed = product.resolve_axis(kB, axes[1]);
  if (product.failed()) return product.run({}, options);
  const int64_t y_kept = 1 - y_summed;
  const bool transposes = axes[0] != axes[1];
  const int64_t x_summed = transposes ? y_kept : y_summed;
  product.contract_stretched(x_summed, y_summed);
  product.share_stretched(1 - x_summed, y_kept);
  if (product.failed()) return product.run({}, options);
  const int64_t extent = product.extent(kA, 1 - x_summed) == 1 ? product.extent(kB, y_kept)
                                                               : product.extent(kA, 1 - x_summed);
  return run_at_least_2d(product, {product.label(kA, 1 - x_summed)}, {extent}, options);
}

}  // namespace

Result<Tensor> run_batch_dot_new(Product& product, const Value& axes, const Options& options) {
  require_batches(product);
  if (product.failed()) return product.run({}, options);
  const int64_t b = product.rank(kB);
  std::array<int64_t, 2> pair =
      axis_pair(product, axes, {product.rank(kA) - 1, b == 2 ? b - 1 : b - 2});
  if (!product.failed()) product.share(0, 0);
  pair = {product.resolve_axis(kA, pair[0]), product.resolve_axis(kB, pair[1])};
  if (pair[0] == 0 || pair[1] == 0)
    product.fail(ErrorCode::kArgument, "axis-zero",
                 "axis 0 is the batch axis and cannot be contracted; add a batch axis with "
                 "expand_dims");
  product.contract(pair[0], pair[1]);
  if (product.failed()) return product.run({}, options);
  std::vector<int64_t> shape;
  for (const auto side : {kA, kB})
    for (int64_t axis = side == kA ? 0 : 1; axis < product.rank(side); ++axis)
      if (axis != pair[side]) shape.push_back(product.extent(side, axis));
  return run_at_least_2d(product, product.all_free(), shape, options);
}

Result<Tensor> run_batch_dot_old(Product& product, const Value& axes, const Options& options) {
  require_batches(product);
  if (product.failed()) return product.run({}, options);
  const int64_t a = product.rank(kA);
  const int64_t b = product.rank(kB);
  const std::array<int64_t, 2> pair = axis_pair(product, axes, {a - 1, b - 2});
  if (product.failed()) return product.run({}, options);
  if (a == 2 && b == 2) return run_old_matrices(product, pair, options);

  Padded padded(product);
  const int64_t last = padded.rank() - 1;
  // Anything but the literal last index means the second-to-last.
  const int64_t a_axis = pair[0] == last ? last : last - 1;
  const int64_t b_axis = pair[1] == last ? last : last - 1;
  for (int64_t axis = 0; axis < last - 1; ++axis) padded.share(axis);
  padded.contract(a_axis, b_axis);
  if (product.failed()) return product.run({}, options);
  for (int64_t axis = 0; axis < last - 1; ++axis) padded.append(axis < a ? kA : kB, axis);
  padded.append(kA, 2 * last - 1 - a_axis);
  padded.append(kB, 2 * last - 1 - b_axis);
  if (a > b) padded.squeeze(a + b - 3, a - b);
  if (b > a) padded.squeeze(a - 1, b - a);
  return padded.run(options);
}

}  // namespace einc
