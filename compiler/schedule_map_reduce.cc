// Memory-bound steps: one pass over the operands. What differs between schedules is the axis that
// vectors run along and the order of the loops.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/nest_cost.h"
#include "compiler/plan.h"
#include "compiler/reordered_input.h"
#include "compiler/schedule.h"
#include "compiler/schedule_map_reduce.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/strip_exponents.h"
#include "compiler/target.h"
#include "compiler/unaligned_output.h"
#include "compiler/words.h"

namespace einc {
namespace {

// Rows that are summed along vectors together, in the caches, or where they share what is not.
constexpr int64_t kRowsOfSums = 4;

struct Choice {
  bool by_output;    // vectors along the axis that the output is contiguous along, or the largest
                     // input
  bool input_order;  // loops in the order of the largest input, or the output
};

// Of equals the first is taken: what is written is best written in order.
constexpr Choice kChoices[] = {{true, false}, {false, false}, {true, true}, {false, true}};

class Scheduler : MapReduceAxes {
 public:
  Scheduler(const MapReduce& step, int64_t word_terms, const Target& target, const Choice& choice)
      : MapReduceAxes(step, word_terms), choice_(choice), target_(target) {}

  // Nothing where the choice does not fit the step.
  std::optional<LoopNest> run() {
    if (!choose_columns()) return std::nullopt;
    choose_rows();
    build_loops();
    verify(nest);
    return std::move(nest);
  }

 private:
  // ---- The tile

  bool choose_columns() {
    const int by_output = contiguous(output());
    column_ = choice_.by_output ? by_output : contiguous(largest);
    if (column_ < 0 && choice_.by_output && !choice_.input_order) column_ = longest_axis();
    if (!choice_.by_output && (column_ < 0 || column_ == by_output)) return false;
    if (column_ < 0) return choice_.by_output && !choice_.input_order;
    lanes_ = vector_lanes(axis(column_).extent, nest.compute, target_);
    const int64_t most = ceil_div(axis(column_).extent, lanes_);
    vectors_ = std::min<int64_t>(most, 4);
    return true;
  }

  int longest_axis() const {
    int longest = -1;
    for (int a = 0; a < axis_count(); ++a)
      if (longest < 0 || axis(a).extent > axis(longest).extent) longest = a;
    return longest;
  }

  // Rows are what makes operands that lie across the vectors readable: the neighbours of one
  // column, where they are few; else as many as lanes, a square to transpose; or a few that share
  // the other operands.
  void choose_rows() {
    if (column_ < 0) return;
    constexpr int64_t kFewNeighbours = 8;
    for (int o = 0; o <= output(); ++o) {
      const int64_t stride = nest.stride(o, column_);
      const int across = contiguous(o);
      if (stride == 0 || stride == 1 || across < 0 || axis(across).reduced ||
          axis(column_).reduced || lanes_ == 1)
        continue;
      if (stride == axis(across).extent && stride <= kFewNeighbours) {
        rows_ = {{across, axis(across).extent}};
        vectors_ = 64 / (lanes_ * part_bytes(nest.compute));  // whole lines
        return;
      }
      const int square = std::min(lanes_, square_lanes(nest.compute, target_));
      if (axis(across).extent >= square / 2) {
        lanes_ = square;
        rows_ = {{across, std::min<int64_t>(lanes_, axis(across).extent)}};
        vectors_ = 1;
        return;
      }
    }
    if (!axis(column_).reduced) return;
    for (int a = axis_count(); a-- > 0;) {
      if (axis(a).reduced) continue;
      const int64_t rows = rows_of_sums(a);
      if (rows > 1 && reads_within_pages(a)) cut_in_two(a);
      rows_ = {{a, std::min(rows, axis(a).extent)}};
      if (rows > 1) vectors_ = std::min<int64_t>(vectors_, 2);
      return;
    }
  }

  bool is_streamed() const {
    return largest >= 0 && bytes(largest) > static_cast<double>(target_.l2_bytes);
  }

  int64_t rows_of_sums(int a) const {
    if (!is_streamed() || shared_bytes(a) > static_cast<double>(target_.l1_bytes) / 2)
      return kRowsOfSums;
    return target_.pace.streams;
  }

  // Of one sum, what it has in common with the others along an axis.
  double shared_bytes(int a) const {
    double shared = 0;
    for (int i = 0; i < output(); ++i)
      if (nest.stride(i, a) == 0)
        shared += summed_elements(i) * static_cast<double>(nest.element_bytes(i));
    return shared;
  }

  double summed_elements(int input) const {
    double elements = 1;
    for (int a = 0; a < axis_count(); ++a)
      if (axis(a).reduced && nest.stride(input, a) != 0)
        elements *= static_cast<double>(axis(a).extent);
    return elements;
  }

  // Processors foresee one run of memory in each page: rows that are summed together are read
  // faster where they lie in different ones.
  bool reads_within_pages(int a) const {
    constexpr int64_t kPageBytes = 4096;
    if (!is_streamed() || axis(a).extent % kRowsOfSums != 0) return false;
    const int64_t apart = std::abs(nest.stride(largest, a)) * nest.element_bytes(largest);
    return apart < kPageBytes && apart * axis(a).extent / kRowsOfSums >= kPageBytes;
  }

  // Into as many parts as a tile has rows, and the positions of one of them.
  void cut_in_two(int a) {
    Axis& parts = nest.axes[static_cast<size_t>(a)];
    const Axis within = cut(parts, parts.extent / kRowsOfSums);
    nest.axes.insert(nest.axes.begin() + a + 1, within);
    if (column_ > a) ++column_;
    if (nest.word > a) ++nest.word;
  }

  // ---- Loops

  Tile tile() const {
    Tile tile{.inputs = {}, .output = output(), .rows = rows_, .lanes = lanes_};
    for (int i = 0; i < output(); ++i) tile.inputs.push_back(i);
    if (column_ >= 0) tile.columns = {{column_, std::min(vectors_ * lanes_, axis(column_).extent)}};
    if (column_ >= 0 && axis(column_).reduced) tile.columns[0].count = vectors_ * lanes_;
    return tile;
  }

  int64_t tile_step(const Tile& tile, int a) const {
    if (!tile.rows.empty() && a == tile.rows[0].axis) return tile.rows[0].count;
    if (a == column_) return tile.columns[0].count;
    return 1;
  }

  // Sums that lie outside kept axes are cut into loops of a few, which add to the output; but where
  // the output has fewer bits than the sum, all of it happens in registers.
  void build_loops() {
    Tile leaf = tile();
    std::vector<Step> steps;
    const bool may_add = nest.output.dtype == nest.compute;
    const bool by_input = choice_.input_order && may_add && largest >= 0;
    // Rows whose sums are long are worth adding up once for each position of the loops outside.
    constexpr int64_t kLong = 128;
    const bool rows_are_short =
        column_ < 0 || !axis(column_).reduced || axis(column_).extent < kLong;
    std::vector<int> summed;
    for (const int a : order_of(choice_.input_order && largest >= 0 ? largest : output())) {
      if (axis(a).reduced) {
        if (a != column_) summed.push_back(a);
        continue;
      }
      if (by_input && !(a == row_axis() && rows_are_short)) {
        for (const int r : summed) steps.push_back({r, 1});
        summed_outside_.insert(summed_outside_.end(), summed.begin(), summed.end());
        summed.clear();
      }
      steps.push_back({a, tile_step(leaf, a)});
    }
    sort_by_input(summed);
    // The innermost of the loops that add takes several positions at once.
    constexpr int64_t kSumsAtOnce = 8;
    if (!summed_outside_.empty() && rows_are_short) {
      const int last = summed_outside_.back();
      for (Step& step : steps)
        if (step.axis == last) step.size = std::min(kSumsAtOnce, axis(last).extent);
    }
    leaf.reduce_axes = summed_outside_;
    leaf.reduce_axes.insert(leaf.reduce_axes.end(), summed.begin(), summed.end());
    if (column_ >= 0 && axis(column_).reduced) leaf.reduce_axes.push_back(column_);
    NestBuilder builder(nest);
    cut_into_tasks(in_long_runs(steps), builder);
    builder.loops(steps);
    leaf.streams = summed_outside_.empty() && streams_whole_lines(nest, builder, leaf, target_);
    const std::vector<Step> blocks = blocks_of_sums(leaf);
    if (blocks.empty() || !summed_outside_.empty()) return builder.leaf(std::move(leaf));
    sum_in_blocks(builder, blocks, std::move(leaf));
  }

  // A long sum loses digits with every term; sums of sums lose fewer (Higham, "The accuracy of
  // floating point summation", 1993). Loops that leave a tile about that many terms for each of its
  // accumulators; none for sums that are short anyway.
  std::vector<Step> blocks_of_sums(const Tile& leaf) const {
    constexpr int64_t kTerms = 1024;
    std::vector<Step> blocks;
    int64_t terms = 1;
    for (size_t r = leaf.reduce_axes.size(); r-- > 0;) {
      const int a = leaf.reduce_axes[r];
      const int64_t at_once = a == column_ ? leaf.columns[0].count : 1;
      const int64_t steps = ceil_div(axis(a).extent, at_once);
      if (terms * steps > 2 * kTerms)
        blocks.insert(blocks.begin(), {a, std::max<int64_t>(kTerms / terms, 1) * at_once});
      terms *= steps;
    }
    return blocks;
  }

  void sum_in_blocks(NestBuilder& builder, const std::vector<Step>& blocks, Tile leaf) {
    BufferBuilder layout(nest, builder);
    if (column_ >= 0) layout.add(column_, axis(column_).reduced ? 1 : builder.range(column_));
    if (row_axis() >= 0) layout.add(row_axis(), builder.range(row_axis()));
    const int buffer = layout.finish(lanes_of(nest.compute, target_));
    builder.local(buffer);
    const auto here = builder.place();
    builder.loops(blocks);
    leaf.output = nest.buffer_index(buffer);
    leaf.streams = false;
    builder.leaf(std::move(leaf));
    builder.return_to(here);
    copy(nest, builder, nest.buffer_index(buffer), output(), target_, {});
  }

  int row_axis() const { return rows_.empty() ? -1 : rows_[0].axis; }

  void sort_by_input(std::vector<int>& axes) const {
    if (largest < 0) return;
    sort_by(axes, [&](int a) { return -std::abs(nest.stride(largest, a)); });
  }

  // Tasks that share the rows of a sum still read long runs of each.
  std::vector<Step> in_long_runs(std::vector<Step> steps) const {
    constexpr int64_t kRunBytes = 32768;
    for (Step& step : steps)
      if (!summed_outside_.empty() && step.axis == column_)
        step = in_long_run(step, nest.element_bytes(output()), kRunBytes);
    return steps;
  }

  Choice choice_;
  const Target& target_;
  int column_ = -1;
  int64_t vectors_ = 1;
  int lanes_ = 1;
  std::vector<TileDim> rows_;
  std::vector<int> summed_outside_;
};

// Of operands as they lie.
std::vector<LoopNest> schedules_in_place(const MapReduce& step, const Target& target) {
  // Before others of the same price: they ask for what they read.
  std::vector<LoopNest> nests = schedule_blocks(step, target);
  const auto add_choices = [&](const MapReduce& form, int64_t terms) {
    for (const Choice& choice : kChoices)
      if (auto nest = Scheduler(form, terms, target, choice).run())
        if (std::find(nests.begin(), nests.end(), *nest) == nests.end())
          nests.push_back(*std::move(nest));
  };
  add_choices(step, 1);
  const int64_t terms = word_terms(step, target);
  if (terms > 1) add_choices(with_whole_words_last(step, terms), terms);
  if (auto nest = schedule_in_input_order(step, target)) nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace

std::vector<LoopNest> schedules(const MapReduce& step, const Target& target) {
  std::vector<LoopNest> nests = schedules_in_place(step, target);
  if (const auto reordered = reordered_input(step, target))
    for (LoopNest& nest : schedules_in_place(reordered->step, target))
      if (auto restored = with_reordering(std::move(nest), *reordered, step, target))
        nests.push_back(*std::move(restored));
  write_by_lines(nests, target, step.strips_exponent);
  sort_by(nests, [&](const LoopNest& nest) { return cost_of(nest, target).cycles(target); });
  if (!step.strips_exponent) return nests;
  return with_stripped_exponent(std::move(nests));
}

LoopNest schedule(const MapReduce& step, const Target& target,
                  std::optional<int64_t> most_scratch_bytes) {
  return first_within(schedules(step, target), most_scratch_bytes);
}

}  // namespace einc
