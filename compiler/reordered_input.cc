#include "compiler/reordered_input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

class Reordering : MapReduceAxes {
 public:
  Reordering(const MapReduce& step, const Target& target)
      : MapReduceAxes(step), step_(step), target_(target) {}

  std::optional<ReorderedInput> find() const {
    for (int i = 0; i < output(); ++i)
      if (i != largest && lies_across(i) && is_small(i))
        return ReorderedInput{i, with_strides(i, strides_of(i))};
    return std::nullopt;
  }

 private:
  bool lies_across(int input) const {
    const int own = contiguous(input);
    const int inner = contiguous(largest);
    return own >= 0 && inner >= 0 && own != inner && nest.stride(input, inner) != 0;
  }

  bool is_small(int input) const {
    constexpr double kTimes = 4;
    return bytes(input) <= static_cast<double>(target_.l3_bytes) / 4 &&
           nest.elements(largest) >= kTimes * nest.elements(input);
  }

  // Of an input without gaps, in the order of the largest.
  std::vector<int64_t> strides_of(int input) const {
    std::vector<int64_t> strides(nest.axes.size(), 0);
    const std::vector<int> order = order_of(largest);
    int64_t elements = 1;
    for (size_t i = order.size(); i-- > 0;) {
      if (nest.stride(input, order[i]) == 0) continue;
      strides[static_cast<size_t>(order[i])] = elements;
      elements *= axis(order[i]).extent;
    }
    return strides;
  }

  // Axes are the step's kept dims, then the reduced ones.
  MapReduce with_strides(int input, const std::vector<int64_t>& strides) const {
    MapReduce step = step_;
    step.inputs[static_cast<size_t>(input)].dtype = step.compute;
    size_t a = 0;
    for (auto* dims : {&step.kept, &step.reduced})
      for (Dim& dim : *dims) dim.strides[static_cast<size_t>(input)] = strides[a++];
    return step;
  }

  const MapReduce& step_;
  const Target& target_;
};

}  // namespace

std::optional<ReorderedInput> reordered_input(const MapReduce& step, const Target& target) {
  if (step.reduced.empty() || step.inputs.size() < 2) return std::nullopt;
  return Reordering(step, target).find();
}

std::optional<LoopNest> with_reordering(LoopNest nest, const ReorderedInput& reordered,
                                        const MapReduce& step, const Target& target) {
  const MapReduceAxes axes(step);
  if (nest.axes.size() != axes.nest.axes.size()) return std::nullopt;
  const auto input = static_cast<size_t>(reordered.input);
  std::vector<std::pair<int64_t, int>> packed;
  for (size_t a = 0; a < nest.axes.size(); ++a) {
    int64_t& stride = nest.axes[a].strides[input];
    if (stride != 0) packed.emplace_back(stride, static_cast<int>(a));
    stride = axes.nest.axes[a].strides[input];
  }
  std::sort(packed.begin(), packed.end());
  nest.inputs[input].dtype = axes.nest.inputs[input].dtype;

  std::vector<Node> phases = std::move(nest.body);
  nest.body.clear();
  NestBuilder builder(nest);
  BufferBuilder layout(nest, builder);
  for (const auto& [stride, axis] : packed) layout.add(axis, builder.range(axis));
  const int buffer = nest.buffer_index(layout.finish(lanes_of(nest.compute, target), true));
  copy(nest, builder, reordered.input, buffer, target, {.most_square = target.vector_bytes / 4});
  for_each_tile(phases, [&](Tile& tile) {
    std::replace(tile.inputs.begin(), tile.inputs.end(), reordered.input, buffer);
  });
  for (Node& phase : phases) nest.body.push_back(std::move(phase));
  verify(nest);
  return nest;
}

}  // namespace einc
