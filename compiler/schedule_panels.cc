// Contractions by panels: operands are read where they lie, or copied into panels on the way (Van
// Zee, van de Geijn, "BLIS: A framework for rapidly instantiating BLAS functionality", 2015);
// blocks of C go through scratch where C is contiguous along something else than the vectors.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/contraction_tile.h"
#include "compiler/loop_nest.h"
#include "compiler/panel_blocks.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

class PanelScheduler : PanelBlocks {
 public:
  PanelScheduler(const ContractionForm& form, const Target& target, const TileChoice& choice)
      : PanelBlocks(form, target, choice) {}

  // Packing for each task and, where several tasks would pack the same, for all of them.
  std::vector<LoopNest> run() {
    if (!choose() || (choice_.short_sums ? !suits_short_sums() : needs_short_sums())) return {};
    choose_blocks();
    std::vector<LoopNest> nests;
    if (packs_again()) {
      PanelScheduler sharing = *this;
      sharing.shares_ = true;
      nests.push_back(sharing.build());
    }
    nests.push_back(build());
    return nests;
  }

 private:
  LoopNest build() {
    NestBuilder builder(nest);
    q_is_resident_ ? build_around_q(builder) : build_blocked(builder);
    verify(nest);
    return std::move(nest);
  }

  // A row of C for each of a few rows of Q stays in L1 while P passes by once.
  bool suits_short_sums() const {
    constexpr int64_t kFewRows = 8;
    return extent(m) <= kFewRows && extent(m) == count_of(rows_) && extent(k) >= 64 &&
           is_contiguous(kC, columns_) && !is_narrow_float(nest.output.dtype) &&
           extent(m) * extent(n) * bytes_ <= target_.l2_bytes / 2;
  }

  // Whether P only passes by, from memory, which is fastest by the page.
  bool needs_short_sums() const {
    constexpr int64_t kLongSum = 1024;
    return extent(m) <= 2 && extent(k) >= kLongSum && suits_short_sums() &&
           is_streamed(p_, target_) && is_contiguous(p_, columns_);
  }

  std::vector<Step> batch_steps() const {
    std::vector<Step> steps;
    for (const int axis : batch) steps.push_back({axis, 1});
    return steps;
  }

  struct Grid {
    int64_t rows, columns;
  };

  // ---- Loops

  int p_operand() const { return p_buffer_ < 0 ? p_ : nest.buffer_index(p_buffer_); }
  int q_operand() const { return q_buffer_ < 0 ? q_ : nest.buffer_index(q_buffer_); }
  int c_operand() const { return c_buffer_ < 0 ? kC : nest.buffer_index(c_buffer_); }

  // An operand in panels: a tile's positions side by side, for each k.
  struct Panels {
    int operand;
    const std::vector<TileDim>& tile;
    const std::vector<Unit>& units;
  };
  Panels p_panels() const { return {p_, columns_, n_units_}; }
  Panels q_panels() const { return {q_, rows_, m_units_}; }

  // Panels of what the builder's ranges leave of an operand.
  int add_buffer(const NestBuilder& builder, const Panels& panels, bool shared) {
    const int64_t lanes = lanes_of(nest.compute, target_);
    BufferBuilder layout(nest, builder);
    std::vector<int> between(k.rbegin(), k.rend());
    layout.add_tile(panels.tile, lanes, between);
    for (size_t u = panels.tile.size(); u < panels.units.size(); ++u)
      layout.add(panels.units[u].axis, builder.range(panels.units[u].axis));
    if (shared)
      for (size_t b = batch.size(); b-- > 0;)
        if (nest.stride(panels.operand, batch[b]) != 0) layout.add(batch[b], extent(batch[b]));
    return layout.finish(lanes, shared);
  }

  void fill(NestBuilder& builder, const Panels& panels, int buffer) {
    const auto& tile = panels.tile;
    const int64_t lanes = lanes_of(nest.compute, target_);
    copy(nest, builder, panels.operand, nest.buffer_index(buffer), target_,
         {.most_square = target_.vector_bytes / 4,
          .room = tile.size() == 1 ? padded(tile[0].count, lanes) : 0});
  }

  int pack(NestBuilder& builder, const Panels& panels) {
    const int buffer = add_buffer(builder, panels, false);
    builder.local(buffer);
    const auto here = builder.place();
    fill(builder, panels, buffer);
    builder.return_to(here);
    return buffer;
  }

  void pack_p(NestBuilder& builder) {
    if (choice_.packs_p && p_buffer_ < 0) p_buffer_ = pack(builder, p_panels());
  }
  void pack_q(NestBuilder& builder) {
    if (choice_.packs_q && q_buffer_ < 0) q_buffer_ = pack(builder, q_panels());
  }

  // Packs all of an operand for all tasks, in a phase of its own.
  int pack_for_all(NestBuilder& builder, const Panels& panels) {
    const auto here = builder.place();
    const int buffer = add_buffer(builder, panels, true);
    constexpr double kTaskBytes = 1 << 18;
    const double bytes = nest.elements(panels.operand) * static_cast<double>(bytes_);
    builder.parallel_loops(steps_through(panels), std::min(bytes / kTaskBytes, kMostTasks));
    fill(builder, panels, buffer);
    builder.return_to(here);
    return buffer;
  }

  // As the operand lies: whole panels, whole lines.
  std::vector<Step> steps_through(const Panels& panels) const {
    std::vector<Step> steps = batch_steps();
    for (const Unit& unit : panels.units) steps.push_back({unit.axis, unit.size});
    for (const int axis : k) steps.push_back({axis, line_elements()});
    std::erase_if(steps,
                  [&](const Step& step) { return nest.stride(panels.operand, step.axis) == 0; });
    sort_by(steps,
            [&](const Step& step) { return -std::abs(nest.stride(panels.operand, step.axis)); });
    return steps;
  }

  // Whether tasks that pack for themselves pack the same, and there is room to do so once.
  bool packs_again() const {
    constexpr double kMostSharedBytes = 256 << 20;
    double bytes = 0;
    if (packs_p_again()) bytes += nest.elements(p_) * static_cast<double>(bytes_);
    if (packs_q_again()) bytes += nest.elements(q_) * static_cast<double>(bytes_);
    return !q_is_resident_ && bytes > 0 && bytes <= kMostSharedBytes;
  }
  bool packs_p_again() const { return choice_.packs_p && tasks_of_product().rows > 1; }
  bool packs_q_again() const {
    return choice_.packs_q && (tasks_of_product().columns > 1 || extent(n) > positions(n_steps_));
  }
  Grid tasks_of_product() const {
    return share_out(tasks() / std::min(static_cast<double>(extent(batch)), tasks()));
  }

  // Five loops around the microkernel.
  void build_blocked(NestBuilder& builder) {
    if (shares_ && packs_p_again()) p_buffer_ = pack_for_all(builder, p_panels());
    if (shares_ && packs_q_again()) q_buffer_ = pack_for_all(builder, q_panels());
    const double wanted = builder.parallel_loops(batch_steps(), tasks());
    const auto [rows, columns] = share_out(wanted);
    constexpr double kAll = 1e15;
    builder.parallel_loops(block_steps(m_units_, ceil_div(extent(m), rows)), kAll);
    builder.parallel_loops(block_steps(n_units_, ceil_div(extent(n), columns)), kAll);
    builder.loops(batch_steps());
    builder.loops(n_steps_);
    builder.loops(k_steps_);
    pack_p(builder);
    builder.loops(m_steps_);
    pack_q(builder);
    build_tiles(builder);
  }

  // In how many parts M and N are cut for tasks, as many as the longer side alone would be: each
  // task packs its own blocks, so all tasks in a row of the grid pack the same of Q, and in a
  // column of P.
  Grid share_out(double wanted) const {
    // Or packing would show; and P is best read by the page.
    const int64_t narrowest = choice_.short_sums ? 4096 / bytes_ : 256;
    const int64_t most_rows = std::max<int64_t>(extent(m) / narrowest, 1);
    const int64_t most_columns = std::max<int64_t>(extent(n) / narrowest, 1);
    const auto parts =
        std::clamp<int64_t>(static_cast<int64_t>(wanted), 1, std::max(most_rows, most_columns));
    // Where little is packed for each result, runs of C count for more.
    constexpr int64_t kShortSum = 128;
    if (extent(k) < kShortSum) return extent(n) >= extent(m) ? Grid{1, parts} : Grid{parts, 1};
    Grid best{1, 1};
    int64_t least = std::numeric_limits<int64_t>::max();
    for (int64_t rows = 1; rows <= std::min(parts, most_rows); ++rows) {
      const int64_t columns = ceil_div(parts, rows);
      if (columns > most_columns) continue;
      const int64_t packed = rows * extent(n) + columns * extent(m);
      if (packed >= least) continue;
      least = packed;
      best = {rows, columns};
    }
    return best;
  }

  // Q is packed once, then meets P panel by panel, as P lies.
  void build_around_q(NestBuilder& builder) {
    panels_ = units_of(n_units_);
    // A block of C holds many positions of its y.
    if (needs_c_buffer()) std::erase_if(panels_, [&](const Step& step) { return step.axis == y_; });
    std::sort(panels_.begin(), panels_.end(), [&](const Step& x, const Step& y) {
      const int operand = p_is_larger() ? p_ : kC;
      return std::abs(nest.stride(operand, x.axis)) > std::abs(nest.stride(operand, y.axis));
    });
    const double wanted = builder.parallel_loops(batch_steps(), tasks());
    builder.parallel_loops(in_long_runs(panels_), wanted);
    builder.loops(batch_steps());
    pack_q(builder);
    builder.loops(panels_);
    pack_p(builder);
    build_tiles(builder);
  }

  // Tasks that write past the caches have several panels side by side in C.
  std::vector<Step> in_long_runs(std::vector<Step> steps) const {
    constexpr int64_t kRunBytes = 1024;
    if (!is_streamed(kC, target_)) return steps;
    for (Step& step : steps)
      if (nest.stride(kC, step.axis) == 1)
        step = in_long_run(step, nest.element_bytes(kC), kRunBytes);
    return steps;
  }

  bool p_is_larger() const { return extent(k) > extent(m); }

  void build_tiles(NestBuilder& builder) {
    if (needs_c_buffer()) return build_c_block(builder);
    const bool p_stays = fits_l1(builder, n) && !fits_l1(builder, m);
    builder.loops(units_of(p_stays ? m_units_ : n_units_));
    builder.loops(units_of(p_stays ? n_units_ : m_units_));
    leaf(builder, sums_once());
  }

  // Whether what the open loops leave of P or Q stays in L1 while the other passes by.
  bool fits_l1(const NestBuilder& builder, const std::vector<int>& axes) const {
    return positions_left(builder, axes) * positions_left(builder, k) * bytes_ <=
           target_.l1_bytes / 2;
  }

  void leaf(NestBuilder& builder, bool may_stream) {
    Tile tile{.inputs = {q_operand(), p_operand()},
              .output = c_operand(),
              .rows = rows_,
              .columns = columns_,
              .lanes = lanes_,
              .reduce_axes = k};
    if (is_one_of_many()) {
      tile.prefetches = next_product();
    } else if (is_one_tile()) {
      tile.prefetches = next_terms();
    } else if (q_is_resident_ && is_streamed(p_, target_)) {
      if (const auto next = next_panel(builder)) tile.prefetches.push_back(*next);
    }
    tile.streams = may_stream && choice_.columns != Columns::kRuns &&
                   streams_whole_lines(nest, builder, tile, target_);
    if (!tile.streams && c_operand() == kC && is_streamed(kC, target_))
      tile.prefetches.push_back({kC, 0});
    builder.leaf(std::move(tile));
  }

  // Where one tile has all results, of what it reads where it lies: terms as far ahead as the next
  // block of the sum is, or the next page, beyond which processors do not read ahead.
  std::vector<Prefetch> next_terms() const {
    constexpr int64_t kPageBytes = 4096;
    const auto cut = std::find_if(k_steps_.rbegin(), k_steps_.rend(),
                                  [&](const Step& step) { return step.size < extent(step.axis); });
    if (cut == k_steps_.rend()) return {};
    const int64_t terms = k.size() > 1 ? cut->size : std::max(cut->size, kPageBytes / bytes_);
    std::vector<Prefetch> prefetches;
    for (const int operand : {p_operand(), q_operand()})
      if (!nest.is_buffer(operand) && is_streamed(operand, target_))
        prefetches.push_back({operand, terms * nest.stride(operand, cut->axis)});
    return prefetches;
  }

  // What P's tile is going to be in the next iteration of the loop around it.
  std::optional<Prefetch> next_panel(const NestBuilder& builder) const {
    const Step* innermost = nullptr;
    for (const Step& step : panels_)
      if (step.size < extent(step.axis) && builder.range(step.axis) == step.size) innermost = &step;
    if (needs_c_buffer() && !is_row(y_)) return ask_for(p_, nest.stride(p_, y_));
    if (innermost == nullptr) return std::nullopt;
    return ask_for(p_, nest.stride(p_, innermost->axis) * innermost->size);
  }

  // Tiles go to scratch until it has long runs along y, which are then transposed into C.
  void build_c_block(NestBuilder& builder) {
    std::vector<Step> outer, inner;
    const bool y_is_row = is_row(y_);
    for (const Step& step : units_of(n_units_)) (step.axis == y_ ? inner : outer).push_back(step);
    const int64_t all_rows = positions_left(builder, m);
    const int64_t room = kMostBlockBytes / bytes_ / line_elements() / count_of(columns_);
    const bool holds_rows = y_is_row || all_rows <= room;
    for (const Step& step : units_of(m_units_))
      (step.axis == y_ || (holds_rows && !y_is_row) ? inner : outer).push_back(step);
    builder.loops(outer);
    const int64_t others = y_is_row     ? count_of(rows_) / rows_.back().count
                           : holds_rows ? all_rows
                                        : count_of(rows_);
    builder.loop({y_, y_block(builder, count_of(columns_) * others)});

    const int64_t lanes = lanes_of(nest.compute, target_);
    BufferBuilder layout(nest, builder);
    layout.add_tile(columns_, lanes, {});
    for (const Unit& unit : m_units_) layout.add(unit.axis, builder.range(unit.axis));
    if (!y_is_row) layout.add(y_, builder.range(y_));
    c_buffer_ = layout.finish(lanes);
    builder.local(c_buffer_);
    const auto here = builder.place();
    builder.loops(inner);
    leaf(builder, false);
    builder.return_to(here);
    copy(nest, builder, c_operand(), kC, target_,
         {.most_square = target_.vector_bytes / 4, .streams = sums_once()});
  }

  static constexpr int64_t kMostBlockBytes = 64 << 10;

  int64_t positions_left(const NestBuilder& builder, const std::vector<int>& axes) const {
    int64_t product = 1;
    for (const int axis : axes) product *= builder.range(axis);
    return product;
  }

  // Whole lines of y, as many as there is room for beside `others` positions.
  int64_t y_block(const NestBuilder& builder, int64_t others) const {
    const int64_t range = builder.range(y_);
    const int64_t unit = std::lcm(line_elements(), is_row(y_) ? rows_.back().count : 1);
    const int64_t most = kMostBlockBytes / bytes_ / std::max<int64_t>(others, 1);
    return most >= range ? range : std::max(most / unit * unit, std::min(unit, range));
  }

  bool shares_ = false;
  std::vector<Step> panels_;
  int p_buffer_ = -1;
  int q_buffer_ = -1;
  int c_buffer_ = -1;
};

}  // namespace

std::vector<LoopNest> schedule_by_panels(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  const auto add = [&](const TileChoice& choice) {
    for (LoopNest& nest : PanelScheduler(form, target, choice).run())
      nests.push_back(std::move(nest));
  };
  for (const bool from_a : {false, true})
    for (const Columns columns :
         {Columns::kOfOutput, Columns::kOfP, Columns::kLongest, Columns::kRuns})
      for (const bool packs_p : {false, true})
        for (const bool packs_q : {false, true})
          for (const bool in_blocks : {false, true})
            add({from_a, columns, packs_p, packs_q, false, in_blocks});
  for (const bool from_a : {false, true}) add({from_a, Columns::kOfOutput, false, false, true});
  return nests;
}

}  // namespace einc
