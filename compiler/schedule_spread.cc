// Contractions whose output has short labels of both operands innermost: vectors lie along a run of
// C that is made of both, and each operand is spread over their lanes while it is packed. Then
// every multiply-add takes two vectors, as in an outer product, and whole lines of C come out.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/register_tile.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

// Whether one row after the other is written, or one vector of all rows, for which less has to stay
// in L1.
enum class Order { kVectorsInside, kVectorsOutside };

// P has C's innermost label, Q the next one.
class SpreadScheduler : ContractionAxes {
 public:
  SpreadScheduler(const ContractionForm& form, const Target& target, Order order)
      : ContractionAxes(form),
        target_(target),
        order_(order),
        bytes_(info(form.step.compute).bytes) {
    if (find_contiguous(n, kC) < 0) {  // n is P's
      std::swap(m, n);
      std::swap(p_, q_);
    }
  }

  std::optional<LoopNest> run() {
    if (!choose_run() || !choose_tile() || !choose_blocks()) return std::nullopt;
    build();
    verify(nest);
    return std::move(nest);
  }

 private:
  int64_t lanes() const { return lanes_of(nest.compute, target_); }

  // How much of Q's label makes whole lines of C, or a few vectors. It becomes an axis of its own:
  // P, spread once, meets all of the label.
  bool choose_run() {
    y_ = find_contiguous(n, kC);
    if (y_ < 0 || extent(y_) >= 4 * lanes()) return false;
    const auto next = std::find_if(m.begin(), m.end(),
                                   [&](int axis) { return nest.stride(kC, axis) == extent(y_); });
    if (next == m.end()) return false;
    const int64_t whole_lines = std::lcm(extent(y_), 64 / bytes_) / extent(y_);
    const int z = *next;
    const int64_t some = ceil_div(4 * lanes(), extent(y_));
    for (const int64_t unit : {whole_lines, some, std::min(some, extent(z))})
      if (extent(z) % unit == 0) {
        inner_z_ = cut(z, unit, m);
        return extent(y_) * unit >= lanes();
      }
    return false;
  }

  // Makes an axis of so many neighbouring positions of another one, which keeps the steps between
  // such parts. Returns its number.
  int cut(int axis, int64_t positions, std::vector<int>& group) {
    Axis& parts = nest.axes[static_cast<size_t>(axis)];
    if (parts.extent == positions) return axis;
    nest.axes.push_back(einc::cut(parts, positions));
    group.push_back(static_cast<int>(nest.axes.size()) - 1);
    return group.back();
  }

  int64_t run_length() const { return extent(inner_z_) * extent(y_); }

  // A group's labels outside the run, those first whose rows lie close in C.
  std::vector<int> rows_of(const std::vector<int>& group) const {
    std::vector<int> rows;
    for (const int axis : group)
      if (axis != y_ && axis != inner_z_) rows.push_back(axis);
    sort_by(rows, [&](int axis) { return std::abs(nest.stride(kC, axis)); });
    return rows;
  }

  // The tile that takes the fewest cycles for each of its rows, of as good ones that of the closest
  // rows.
  bool choose_tile() {
    constexpr int64_t kMost = 8;
    double fewest = std::numeric_limits<double>::infinity();
    for (const int of_p : rows_of(n))
      for (const int of_q : rows_of(m))
        for (int64_t x = 1; x <= std::min(kMost, extent(of_p)); ++x)
          for (int64_t y = 1; y <= std::min(kMost, extent(of_q)); ++y) {
            if (extent(of_q) % y != 0 || !fits(x, y)) continue;
            const auto products = static_cast<double>(x * y);
            const auto loads = static_cast<double>(x + y);
            const double ragged = static_cast<double>(ceil_div(extent(of_p), x) * x) /
                                  static_cast<double>(extent(of_p));
            const double cycles = (std::max(products, loads) + 1) / products * ragged;
            if (cycles >= fewest) continue;
            fewest = cycles;
            p_row_ = {of_p, x};
            q_row_ = {of_q, y};
          }
    if (fewest == std::numeric_limits<double>::infinity()) return false;
    const int parts = q_row_.axis;
    q_row_.axis = cut(parts, q_row_.count, m);  // a tile's second dim is a whole axis
    return true;
  }

  // Beside the sums, a vector of each of Q's rows and one of P's.
  bool fits(int64_t x, int64_t y) const {
    const int parts = info(nest.compute).kind == Kind::kComplex ? 2 : 1;
    const auto others = static_cast<int>(y) - 1;
    return fits_registers(x * y, 1, nest.compute, target_, parts * others);
  }

  // Both blocks stay in L2.
  bool choose_blocks() {
    sizes_.assign(nest.axes.size(), 1);
    const int64_t row_bytes = extent(k) * run_length() * bytes_;
    return take(rows_of(n), p_row_, target_.l2_bytes / 2 / row_bytes) &&
           take(rows_of(m), q_row_, target_.l2_bytes / 4 / row_bytes);
  }

  // Takes up to `room` positions into a block, of the tile's axis first. False if that is less than
  // a tile.
  bool take(std::vector<int> axes, const TileDim& tile, int64_t room) {
    if (room < tile.count) return false;
    sort_by(axes, [&](int axis) { return std::abs(nest.stride(kC, axis)); });
    sort_by(axes, [&](int axis) { return axis != tile.axis; });
    for (const int axis : axes) {
      const int64_t unit = axis == tile.axis ? tile.count : 1;
      size(axis) = room >= extent(axis) ? extent(axis) : std::max(room / unit, int64_t{1}) * unit;
      room = std::max(room / size(axis), int64_t{1});
    }
    return true;
  }

  int64_t& size(int axis) { return sizes_[static_cast<size_t>(axis)]; }

  // One after the other as C lies.
  std::vector<Step> steps_of(std::vector<int> axes) {
    sort_by(axes, [&](int axis) { return -std::abs(nest.stride(kC, axis)); });
    std::vector<Step> steps;
    for (const int axis : axes) steps.push_back({axis, size(axis)});
    return steps;
  }

  // The run for each term of each row.
  int pack(NestBuilder& builder, int operand, const std::vector<int>& rows) {
    BufferBuilder layout(nest, builder);
    layout.add(y_, extent(y_));
    layout.add(inner_z_, extent(inner_z_));
    layout.alias(flat_, 1);
    layout.pad();
    for (size_t i = k.size(); i-- > 0;) layout.add(k[i], extent(k[i]));
    for (const int row : rows) layout.add(row, builder.range(row));
    const int buffer = layout.finish(lanes());
    builder.local(buffer);
    const auto here = builder.place();
    copy(nest, builder, operand, nest.buffer_index(buffer), target_, {.ignored = {flat_}});
    builder.return_to(here);
    return nest.buffer_index(buffer);
  }

  void build() {
    nest.axes.push_back({"run", false, run_length(), {0, 0, 1}, {inner_z_, y_}});
    flat_ = static_cast<int>(nest.axes.size()) - 1;
    NestBuilder builder(nest);
    std::vector<Step> p_steps = steps_of(batch);
    for (const Step& step : steps_of(rows_of(n))) p_steps.push_back(step);
    const std::vector<Step> q_steps = steps_of(rows_of(m));
    builder.parallel_loops(q_steps, builder.parallel_loops(p_steps, tasks()));
    builder.loops(p_steps);
    const int p = pack(builder, p_, rows_of(n));
    builder.loops(q_steps);
    const int q = pack(builder, q_, rows_of(m));
    if (order_ == Order::kVectorsOutside) builder.loop({flat_, lanes()});
    for (const auto& [group, row] : {std::pair(&n, p_row_), std::pair(&m, q_row_)})
      for (const int axis : rows_of(*group)) builder.loop({axis, axis == row.axis ? row.count : 1});
    if (order_ == Order::kVectorsInside) builder.loop({flat_, lanes()});
    Tile tile{.inputs = {p, q},
              .output = kC,
              .rows = {p_row_, q_row_},
              .columns = {{flat_, lanes()}},
              .lanes = static_cast<int>(lanes()),
              .reduce_axes = k};
    tile.streams = streams_whole_lines(nest, builder, tile, target_);
    if (!tile.streams && is_streamed(kC, target_)) tile.prefetches.push_back({kC, 0});
    builder.leaf(std::move(tile));
  }

  const Target& target_;
  const Order order_;
  int64_t bytes_;
  int p_ = 1;
  int q_ = 0;
  int y_ = -1;        // C is contiguous along it
  int inner_z_ = -1;  // the part of C's next label that is in a run
  TileDim p_row_, q_row_;
  std::vector<int64_t> sizes_;  // positions of each axis in a block
  int flat_ = -1;               // walks the run
};

}  // namespace

std::vector<LoopNest> schedule_spread(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  for (const Order order : {Order::kVectorsInside, Order::kVectorsOutside})
    if (auto nest = SpreadScheduler(form, target, order).run()) nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
