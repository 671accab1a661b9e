// Permutations through blocks in scratch, of which both sides are read and written in long runs
// (Ruetsch, Micikevicius, "Optimizing matrix transpose in CUDA", 2009, for the idea).

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
#include "einc/dtype.h"

namespace einc {
namespace {

struct StagedChoice {
  int64_t in_bytes, out_bytes;  // of runs, at least
  bool by_lines = false;        // runs leave the block in whole lines, wherever they begin
  bool of_one_label = false;    // runs of the output are
};

constexpr StagedChoice kChoices[] = {{1024, 1024}, {1024, 2048, true}, {256, 8192, true, true}};

class StagedScheduler : MapReduceAxes {
 public:
  StagedScheduler(const MapReduce& step, const Target& target, const StagedChoice& choice)
      : MapReduceAxes(step), target_(target), choice_(choice), sizes_(nest.axes.size(), 1) {}

  std::optional<LoopNest> run() {
    if (!suits() || (choice_.by_lines && !suits_lines())) return std::nullopt;
    take_run(output(), choice_.out_bytes);
    run_ = out_run();
    if (choice_.of_one_label && run_.size() > 1) return std::nullopt;
    take_run(0, choice_.in_bytes);
    if (choice_.by_lines && run_.size() > 1) add_flat_axis();
    build();
    verify(nest);
    return std::move(nest);
  }

 private:
  bool suits() const {
    const int x = contiguous(largest);
    const int y = contiguous(output());
    return nest.inputs.size() == 1 && x >= 0 && y >= 0 && x != y &&
           std::none_of(nest.axes.begin(), nest.axes.end(),
                        [](const Axis& axis) { return axis.reduced; }) &&
           bytes(output()) > static_cast<double>(target_.l2_bytes);
  }

  // Too large for the caches, of rows that begin anywhere, and no pairs of numbers to put together.
  bool suits_lines() const {
    constexpr int64_t kLine = 64;
    const auto l3 = static_cast<double>(target_.l3_bytes);
    const bool begins_lines = std::all_of(nest.axes.begin(), nest.axes.end(), [&](const Axis& a) {
      return a.strides[1] == 1 || a.strides[1] * nest.element_bytes(output()) % kLine == 0;
    });
    return !begins_lines && info(nest.compute).kind != Kind::kComplex && !nest.accumulates &&
           bytes(output()) >= l3 / 4 && bytes(output()) + bytes(0) >= l3 / 2;
  }

  int64_t& size(int axis) { return sizes_[static_cast<size_t>(axis)]; }
  int64_t size(int axis) const { return sizes_[static_cast<size_t>(axis)]; }

  // Adds positions to a block until an operand is contiguous for so long.
  void take_run(int operand, int64_t least_bytes) {
    int64_t run = nest.element_bytes(operand);
    const std::vector<int> order = order_of(operand);
    for (size_t i = order.size(); i-- > 0 && run < least_bytes;) {
      const int64_t extent = axis(order[i]).extent;
      int64_t& taken = size(order[i]);
      if (is_fixed(order[i])) {
        run *= taken;
        continue;
      }
      taken = std::max(taken, std::min(extent, ceil_div(least_bytes, run)));
      if (taken * 2 > extent) taken = extent;
      // A flat axis has as many positions in every block.
      if (choice_.by_lines && operand == output() && i + 1 < order.size())
        taken = largest_divisor(extent, taken);
      run *= taken;
    }
  }

  // What a flat axis walks, which is chosen first.
  bool is_fixed(int a) const {
    return choice_.by_lines && run_.size() > 1 &&
           std::find(run_.begin(), run_.end(), a) != run_.end();
  }

  // The axes along which a block is contiguous in the output, outermost first.
  std::vector<int> out_run() const {
    std::vector<int> run;
    int64_t length = 1;
    const std::vector<int> order = order_of(output());
    for (size_t i = order.size(); i-- > 0;) {
      const int a = order[i];
      if (nest.stride(output(), a) != length || size(a) == 1) break;
      run.insert(run.begin(), a);
      length *= size(a);
      if (size(a) < axis(a).extent) break;
    }
    return run;
  }

  void add_flat_axis() {
    int64_t length = 1;
    for (const int a : run_) length *= size(a);
    nest.axes.push_back({"run", false, length, {0, 1}, run_});
    flat_ = axis_count() - 1;
  }

  void build() {
    std::vector<int> order = order_of(output());
    std::erase(order, flat_);
    std::vector<Step> steps;
    for (const int a : order) steps.push_back({a, size(a)});
    NestBuilder builder(nest);
    cut_into_tasks(steps, builder);
    builder.loops(steps);
    const int buffer = add_buffer(builder, order);
    builder.local(buffer);
    const auto here = builder.place();
    std::vector<int> ignored;
    if (flat_ >= 0) ignored.push_back(flat_);
    copy(nest, builder, 0, nest.buffer_index(buffer), target_,
         {.most_square = target_.vector_bytes / 4, .asks_ahead = true, .ignored = ignored});
    builder.return_to(here);
    choice_.by_lines
        ? write_lines(builder, order, nest.buffer_index(buffer))
        : copy(nest, builder, nest.buffer_index(buffer), output(), target_, {.streams = true});
  }

  // An odd number of lines from run to run, or they would share a few sets of the cache.
  int add_buffer(NestBuilder& builder, const std::vector<int>& order) {
    const int64_t lanes = lanes_of(nest.compute, target_);
    const int last_of_run = flat_ >= 0 ? run_.front() : contiguous(output());
    BufferBuilder layout(nest, builder);
    for (size_t i = order.size(); i-- > 0;) {
      layout.add(order[i], builder.range(order[i]));
      if (order[i] == last_of_run) {
        if (flat_ >= 0) layout.alias(flat_, 1);
        layout.pad(lanes);
      }
    }
    return layout.finish(lanes);
  }

  void write_lines(NestBuilder& builder, const std::vector<int>& order, int buffer) {
    for (const int a : order)
      if (std::find(run_.begin(), run_.end(), a) == run_.end()) builder.loop({a, 1});
    const int along = flat_ >= 0 ? flat_ : run_.front();
    builder.leaf(Tile{.inputs = {buffer},
                      .output = output(),
                      .columns = {{along, builder.range(along)}},
                      .lanes = static_cast<int>(lanes_of(nest.compute, target_)),
                      .streams = true,
                      .peels = true});
  }

  const Target& target_;
  const StagedChoice choice_;
  std::vector<int64_t> sizes_;  // positions of each axis in a block
  std::vector<int> run_;        // of the output
  int flat_ = -1;               // walks the run
};

}  // namespace

std::vector<LoopNest> schedule_staged(const MapReduce& step, const Target& target) {
  std::vector<LoopNest> nests;
  for (const StagedChoice& choice : kChoices)
    if (auto nest = StagedScheduler(step, target, choice).run())
      if (std::find(nests.begin(), nests.end(), *nest) == nests.end())
        nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
