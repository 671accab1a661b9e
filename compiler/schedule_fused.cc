// Contractions by blocks of which each is a plain matrix product: labels of a block are flattened
// into rows and columns, whatever their extents and order, C's block is built in scratch and copied
// to its places (GETT: Springer, Bientinesi, "Design of a high-performance GEMM-like tensor-tensor
// multiplication", 2018). P is read where it lies, if it has a block side by side.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
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

struct FusedChoice {
  bool columns_from_a;  // P is A, else B
  bool packs_p;
  bool in_runs = false;  // of what P has side by side, in blocks that meet all of Q
};

class FusedScheduler : ContractionAxes {
 public:
  FusedScheduler(const ContractionForm& form, const Target& target, const FusedChoice& choice)
      : ContractionAxes(form),
        target_(target),
        choice_(choice),
        p_(choice.columns_from_a ? 0 : 1),
        q_(choice.columns_from_a ? 1 : 0),
        bytes_(info(form.step.compute).bytes) {
    if (choice.columns_from_a) std::swap(m, n);
    y_ = find_contiguous(n, kC) >= 0 ? find_contiguous(n, kC) : find_contiguous(m, kC);
    sizes_.resize(nest.axes.size(), 1);
    take_inner_batch();
  }

  std::optional<LoopNest> run() {
    if (y_ < 0 && inner_batch_.empty()) return std::nullopt;
    for (const int axis : k) k_steps_.push_back({axis, extent(axis)});
    if (choice_.in_runs ? !choose_runs() : !choose_blocks()) return std::nullopt;
    add_flat_axes();
    build();
    verify(nest);
    return std::move(nest);
  }

 private:
  int64_t lanes() const { return lanes_of(nest.compute, target_); }
  int64_t& size(int axis) { return sizes_[static_cast<size_t>(axis)]; }
  int64_t size(int axis) const { return sizes_[static_cast<size_t>(axis)]; }
  bool contains(const std::vector<int>& axes, int axis) const {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  }

  // ---- Blocks

  // Batch labels among the short runs of C, or along which both operands are contiguous before they
  // are packed: a block has many of their positions.
  void take_inner_batch() {
    const int64_t line = 64 / bytes_;
    for (const int axis : batch)
      if (std::abs(nest.stride(kC, axis)) < line ||
          (choice_.packs_p && nest.stride(q_, axis) == 1 && nest.stride(p_, axis) == 1))
        inner_batch_.push_back(axis);
    int64_t room = 2 * line;
    for (const int axis : inside_out(inner_batch_, kC)) {
      size(axis) = std::min(extent(axis), room);
      room = std::max<int64_t>(room / size(axis), 1);
    }
  }

  int64_t inner_batch() const {
    int64_t positions = 1;
    for (const int axis : inner_batch_) positions *= size(axis);
    return positions;
  }

  // Elements of P and Q for each row and column of a block.
  int64_t terms() const { return extent(k) * inner_batch(); }

  // Axes of a group, innermost first as an operand lies.
  std::vector<int> inside_out(std::vector<int> axes, int operand) const {
    sort_by(axes, [&](int axis) { return std::abs(nest.stride(operand, axis)); });
    return axes;
  }

  // Takes whole axes, then a share of one, up to `most` positions in all. Returns how many.
  int64_t take(const std::vector<int>& axes, int64_t most, std::vector<int>& block) {
    int64_t taken = 1;
    for (const int axis : axes) {
      if (most / taken < 2) break;
      size(axis) = largest_divisor(extent(axis), most / taken);
      if (size(axis) == 1) break;
      block.insert(block.begin(), axis);
      taken *= size(axis);
      if (size(axis) < extent(axis)) break;
    }
    return taken;
  }

  // Axes of P that lie side by side, innermost first.
  std::vector<int> run_of_p() const {
    std::vector<int> run;
    int64_t length = 1;
    for (const int axis : inside_out(n, p_)) {
      if (nest.stride(p_, axis) != length) break;
      run.push_back(axis);
      length *= extent(axis);
    }
    return run;
  }

  // Where C is contiguous along another label of P than P itself: a block is long enough for
  // memory in both directions, of as many terms as stay in L2, and meets all of Q.
  bool choose_runs() {
    std::vector<int> run = run_of_p();
    run.erase(std::find(run.begin(), run.end(), y_), run.end());
    if (!contains(n, y_) || run.empty() || !inner_batch_.empty() || k.size() != 1) return false;
    const int64_t flat = choose_run(run);
    if (flat == 0) return false;
    if (choice_.packs_p) {
      // Of fewer terms at once, time goes into adding to C.
      constexpr int64_t kLeastTerms = 48;
      const int64_t most_terms = target_.l2_bytes / 4 / bytes_ / (flat * size(y_));
      if (most_terms < std::min(kLeastTerms, extent(k))) return false;
      const int64_t parts = ceil_div(extent(k), most_terms);
      k_steps_ = {{k[0], ceil_div(ceil_div(extent(k), parts), 2) * 2}};
    }
    for (const int axis : m) size(axis) = extent(axis);
    m_block_ = inside_out(m, kC);
    std::reverse(m_block_.begin(), m_block_.end());
    tile_ = register_tile(extent(m), flat, lanes(), nest.compute, target_);
    return true;
  }

  // Columns of a block, in whole lines if that can be, and positions of y, of which C's block of
  // all rows stays in L2. 0 if there are none.
  int64_t choose_run(const std::vector<int>& run) {
    const int64_t line = 64 / bytes_;
    const int64_t room = target_.l2_bytes * 7 / 16 / bytes_ / extent(m);
    for (const int64_t unit : {line, lanes()})
      for (const int64_t most_of_y : {4 * line, line, line / 2})
        for (int64_t most = 10 * line; most >= 2 * line; --most) {
          size(y_) = largest_divisor(extent(y_), most_of_y);
          for (const int axis : run) size(axis) = 1;
          n_block_.clear();
          const int64_t flat = take(run, most, n_block_);
          if (flat >= 2 * line && flat % unit == 0 && flat * size(y_) <= room) return flat;
        }
    return 0;
  }

  bool choose_blocks() {
    if (terms() > target_.l2_bytes / 4 / bytes_ / lanes()) return false;
    const int64_t k_bytes = terms() * bytes_;
    // P's block is read from L2 while the next one comes in; so is Q's, and C's.
    const int64_t most_columns = std::min<int64_t>(target_.l2_bytes / 8 / k_bytes, kMostColumns);
    int64_t flat = 1;
    if (choice_.packs_p) {
      flat = take(inside_out(n, contains(n, y_) ? kC : p_), most_columns, n_block_);
    } else {
      flat = take(run_of_p(), most_columns, n_block_);
    }
    if (flat < lanes() || n_block_.empty()) return false;
    const int64_t line = 64 / bytes_;
    int64_t room = target_.l2_bytes / 4 / bytes_ / flat / inner_batch();
    if (contains(n, y_) && !contains(n_block_, y_)) {
      // Long runs of C, beside the columns.
      size(y_) = largest_divisor(extent(y_), 4 * line);
      while (size(y_) > line && size(y_) * 16 > room && size(y_) % 2 == 0) size(y_) /= 2;
      room /= size(y_);
    }
    const int64_t most_rows = std::min(room, target_.l2_bytes / 8 / k_bytes);
    const int64_t rows = take(inside_out(m, contains(m, y_) ? kC : q_), most_rows, m_block_);
    if (m_block_.empty()) m_block_ = {m.back()};
    tile_ = register_tile(rows, flat, lanes(), nest.compute, target_);
    return true;
  }

  // One axis for the rows of a block, and one for its columns.
  void add_flat_axes() {
    const auto add = [&](const char* name, const std::vector<int>& block) {
      int64_t positions = 1;
      for (const int axis : block) positions *= size(axis);
      nest.axes.push_back({name, false, positions, {0, 0, 0}, block});
      return static_cast<int>(nest.axes.size()) - 1;
    };
    rows_ = add("rows", m_block_);
    columns_ = add("columns", n_block_);
    if (!choice_.packs_p) nest.axes.back().strides[static_cast<size_t>(p_)] = 1;
  }

  // ---- Loops

  // The block's axes, flattened, and the flat axis, which walks the same elements.
  void add_flat(BufferBuilder& layout, const std::vector<int>& block, int flat) const {
    const int64_t start = layout.elements();
    for (size_t i = block.size(); i-- > 0;) layout.add(block[i], size(block[i]));
    layout.alias(flat, start);
  }

  void add_inner_batch(BufferBuilder& layout) const {
    for (size_t i = inner_batch_.size(); i-- > 0;)
      layout.add(inner_batch_[i], size(inner_batch_[i]));
  }

  int pack(NestBuilder& builder, int operand, const std::vector<int>& block, int flat) {
    BufferBuilder layout(nest, builder);
    add_flat(layout, block, flat);
    layout.pad();
    for (size_t i = k.size(); i-- > 0;) layout.add(k[i], builder.range(k[i]));
    if (operand == p_ && choice_.in_runs) layout.add(y_, size(y_));
    add_inner_batch(layout);
    const int buffer = layout.finish(lanes());
    builder.local(buffer);
    const auto here = builder.place();
    copy(nest, builder, operand, nest.buffer_index(buffer), target_,
         {.ignored = {rows_, columns_}});
    builder.return_to(here);
    return nest.buffer_index(buffer);
  }

  void build() {
    const bool q_is_resident = block_is_all(m);
    std::vector<Step> n_steps = steps_of(n);
    std::vector<Step> m_steps = steps_of(m);
    NestBuilder builder(nest);
    std::vector<Step> batch_steps;
    for (const int axis : batch) batch_steps.push_back({axis, size(axis)});
    builder.parallel_loops(n_steps, builder.parallel_loops(batch_steps, tasks()));
    builder.loops(batch_steps);
    int q = q_;
    if (q_is_resident) q = pack(builder, q_, m_block_, rows_);
    builder.loops(n_steps);
    int p = choice_.packs_p && !choice_.in_runs ? pack(builder, p_, n_block_, columns_) : p_;
    builder.loops(m_steps);
    if (!q_is_resident) q = pack(builder, q_, m_block_, rows_);

    BufferBuilder layout(nest, builder);
    add_flat(layout, n_block_, columns_);
    layout.pad();
    add_flat(layout, m_block_, rows_);
    if (contains(n, y_) && !contains(n_block_, y_)) layout.add(y_, size(y_));
    add_inner_batch(layout);
    const int buffer = layout.finish(lanes());
    builder.local(buffer);
    const auto here = builder.place();
    builder.loops(k_steps_);
    if (choice_.packs_p && choice_.in_runs) p = pack(builder, p_, n_block_, columns_);
    for (const int axis : inner_batch_) builder.loop({axis, 1});
    if (contains(n, y_) && !contains(n_block_, y_)) builder.loop({y_, 1});
    builder.loop({columns_, tile_.columns});
    builder.loop({rows_, tile_.rows});
    Tile tile{.inputs = {q, p},
              .output = nest.buffer_index(buffer),
              .rows = {{rows_, tile_.rows}},
              .columns = {{columns_, tile_.columns}},
              .lanes = static_cast<int>(lanes()),
              .reduce_axes = k};
    if (!choice_.packs_p && is_streamed(p_, target_))
      if (const auto next = next_block(n_steps)) tile.prefetches.push_back(*next);
    builder.leaf(std::move(tile));
    builder.return_to(here);
    copy(nest, builder, nest.buffer_index(buffer), kC, target_,
         {.most_square = target_.vector_bytes / 4, .streams = true, .ignored = {rows_, columns_}});
  }

  // What P's tile is going to be in the next iteration of the loop around it.
  std::optional<Prefetch> next_block(const std::vector<Step>& n_steps) const {
    const auto ask_for = [&](int64_t distance) {
      return ask_ahead({p_, distance, rows_}, ceil_div(extent(rows_), tile_.rows), tile_.columns);
    };
    if (contains(n, y_) && !contains(n_block_, y_)) return ask_for(nest.stride(p_, y_));
    for (size_t i = n_steps.size(); i-- > 0;)
      if (n_steps[i].size < extent(n_steps[i].axis))
        return ask_for(nest.stride(p_, n_steps[i].axis) * n_steps[i].size);
    return std::nullopt;
  }

  bool block_is_all(const std::vector<int>& axes) const {
    return std::all_of(axes.begin(), axes.end(),
                       [&](int axis) { return size(axis) == extent(axis); });
  }

  std::vector<Step> steps_of(const std::vector<int>& axes) const {
    std::vector<Step> steps;
    const bool p_streams = !choice_.packs_p;
    const auto order = inside_out(axes, p_streams && &axes == &n ? p_ : kC);
    for (size_t i = order.size(); i-- > 0;) steps.push_back({order[i], size(order[i])});
    return steps;
  }

  static constexpr int64_t kMostColumns = 512;

  const Target& target_;
  FusedChoice choice_;
  int p_;
  int q_;
  int64_t bytes_;
  int y_ = -1;
  std::vector<int> inner_batch_;
  std::vector<int64_t> sizes_;          // positions of each axis in a block
  std::vector<int> m_block_, n_block_;  // flattened, outermost first
  std::vector<Step> k_steps_;
  int rows_ = -1;
  int columns_ = -1;
  RegisterTile tile_;
};

}  // namespace

std::vector<LoopNest> schedule_fused(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  for (const bool from_a : {false, true})
    for (const bool packs_p : {false, true})
      if (auto nest = FusedScheduler(form, target, {from_a, packs_p}).run())
        nests.push_back(*std::move(nest));
  for (const bool from_a : {false, true})
    for (const bool packs_p : {false, true})
      if (auto nest = FusedScheduler(form, target, {from_a, packs_p, true}).run())
        nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
