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

#include "compiler/line_blocks.h"
#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_map_reduce.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {
namespace {

// Runs of both sides in a block, in bytes, at least.
struct BlockChoice {
  int64_t in_bytes, out_bytes;
};

// Where rows of the output are whole lines, they are written as they are transposed.
constexpr BlockChoice kInPlace[] = {{512, 128}, {256, 256}};
// Where they, or the output itself, begin inside of lines, a block is put together in L2, and its
// runs go to the output from there: of each, only the lines at both ends are written by other
// blocks, too.
constexpr BlockChoice kInBuffer[] = {{256, 4096}, {256, 1024}};
// Or without a buffer, by parts of lines.
constexpr BlockChoice kByParts = {256, 1024};

constexpr int64_t kLine = 64;

class BlockScheduler : MapReduceAxes {
 public:
  BlockScheduler(const MapReduce& step, const Target& target)
      : MapReduceAxes(step),
        target_(target),
        strips_exponent_(step.strips_exponent),
        across_(largest_across()),
        row_(contiguous(across_)),
        column_(contiguous(output())),
        lanes_(square_lanes(nest.compute, target)) {}

  // Nothing where the choice does not fit the step.
  std::optional<LoopNest> in_place(const BlockChoice& choice) {
    if (!suits() || begins_inside_lines()) return std::nullopt;
    const std::optional<Blocks> elsewhere = blocks_in_buffer();
    if (elsewhere && !fills_lines()) return std::nullopt;
    const std::optional<Blocks> blocks = blocks_of(choice);
    if (!blocks || is_read_in_order(*blocks)) return std::nullopt;
    return nest_of(elsewhere ? larger(*blocks, *elsewhere) : *blocks, [&](NestBuilder& builder) {
      if (elsewhere) {
        const auto places = builder.at_lines();
        builder.return_to(places.second);
        build_in_buffer(builder, *elsewhere);
        builder.return_to(places.first);
      }
      build_in_place(builder, *blocks);
    });
  }

  std::optional<LoopNest> in_buffer() {
    if (!suits() || (!begins_inside_lines() && fills_lines())) return std::nullopt;
    const std::optional<Blocks> blocks = blocks_in_buffer();
    if (!blocks) return std::nullopt;
    return nest_of(*blocks, [&](NestBuilder& builder) { build_in_buffer(builder, *blocks); });
  }

  std::optional<LoopNest> by_parts() {
    if (!suits() || !begins_inside_lines() || blocks_in_buffer()) return std::nullopt;
    const std::optional<Blocks> blocks = blocks_of(kByParts);
    if (!blocks || is_read_in_order(*blocks)) return std::nullopt;
    return nest_of(*blocks, [&](NestBuilder& builder) { build_in_place(builder, *blocks); });
  }

 private:
  using Blocks = std::vector<Step>;  // as the input lies

  // In tasks of whole blocks.
  LoopNest nest_of(const Blocks& blocks, const auto& build) {
    NestBuilder builder(nest);
    cut_into_tasks(blocks, builder);
    build(builder);
    verify(nest);
    return std::move(nest);
  }

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

  bool suits() const {
    const auto is_long = [&](int a) { return a >= 0 && axis(a).extent >= lanes_ / 2; };
    return is_long(row_) && is_long(column_) && row_ != column_ && is_from_memory() &&
           std::none_of(nest.axes.begin(), nest.axes.end(),
                        [](const Axis& axis) { return axis.reduced; });
  }

  bool is_from_memory() const {
    const auto l3 = static_cast<double>(target_.l3_bytes);
    return bytes(output()) >= l3 / 4 && bytes(output()) + bytes(across_) >= l3 / 2 &&
           bytes(across_) > static_cast<double>(target_.l2_bytes);
  }

  bool may_buffer() const { return !nest.accumulates && !strips_exponent_; }

  std::optional<Blocks> blocks_in_buffer() const {
    if (!may_buffer()) return std::nullopt;
    for (const BlockChoice& choice : kInBuffer)
      if (auto blocks = blocks_of(choice)) return blocks;
    return std::nullopt;
  }

  // Nothing where they would not stay in L2.
  std::optional<Blocks> blocks_of(const BlockChoice& choice) const {
    std::vector<int64_t> sizes(nest.axes.size(), 1);
    take_run(output(), choice.out_bytes, sizes);
    take_run(across_, choice.in_bytes, sizes);
    Blocks blocks;
    for (const int a : order_of(across_)) blocks.push_back({a, sizes[static_cast<size_t>(a)]});
    return stays_in_l2(blocks) ? std::optional(blocks) : std::nullopt;
  }

  static Blocks larger(Blocks blocks, const Blocks& others) {
    for (size_t i = 0; i < blocks.size(); ++i)
      blocks[i].size = std::max(blocks[i].size, others[i].size);
    return blocks;
  }

  // Adds positions to a block until an operand is contiguous for so long.
  void take_run(int operand, int64_t least_bytes, std::vector<int64_t>& sizes) const {
    int64_t run = nest.element_bytes(operand);
    const std::vector<int> order = order_of(operand);
    for (size_t i = order.size(); i-- > 0 && run < least_bytes;) {
      if (nest.stride(operand, order[i]) == 0) continue;
      const int64_t extent = axis(order[i]).extent;
      int64_t& taken = sizes[static_cast<size_t>(order[i])];
      taken = std::max(taken, std::min(extent, ceil_div(least_bytes, run)));
      if (taken * 2 > extent) taken = extent;
      run *= taken;
    }
  }

  // Whether the input is read about as it lies, so that processors read ahead by themselves: blocks
  // follow each other, and tiles leave out no lines.
  bool is_read_in_order(const Blocks& blocks) const {
    if (nest.stride(across_, column_) * nest.element_bytes(across_) >= 2 * kLine) return false;
    int64_t run = 1;
    for (size_t i = blocks.size(); i-- > 0;) {
      if (blocks[i].size == 1) continue;
      if (nest.stride(across_, blocks[i].axis) != run) return false;
      run *= blocks[i].size;
    }
    const std::optional<Step> next = next_of(blocks);
    return next && next->size * nest.stride(across_, next->axis) == run;
  }

  // Whether what tiles ask for is still in L2 when its turn comes: of rows that are a multiple of a
  // large power of two apart, only as many as a set has ways, or L3 gives back in time.
  bool stays_in_l2(const Blocks& blocks) const {
    constexpr int64_t kTimesWays = 4;
    const int64_t way = target_.l2_bytes / target_.l2_ways;
    int64_t rows_of_set = 1;
    for (const Step& block : blocks) {
      const int64_t apart = nest.stride(across_, block.axis) * nest.element_bytes(across_);
      if (apart >= kLine) rows_of_set *= ceil_div(block.size, way / std::gcd(apart, way));
    }
    return rows_of_set <= kTimesWays * target_.l2_ways;
  }

  void build_in_place(NestBuilder& builder, const Blocks& blocks) {
    // Vectors of half a line cross from one to another half as often.
    const bool crosses = begins_inside_lines() && lanes_ * nest.element_bytes(output()) > kLine / 2;
    builder.loops(blocks);
    Tile tile = tile_towards(next_of(blocks), crosses ? lanes_ / 2 : lanes_, output());
    for (const int a : order_of(output()))
      if (a != column_) builder.loop({a, step_of(tile, a)});
    tile.streams = fills_lines() && streams_whole_lines(nest, builder, tile, target_);
    builder.loop({column_, step_of(tile, column_)});
    if (tile.streams)
      std::erase_if(tile.prefetches, [&](const Prefetch& p) { return p.operand == output(); });
    builder.leaf(std::move(tile));
  }

  void build_in_buffer(NestBuilder& builder, const Blocks& blocks) {
    builder.loops(blocks);
    std::vector<Step> axes;
    for (int a = 0; a < axis_count(); ++a) axes.push_back({a, builder.range(a)});
    const LineBlock block = add_line_block(nest, axes, target_);
    builder.local(block.buffer);
    const auto here = builder.place();
    fill(builder, next_of(blocks), nest.buffer_index(block.buffer));
    builder.return_to(here);
    builder.leaf(copy_by_lines(nest, block, target_));
  }

  void fill(NestBuilder& builder, const std::optional<Step>& next, int buffer) {
    Tile tile = tile_towards(next, lanes_, buffer);
    for (const int a : order_of(across_))
      if (a != row_) builder.loop({a, step_of(tile, a)});
    builder.loop({row_, step_of(tile, row_)});
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
  std::optional<Step> next_of(const Blocks& blocks) const {
    const auto moves = [&](const Step& step) { return step.size < axis(step.axis).extent; };
    const auto last = std::find_if(blocks.rbegin(), blocks.rend(), moves);
    return last == blocks.rend() ? std::nullopt : std::optional(*last);
  }

  Tile tile_towards(const std::optional<Step>& next, int lanes, int to) const {
    Tile tile{.inputs = {},
              .output = to,
              .rows = {{row_, std::min<int64_t>(axis(row_).extent, lanes)}},
              .columns = {{column_, std::min<int64_t>(axis(column_).extent, lanes)}},
              .lanes = lanes};
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
  const bool strips_exponent_;
  const int across_;  // an input
  const int row_;     // the axis along which it is contiguous
  const int column_;  // and the output
  const int lanes_;
};

}  // namespace

std::vector<LoopNest> schedule_blocks(const MapReduce& step, const Target& target) {
  std::vector<LoopNest> nests;
  const auto add = [&](std::optional<LoopNest> nest) {
    if (nest && std::find(nests.begin(), nests.end(), *nest) == nests.end())
      nests.push_back(*std::move(nest));
  };
  for (const BlockChoice& choice : kInPlace) add(BlockScheduler(step, target).in_place(choice));
  add(BlockScheduler(step, target).in_buffer());
  add(BlockScheduler(step, target).by_parts());
  return nests;
}

}  // namespace einc
