#include "compiler/line_blocks.h"

#include <cstddef>
#include <cstdlib>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"

namespace einc {
namespace {

void sort_inside_out(const LoopNest& nest, std::vector<Step>& axes) {
  sort_by(axes,
          [&](const Step& step) { return std::abs(nest.stride(nest.output_index(), step.axis)); });
}

}  // namespace

std::vector<TileDim> run_of_output(const LoopNest& nest, std::vector<Step> axes) {
  sort_inside_out(nest, axes);
  std::vector<TileDim> run;
  for (const Step& step : axes) {
    if (step.size > 1 && nest.stride(nest.output_index(), step.axis) != count_of(run)) break;
    if (step.size > 1) run.insert(run.begin(), {step.axis, step.size});
    if (step.size < nest.axes[static_cast<size_t>(step.axis)].extent) break;
  }
  return run;
}

LineBlock add_line_block(LoopNest& nest, const std::vector<Step>& axes, const Target& target) {
  LineBlock block{.axes = axes, .run = run_of_output(nest, axes)};
  sort_inside_out(nest, block.axes);
  const NestBuilder nowhere(nest);
  BufferBuilder layout(nest, nowhere);
  for (size_t d = block.run.size(); d-- > 0;) layout.add(block.run[d].axis, block.run[d].count);
  layout.pad();
  for (const Step& step : block.axes)
    if (!is_along(block.run, step.axis)) layout.add(step.axis, step.size);
  block.buffer = layout.finish(lanes_of(nest.compute, target));
  return block;
}

Node copy_by_lines(const LoopNest& nest, const LineBlock& block, const Target& target) {
  Node copy = Tile{.inputs = {nest.buffer_index(block.buffer)},
                   .output = nest.output_index(),
                   .columns = block.run,
                   .lanes = lanes_of(nest.compute, target),
                   .writes_lines = true};
  for (const Step& step : block.axes) {
    if (is_along(block.run, step.axis) || step.size == 1) continue;
    Loop loop{.axis = step.axis, .step = 1};
    loop.body.push_back(std::move(copy));
    copy = std::move(loop);
  }
  return copy;
}

}  // namespace einc
