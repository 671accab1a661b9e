// Memory-bound steps: one pass over the operands. What differs between schedules is the axis that
// vectors run along, the order of the loops, and whether what is transposed goes through a block
// in scratch, so that both sides are read and written in long runs.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/nest_cost.h"
#include "compiler/nest_memory.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"

namespace einc {
namespace {

// Elements below which a task is not worth handing over, about 20 us of work.
constexpr double kTaskElements = 65536;
// More tasks than this give threads nothing.
constexpr double kMostTasks = 64;
// Rows that are summed along vectors together, in the caches.
constexpr int64_t kRowsOfSums = 4;
// Cycles that a sum, which does little but read, waits where processors do not read ahead.
constexpr double kPageTurn = 16;

struct Choice {
  bool by_output;    // vectors along the axis that the output is contiguous along, or the largest
                     // input
  bool input_order;  // loops in the order of the largest input, or the output
  bool stages;       // through a block in scratch
};

// Of equals the first is taken: what is written is best written in order.
constexpr Choice kChoices[] = {
    {true, false, false}, {false, false, false}, {true, true, false},
    {false, true, false}, {true, false, true},
};

class Scheduler {
 public:
  Scheduler(const MapReduce& step, const Target& target, const Choice& choice)
      : choice_(choice), target_(target) {
    for (const StepOperand& input : step.inputs)
      nest_.inputs.push_back({input.dtype, input.conjugate});
    nest_.output = {step.output.dtype, step.output.conjugate};
    nest_.compute = step.compute;
    nest_.accumulates = step.accumulates;
    add_axes("o", step.kept, false);
    add_axes("r", step.reduced, true);
    largest_ = largest_input();
  }

  // Nothing where the choice does not fit the step.
  std::optional<LoopNest> run() {
    if (choice_.stages) {
      if (!build_staged()) return std::nullopt;
    } else {
      if (!choose_columns()) return std::nullopt;
      choose_rows();
      build_loops();
    }
    verify(nest_);
    return std::move(nest_);
  }

 private:
  void add_axes(const char* prefix, const std::vector<Dim>& dims, bool reduced) {
    for (size_t d = 0; d < dims.size(); ++d)
      nest_.axes.push_back({prefix + std::to_string(d), reduced, dims[d].extent, dims[d].strides});
  }

  int output() const { return nest_.output_index(); }
  const Axis& axis(int index) const { return nest_.axes[static_cast<size_t>(index)]; }
  int axis_count() const { return static_cast<int>(nest_.axes.size()); }

  // Of equals the one that moves along the outermost axes, wherever it is named.
  int largest_input() const {
    const auto moves_more = [&](int x, int y) {
      if (nest_.elements(x) != nest_.elements(y)) return nest_.elements(x) > nest_.elements(y);
      for (int a = 0; a < axis_count(); ++a)
        if (std::abs(nest_.stride(x, a)) != std::abs(nest_.stride(y, a)))
          return std::abs(nest_.stride(x, a)) > std::abs(nest_.stride(y, a));
      return false;
    };
    int largest = output() > 0 ? 0 : -1;
    for (int i = 1; i < output(); ++i)
      if (moves_more(i, largest)) largest = i;
    return largest;
  }

  int contiguous(int operand) const {
    for (int a = 0; operand >= 0 && a < axis_count(); ++a)
      if (nest_.stride(operand, a) == 1) return a;
    return -1;
  }

  // ---- The tile

  bool choose_columns() {
    const int by_output = contiguous(output());
    column_ = choice_.by_output ? by_output : contiguous(largest_);
    if (column_ < 0 && choice_.by_output && !choice_.input_order) column_ = longest_axis();
    if (!choice_.by_output && (column_ < 0 || column_ == by_output)) return false;
    if (column_ < 0) return choice_.by_output && !choice_.input_order;
    lanes_ = vector_lanes(axis(column_).extent, nest_.compute, target_);
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
      const int64_t stride = nest_.stride(o, column_);
      const int across = contiguous(o);
      if (stride == 0 || stride == 1 || across < 0 || axis(across).reduced ||
          axis(column_).reduced || lanes_ == 1)
        continue;
      if (stride == axis(across).extent && stride <= kFewNeighbours) {
        rows_ = {{across, axis(across).extent}};
        vectors_ = 64 / (lanes_ * part_bytes(nest_.compute));  // whole lines
        return;
      }
      if (axis(across).extent >= lanes_ / 2) {
        rows_ = {{across, std::min<int64_t>(lanes_, axis(across).extent)}};
        vectors_ = 1;
        return;
      }
    }
    if (!axis(column_).reduced) return;
    for (int a = axis_count(); a-- > 0;) {
      if (axis(a).reduced) continue;
      if (rows_of_sums() > 1 && reads_within_pages(a)) cut_in_two(a);
      rows_ = {{a, std::min(rows_of_sums(), axis(a).extent)}};
      if (rows_of_sums() > 1) vectors_ = std::min<int64_t>(vectors_, 2);
      return;
    }
  }

  bool is_streamed() const {
    return largest_ >= 0 &&
           nest_.elements(largest_) * static_cast<double>(nest_.element_bytes(largest_)) >
               static_cast<double>(target_.l2_bytes);
  }

  int64_t rows_of_sums() const { return is_streamed() ? target_.pace.streams : kRowsOfSums; }

  // Processors foresee one run of memory in each page: rows that are summed together are read
  // faster where they lie in different ones.
  bool reads_within_pages(int a) const {
    constexpr int64_t kPageBytes = 4096;
    if (!is_streamed() || axis(a).extent % kRowsOfSums != 0) return false;
    const int64_t apart = std::abs(nest_.stride(largest_, a)) * nest_.element_bytes(largest_);
    return apart < kPageBytes && apart * axis(a).extent / kRowsOfSums >= kPageBytes;
  }

  // Into as many parts as a tile has rows, and the positions of one of them.
  void cut_in_two(int a) {
    Axis& parts = nest_.axes[static_cast<size_t>(a)];
    const Axis within = cut(parts, parts.extent / kRowsOfSums);
    nest_.axes.insert(nest_.axes.begin() + a + 1, within);
    if (column_ > a) ++column_;
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

  // Axes, outermost first, as an operand lies.
  std::vector<int> order_of(int operand) const {
    std::vector<int> order;
    for (int a = 0; a < axis_count(); ++a) order.push_back(a);
    sort_by(order, [&](int a) { return -std::abs(nest_.stride(operand, a)); });
    return order;
  }

  // Sums that lie outside kept axes are cut into loops of a few, which add to the output; but where
  // the output has fewer bits than the sum, all of it happens in registers.
  void build_loops() {
    Tile leaf = tile();
    std::vector<Step> steps;
    const bool may_add = nest_.output.dtype == nest_.compute;
    const bool by_input = choice_.input_order && may_add && largest_ >= 0;
    // Rows whose sums are long are worth adding up once for each position of the loops outside.
    constexpr int64_t kLong = 128;
    const bool rows_are_short =
        column_ < 0 || !axis(column_).reduced || axis(column_).extent < kLong;
    std::vector<int> summed;
    for (const int a : order_of(choice_.input_order && largest_ >= 0 ? largest_ : output())) {
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
    NestBuilder builder(nest_);
    cut_into_tasks(steps, builder);
    builder.loops(steps);
    leaf.streams = summed_outside_.empty() && streams_whole_lines(nest_, builder, leaf, target_);
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
    BufferBuilder layout(nest_, builder);
    if (column_ >= 0) layout.add(column_, axis(column_).reduced ? 1 : builder.range(column_));
    if (row_axis() >= 0) layout.add(row_axis(), builder.range(row_axis()));
    const int buffer = layout.finish(lanes_of(nest_.compute, target_));
    builder.local(buffer);
    const auto here = builder.place();
    builder.loops(blocks);
    leaf.output = nest_.buffer_index(buffer);
    leaf.streams = false;
    builder.leaf(std::move(leaf));
    builder.return_to(here);
    copy(nest_, builder, nest_.buffer_index(buffer), output(), target_, {});
  }

  int row_axis() const { return rows_.empty() ? -1 : rows_[0].axis; }

  void sort_by_input(std::vector<int>& axes) const {
    if (largest_ < 0) return;
    sort_by(axes, [&](int a) { return -std::abs(nest_.stride(largest_, a)); });
  }

  void cut_into_tasks(std::vector<Step> steps, NestBuilder& builder) const {
    double work = 1;
    for (const Axis& a : nest_.axes) work *= static_cast<double>(a.extent);
    // Tasks that share the rows of a sum still read long runs of each.
    constexpr int64_t kRunBytes = 16384;
    for (Step& step : steps)
      if (!summed_outside_.empty() && step.axis == column_)
        step.size *= ceil_div(kRunBytes, step.size * nest_.element_bytes(output()));
    std::erase_if(steps, [&](const Step& step) { return axis(step.axis).reduced; });
    builder.parallel_loops(steps, std::min(work / kTaskElements, kMostTasks));
  }

  // ---- Through a block in scratch

  // A permutation whose sides are contiguous along different axes: the block holds a long run of
  // both (Ruetsch, Micikevicius, "Optimizing matrix transpose in CUDA", 2009, for the idea).
  bool build_staged() {
    const int x = contiguous(largest_);
    const int y = contiguous(output());
    if (nest_.inputs.size() != 1 || x < 0 || y < 0 || x == y || axis(x).reduced) return false;
    for (const Axis& a : nest_.axes)
      if (a.reduced) return false;
    const double bytes =
        nest_.elements(output()) * static_cast<double>(nest_.element_bytes(output()));
    if (bytes <= static_cast<double>(target_.l2_bytes)) return false;

    std::vector<int64_t> sizes(nest_.axes.size(), 1);
    take_run(0, sizes);
    take_run(output(), sizes);
    std::vector<Step> steps;
    for (const int a : order_of(output())) steps.push_back({a, sizes[static_cast<size_t>(a)]});
    NestBuilder builder(nest_);
    cut_into_tasks(steps, builder);
    builder.loops(steps);
    BufferBuilder layout(nest_, builder);
    const std::vector<int> order = order_of(output());
    // An odd number of lines from row to row, or they would share a few sets of the cache.
    for (size_t i = order.size(); i-- > 0;) {
      layout.add(order[i], builder.range(order[i]));
      if (order[i] == y) layout.pad(lanes_of(nest_.compute, target_));
    }
    const int buffer = layout.finish(lanes_of(nest_.compute, target_));
    builder.local(buffer);
    const auto here = builder.place();
    copy(nest_, builder, 0, nest_.buffer_index(buffer), target_,
         {.most_square = target_.vector_bytes / 4});
    builder.return_to(here);
    copy(nest_, builder, nest_.buffer_index(buffer), output(), target_, {.streams = true});
    return true;
  }

  // Adds positions to a block until an operand is contiguous for 1 KiB.
  void take_run(int operand, std::vector<int64_t>& sizes) const {
    constexpr int64_t kRunBytes = 1024;
    int64_t run = nest_.element_bytes(operand);
    const std::vector<int> order = order_of(operand);
    for (size_t i = order.size(); i-- > 0 && run < kRunBytes;) {
      const Axis& along = axis(order[i]);
      int64_t& size = sizes[static_cast<size_t>(order[i])];
      size = std::max(size, std::min(along.extent, ceil_div(kRunBytes, run)));
      if (size * 2 > along.extent) size = along.extent;
      run *= size;
    }
  }

  Choice choice_;
  const Target& target_;
  LoopNest nest_;
  int largest_ = -1;
  int column_ = -1;
  int64_t vectors_ = 1;
  int lanes_ = 1;
  std::vector<TileDim> rows_;
  std::vector<int> summed_outside_;
};

}  // namespace

std::vector<LoopNest> schedules(const MapReduce& step, const Target& target) {
  std::vector<LoopNest> nests;
  for (const Choice& choice : kChoices)
    if (auto nest = Scheduler(step, target, choice).run())
      if (std::find(nests.begin(), nests.end(), *nest) == nests.end())
        nests.push_back(*std::move(nest));
  sort_by(nests, [&](const LoopNest& nest) {
    const double cycles = cost_of(nest, target).cycles(target);
    return step.reduced.empty() ? cycles : cycles + kPageTurn * page_turns(nest);
  });
  return nests;
}

LoopNest schedule(const MapReduce& step, const Target& target,
                  std::optional<int64_t> most_scratch_bytes) {
  return first_within(schedules(step, target), most_scratch_bytes);
}

}  // namespace einc
