// What the two-operand calls have in common: axes of one operand meet axes of the other, and the
// result has the labels that are left. The first rule that is broken becomes the call's error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/lowered_call.h"

namespace einc {

// How the dtypes of the operands combine.
enum class Mixing : uint8_t {
  kPromote,     // to their common type, as NumPy
  kSame,        // they must agree
  kWithinKind,  // as the array API: integers with integers, floats and complex with each other
  kKeras,       // as Keras 3: an integer and a float give the float
};

// keras.backend.result_type: a float wins over an integer, whatever their sizes.
DType keras_promote(DType a, DType b);

class Product {
 public:
  enum Side : uint8_t { kA = 0, kB = 1 };

  // `names` of the operands, as the call's parameters are named.
  Product(std::string_view call, std::array<std::string_view, 2> names, const TensorView& a,
          const TensorView& b);

  const TensorType& type(Side side) const { return operands_[side].type; }
  int64_t rank(Side side) const { return type(side).rank(); }
  int64_t extent(Side side, int64_t axis) const {
    return type(side).extents[static_cast<size_t>(axis)];
  }

  // ---- Rules. Each does nothing once one was broken.

  void require_rank(Side side, int64_t least, int64_t most, std::string_view hint = {});
  // The axis counted from 0, of one that may count from the end.
  int64_t resolve_axis(Side side, int64_t axis);
  // Every axis of `axes` once.
  void require_distinct(Side side, const std::vector<int64_t>& axes);
  void fail(ErrorCode code, std::string_view rule, const std::string& message);
  bool failed() const { return error_.has_value(); }

  // ---- Meetings. Axes count from 0; an axis meets at most one other.

  void contract(int64_t a_axis, int64_t b_axis);            // extents agree; summed
  void contract_stretched(int64_t a_axis, int64_t b_axis);  // or one is 1; summed
  void share(int64_t a_axis, int64_t b_axis);               // extents agree; a batch
  void share_stretched(int64_t a_axis, int64_t b_axis);     // or one is 1
  // Refuses extents that differ (dim-mismatch); the axes meet later.
  void require_equal(int64_t a_axis, int64_t b_axis);
  // Extents agree or one is 1, for axes [0, a_count) and [0, b_count), aligned at the end.
  void broadcast(int64_t a_count, int64_t b_count);

  // The same for all axes but these.
  void broadcast_others(int64_t a_axis, int64_t b_axis);

  Label label(Side side, int64_t axis) const { return labels_[side][static_cast<size_t>(axis)]; }
  // Labels of a side that are neither contracted nor, if of B, met by A's.
  std::vector<Label> free_labels(Side side) const;
  // A's and B's free labels: the result of most calls.
  std::vector<Label> all_free() const;
  // The labels of the broadcast axes, outermost first.
  const std::vector<Label>& broadcast_labels() const { return broadcast_; }

  void conjugate(Side side) { conjugated_[side] = true; }
  void normalize(Side side, int64_t axis, double epsilon);
  void set_mixing(Mixing mixing) { mixing_ = mixing; }
  void set_dtype(DType dtype) { dtype_ = dtype; }  // of the result

  // Into a new tensor with these labels; `shape`, if given, has as many elements.
  Result<Tensor> run(const std::vector<Label>& output, const Options& options,
                     const std::optional<std::vector<int64_t>>& shape = std::nullopt);
  // The sum of the products of the elements, each operand's in row-major order. The operands have
  // as many elements.
  Result<Tensor> run_flat(const Options& options);

 private:
  enum class Meeting : uint8_t { kNone, kContracted, kKept };
  struct AxisNorm {
    int64_t axis;
    double epsilon;
  };

  void broadcast(const std::vector<int64_t>& a_axes, const std::vector<int64_t>& b_axes);
  std::string mismatch(int64_t a_axis, int64_t b_axis, std::string_view more) const;
  void meet(int64_t a_axis, int64_t b_axis, bool stretches, std::string_view rule, Meeting meeting);
  std::optional<DType> result_dtype() const;
  std::string describe(Side side) const;  // "a float32[2,3]"

  std::string call_;
  std::array<std::string_view, 2> names_;
  std::array<TensorView, 2> operands_;
  std::array<std::vector<Label>, 2> labels_;
  std::array<std::vector<Meeting>, 2> meetings_;  // of each axis
  std::array<bool, 2> conjugated_{};
  std::array<std::optional<AxisNorm>, 2> normalized_;
  std::vector<LabelInfo> infos_;
  std::vector<Label> broadcast_;
  Mixing mixing_ = Mixing::kPromote;
  std::optional<DType> dtype_;
  std::optional<Error> error_;
};

}  // namespace einc
