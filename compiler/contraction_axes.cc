#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "compiler/words.h"
#include "einc/dtype.h"

namespace einc {

// Multiply-adds below which a task is not worth handing over, about 20 us of work.
constexpr double kTaskMultiplyAdds = 1e6;

ContractionAxes::ContractionAxes(const ContractionForm& form) {
  const Contraction& step = form.step;
  nest.inputs = {{step.a.dtype, step.a.conjugate}, {step.b.dtype, step.b.conjugate}};
  nest.output = {step.c.dtype, step.c.conjugate};
  nest.compute = step.compute;
  nest.accumulates = step.accumulates;
  batch = add("b", step.batch, false);
  m = add("m", step.m, false);
  n = add("n", step.n, false);
  k = add("k", step.k, true);
  if (form.word_terms > 1) add_words(nest, k.back(), form.word_terms);
}

std::vector<int> ContractionAxes::add(const std::string& prefix, const std::vector<Dim>& dims,
                                      bool reduced) {
  std::vector<int> axes;
  for (size_t d = 0; d < dims.size(); ++d) {
    axes.push_back(static_cast<int>(nest.axes.size()));
    nest.axes.push_back({dims.size() == 1 ? prefix : prefix + std::to_string(d), reduced,
                         dims[d].extent, dims[d].strides});
  }
  return axes;
}

int64_t ContractionAxes::extent(const std::vector<int>& axes) const {
  int64_t product = 1;
  for (const int axis : axes) product *= extent(axis);
  return product;
}

int ContractionAxes::find_contiguous(const std::vector<int>& axes, int operand) const {
  for (const int axis : axes)
    if (nest.stride(operand, axis) == 1) return axis;
  return -1;
}

LoopNest ContractionAxes::in_output_order(Tile tile, const Target& target) {
  std::vector<Step> steps;
  for (const auto* group : {&batch, &m, &n})
    for (const int axis : *group) {
      Step step{axis, 1};
      for (const auto* dims : {&tile.rows, &tile.columns})
        for (const TileDim& dim : *dims)
          if (dim.axis == axis) step.size = dim.count;
      steps.push_back(step);
    }
  sort_by(steps, [&](const Step& step) { return -std::abs(nest.stride(kC, step.axis)); });
  NestBuilder builder(nest);
  builder.parallel_loops(steps, tasks());
  builder.loops(steps);
  tile.streams = streams_whole_lines(nest, builder, tile, target);
  builder.leaf(std::move(tile));
  verify(nest);
  return std::move(nest);
}

double ContractionAxes::tasks() const {
  double multiply_adds = 1;
  for (const Axis& axis : nest.axes) multiply_adds *= static_cast<double>(axis.extent);
  return std::min(multiply_adds / kTaskMultiplyAdds, kMostTasks);
}

std::optional<Prefetch> ContractionAxes::ask_ahead(Prefetch ahead, int64_t tiles,
                                                   int64_t width) const {
  constexpr int64_t kMostLines = 64;  // at once
  const int64_t line = 64 / info(nest.compute).bytes;
  const bool is_little = ceil_div(extent(k), tiles) * width <= kMostLines * line;
  if (tiles > 1 && k.size() == 1 && ahead.shared_along >= 0 && is_little) return ahead;
  ahead.shared_along = -1;
  return tiles <= 2 ? std::optional(ahead) : std::nullopt;
}

bool ContractionAxes::is_streamed(int operand, const Target& target) const {
  const double bytes = nest.elements(operand) * static_cast<double>(nest.element_bytes(operand));
  return bytes > 2 * static_cast<double>(target.l2_bytes);
}

}  // namespace einc
