// Permutations that are too large for the caches, in blocks of which both sides are read and
// written in long runs (Lam, Rothberg, Wolf, "The cache performance and optimizations of blocked
// algorithms", 1991). Each tile asks for its place in the block that comes next, while processors
// read ahead only in runs that go on.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_map_reduce.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {
namespace {

struct BlockChoice {
  int64_t in_bytes, out_bytes;  // of runs, at least
  // Runs of the output are long enough to begin inside of lines: then both ends of each are lines
  // that other blocks write, too.
  bool inside_lines = false;
};

constexpr BlockChoice kChoices[] = {{512, 128}, {256, 256}, {256, 1024, true}};
constexpr int64_t kLine = 64;

class BlockScheduler : MapReduceAxes {
 public:
  BlockScheduler(const MapReduce& step, const Target& target)
      : MapReduceAxes(step),
        target_(target),
        across_(largest_across()),
        row_(contiguous(across_)),
        column_(contiguous(output())),
        lanes_(suitable_lanes()),
        sizes_(nest.axes.size(), 1) {}

  // Nothing where the choice does not fit the step.
  std::optional<LoopNest> run(const BlockChoice& choice) {
    if (!suits() || (begins_inside_lines() && !choice.inside_lines)) return std::nullopt;
    take_run(output(), choice.out_bytes);
    take_run(across_, choice.in_bytes);
    if (!stays_in_l2()) return std::nullopt;
    std::vector<Step> blocks;
    for (const int a : order_of(across_)) blocks.push_back({a, size(a)});
    const std::optional<Step> next = next_of(blocks);
    if (is_read_in_order(next)) return std::nullopt;
    build(blocks, next);
    verify(nest);
    return std::move(nest);
  }

 private:
  // The largest input that is contiguous along another axis than the output; -1 if there is none.
  int largest_across() const {
    int found = -1;
    for (int i = 0; i < output(); ++i)
      if (contiguous(i) >= 0 && contiguous(i) != contiguous(output()) &&
          (found < 0 || nest.elements(i) > nest.elements(found)))
        found = i;
    return found;
  }

  bool begins_inside_lines() const {
    return std::any_of(nest.axes.begin(), nest.axes.end(), [&](const Axis& axis) {
      const int64_t stride = axis.strides[static_cast<size_t>(output())];
      return stride != 1 && stride * nest.element_bytes(output()) % kLine != 0;
    });
  }

  // Vectors of half a line cross from one to another half as often.
  int suitable_lanes() const {
    const int lanes = square_lanes(nest.compute, target_);
    const bool crosses = begins_inside_lines() && lanes * nest.element_bytes(output()) > kLine / 2;
    return crosses ? lanes / 2 : lanes;
  }

  bool suits() const {
    const int lanes = square_lanes(nest.compute, target_);
    const auto is_long = [&](int a) { return a >= 0 && axis(a).extent >= lanes / 2; };
    return is_long(row_) && is_long(column_) && row_ != column_ && is_from_memory() &&
           std::none_of(nest.axes.begin(), nest.axes.end(),
                        [](const Axis& axis) { return axis.reduced; });
  }

  bool is_from_memory() const {
    const auto l3 = static_cast<double>(target_.l3_bytes);
    return bytes(output()) >= l3 / 4 && bytes(output()) + bytes(across_) >= l3 / 2 &&
           bytes(across_) > static_cast<double>(target_.l2_bytes);
  }

  int64_t& size(int axis) { return sizes_[static_cast<size_t>(axis)]; }

  // Adds positions to a block until an operand is contiguous for so long.
  void take_run(int operand, int64_t least_bytes) {
    int64_t run = nest.element_bytes(operand);
    const std::vector<int> order = order_of(operand);
    for (size_t i = order.size(); i-- > 0 && run < least_bytes;) {
      if (nest.stride(operand, order[i]) == 0) continue;
      const int64_t extent = axis(order[i]).extent;
      int64_t& taken = size(order[i]);
      taken = std::max(taken, std::min(extent, ceil_div(least_bytes, run)));
      if (taken * 2 > extent) taken = extent;
      run *= taken;
    }
  }

  // Whether the input is read about as it lies, so that processors read ahead by themselves: blocks
  // follow each other, and tiles leave out no lines.
  bool is_read_in_order(const std::optional<Step>& next) const {
    if (nest.stride(across_, column_) * nest.element_bytes(across_) >= 2 * kLine) return false;
    int64_t run = 1;
    const std::vector<int> order = order_of(across_);
    for (size_t i = order.size(); i-- > 0;) {
      const int64_t taken = sizes_[static_cast<size_t>(order[i])];
      if (taken == 1) continue;
      if (nest.stride(across_, order[i]) != run) return false;
      run *= taken;
    }
    return next && next->size * nest.stride(across_, next->axis) == run;
  }

  // Whether what tiles ask for is still in L2 when its turn comes: of rows that are a multiple of a
  // large power of two apart, only as many as a set has ways, or L3 gives back in time.
  bool stays_in_l2() const {
    constexpr int64_t kTimesWays = 4;
    const int64_t way = target_.l2_bytes / target_.l2_ways;
    int64_t rows_of_set = 1;
    for (int a = 0; a < axis_count(); ++a) {
      const int64_t taken = sizes_[static_cast<size_t>(a)];
      const int64_t apart = nest.stride(across_, a) * nest.element_bytes(across_);
      if (apart >= kLine) rows_of_set *= ceil_div(taken, way / std::gcd(apart, way));
    }
    return rows_of_set <= kTimesWays * target_.l2_ways;
  }

  void build(const std::vector<Step>& blocks, const std::optional<Step>& next) {
    NestBuilder builder(nest);
    cut_into_tasks(blocks, builder);
    builder.loops(blocks);
    Tile tile = tile_towards(next);
    for (const int a : order_of(output()))
      if (a != column_) builder.loop({a, step_of(tile, a)});
    tile.streams = fills_lines() && streams_whole_lines(nest, builder, tile, target_);
    builder.loop({column_, step_of(tile, column_)});
    if (tile.streams)
      std::erase_if(tile.prefetches, [&](const Prefetch& p) { return p.operand == output(); });
    builder.leaf(std::move(tile));
  }

  // Two tiles in a row fill as many lines as processors keep open while they wait for the rest.
  bool fills_lines() const {
    constexpr int kOpenLines = 8;
    const int64_t row_bytes = lanes_ * nest.element_bytes(output());
    return row_bytes >= kLine || (row_bytes == kLine / 2 && lanes_ <= kOpenLines);
  }

  // From a block to the one after it; none where one holds all.
  std::optional<Step> next_of(const std::vector<Step>& blocks) const {
    const auto moves = [&](const Step& step) { return step.size < axis(step.axis).extent; };
    const auto last = std::find_if(blocks.rbegin(), blocks.rend(), moves);
    return last == blocks.rend() ? std::nullopt : std::optional(*last);
  }

  Tile tile_towards(const std::optional<Step>& next) const {
    Tile tile{.inputs = {},
              .output = output(),
              .rows = {{row_, std::min<int64_t>(axis(row_).extent, lanes_)}},
              .columns = {{column_, std::min<int64_t>(axis(column_).extent, lanes_)}},
              .lanes = lanes_};
    for (int i = 0; i < output(); ++i) tile.inputs.push_back(i);
    for (int o = 0; next && o <= output(); ++o)
      if (const int64_t stride = nest.stride(o, next->axis); stride != 0)
        tile.prefetches.push_back({o, next->size * stride});
    return tile;
  }

  int64_t step_of(const Tile& tile, int a) const {
    return a == row_ ? tile.rows[0].count : a == column_ ? tile.columns[0].count : 1;
  }

  const Target& target_;
  const int across_;  // an input
  const int row_;     // the axis along which it is contiguous
  const int column_;  // and the output
  const int lanes_;
  std::vector<int64_t> sizes_;  // positions of each axis in a block
};

}  // namespace

std::vector<LoopNest> schedule_blocks(const MapReduce& step, const Target& target) {
  std::vector<LoopNest> nests;
  for (const BlockChoice& choice : kChoices)
    if (auto nest = BlockScheduler(step, target).run(choice))
      if (std::find(nests.begin(), nests.end(), *nest) == nests.end())
        nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
