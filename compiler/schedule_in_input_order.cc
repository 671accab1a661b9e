// Sums whose results lie in another order than the largest input: they are added up in a buffer, as
// the input lies, which is read once from its beginning to its end; the buffer is then copied to
// the output.

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

class InInputOrderScheduler : MapReduceAxes {
 public:
  InInputOrderScheduler(const MapReduce& step, const Target& target)
      : MapReduceAxes(step),
        target_(target),
        lanes_(lanes_of(nest.compute, target)),
        sizes_(nest.axes.size(), 1) {}

  std::optional<LoopNest> run() {
    if (!suits()) return std::nullopt;
    choose_columns();
    choose_block();
    build();
    verify(nest);
    return std::move(nest);
  }

 private:
  bool suits() const {
    constexpr double kFewResults = 4;  // times fewer than there are terms
    const int inner = contiguous(largest);
    return inner >= 0 && !axis(inner).reduced && inner != contiguous(output()) &&
           nest.elements(largest) >= kFewResults * nest.elements(output());
  }

  int64_t& size(int axis) { return sizes_[static_cast<size_t>(axis)]; }

  // A few vectors of what the input has side by side.
  void choose_columns() {
    const int64_t most = 4 * int64_t{lanes_};
    const std::vector<int> order = order_of(largest);
    int64_t count = 1;
    for (size_t i = order.size(); i-- > 0 && count < most;) {
      const Axis& next = axis(order[i]);
      if (next.reduced || nest.stride(largest, order[i]) != count) break;
      const int64_t taken = std::min(next.extent, ceil_div(most, count));
      columns_.insert(columns_.begin(), {order[i], taken});
      count *= taken;
      if (taken < next.extent) break;
    }
  }

  // As many results as a part of L2 holds.
  void choose_block() {
    int64_t room = target_.l2_bytes / 4 / part_bytes(nest.compute);
    const std::vector<int> order = order_of(largest);
    for (size_t i = order.size(); i-- > 0;) {
      if (axis(order[i]).reduced) continue;
      size(order[i]) = std::clamp<int64_t>(room, at_once(order[i]), axis(order[i]).extent);
      room = std::max<int64_t>(room / size(order[i]), 1);
    }
  }

  // Positions that a tile takes.
  int64_t at_once(int a) const {
    for (const TileDim& dim : columns_)
      if (dim.axis == a) return dim.count;
    return 1;
  }

  void build() {
    const std::vector<int> order = order_of(largest);
    NestBuilder builder(nest);
    std::vector<Step> blocks;
    for (const int a : order)
      if (!axis(a).reduced) blocks.push_back({a, size(a)});
    cut_into_tasks(blocks, builder);
    builder.loops(blocks);

    BufferBuilder layout(nest, builder);
    for (size_t i = order.size(); i-- > 0;)
      if (!axis(order[i]).reduced) layout.add(order[i], builder.range(order[i]));
    const int buffer = layout.finish(lanes_);
    builder.local(buffer);
    const auto here = builder.place();
    add_up(builder, order, nest.buffer_index(buffer));
    builder.return_to(here);
    copy(nest, builder, nest.buffer_index(buffer), output(), target_,
         {.most_square = target_.vector_bytes / 4, .streams = true});
  }

  void add_up(NestBuilder& builder, const std::vector<int>& order, int buffer) {
    constexpr int64_t kTermsAtOnce = 8;
    Tile tile{.inputs = {}, .output = buffer, .columns = columns_, .lanes = lanes_};
    for (int i = 0; i < output(); ++i) tile.inputs.push_back(i);
    for (const int a : order)
      if (axis(a).reduced) tile.reduce_axes.push_back(a);
    for (const int a : order) {
      const bool is_last_sum = a == tile.reduce_axes.back();
      builder.loop({a, is_last_sum ? std::min(kTermsAtOnce, axis(a).extent) : at_once(a)});
    }
    builder.leaf(std::move(tile));
  }

  const Target& target_;
  const int lanes_;
  std::vector<TileDim> columns_;
  std::vector<int64_t> sizes_;  // positions of each axis in a block of results
};

}  // namespace

std::optional<LoopNest> schedule_in_input_order(const MapReduce& step, const Target& target) {
  if (step.reduced.empty() || step.inputs.empty()) return std::nullopt;
  return InInputOrderScheduler(step, target).run();
}

}  // namespace einc
