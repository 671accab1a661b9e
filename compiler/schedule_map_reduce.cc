// Memory-bound steps: one pass over the operands, in the order in which the largest of them lies.
// The choice that matters is the axis that vectors run along; an operand that is contiguous along
// another axis instead is read through transposed register tiles.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {
namespace {

// Elements an operand has within the step.
double elements(const LoopNest& nest, size_t operand) {
  double product = 1;
  for (const Axis& axis : nest.axes)
    if (axis.strides[operand] != 0) product *= static_cast<double>(axis.extent);
  return product;
}

class Scheduler {
 public:
  Scheduler(const MapReduce& step, const Target& target) : step_(step), target_(target) {
    for (const StepOperand& input : step.inputs)
      nest_.inputs.push_back({input.dtype, input.conjugate});
    nest_.output = {step.output.dtype, step.output.conjugate};
    nest_.compute = step.compute;
    nest_.accumulates = step.accumulates;
    add_axes("o", step.kept, false);
    add_axes("r", step.reduced, true);
    for (size_t o = 0; o <= step.inputs.size(); ++o) elements_.push_back(elements(nest_, o));
  }

  LoopNest run() {
    choose_vector_axis();
    choose_row_axis();
    order_loops();
    return std::move(nest_);
  }

 private:
  void add_axes(const char* prefix, const std::vector<Dim>& dims, bool reduced) {
    for (size_t d = 0; d < dims.size(); ++d)
      nest_.axes.push_back(
          {prefix + std::to_string(d), reduced, dims[d].extent, dims[d].strides});
  }

  size_t output() const { return step_.inputs.size(); }
  const Axis& axis(int index) const { return nest_.axes[static_cast<size_t>(index)]; }
  int axis_count() const { return static_cast<int>(nest_.axes.size()); }

  // Elements that vectors along an axis load and store whole, each counted by how full the vectors
  // are; an output whose every element is one sum of lanes counts as whole too.
  double vector_score(int candidate) const {
    const Axis& along = axis(candidate);
    const auto lanes = static_cast<double>(lanes_of(nest_.compute, target_));
    const double fill = std::min(static_cast<double>(along.extent) / lanes, 1.0);
    double score = 0;
    for (size_t o = 0; o <= output(); ++o) {
      const int64_t stride = along.strides[o];
      if (stride == 0 || stride == 1) score += elements_[o];
    }
    // Storing through transposition is not done, so the output counts more than an input does.
    if (!along.reduced && along.strides[output()] == 1) score += elements_[output()];
    return score * fill;
  }

  void choose_vector_axis() {
    double best = -1;
    for (int candidate = 0; candidate < axis_count(); ++candidate) {
      const double score = vector_score(candidate);
      if (score > best) {
        best = score;
        vector_axis_ = candidate;
      }
    }
    if (vector_axis_ < 0) return;
    lanes_ = vector_lanes(axis(vector_axis_).extent, nest_.compute, target_);
    const int64_t most = (axis(vector_axis_).extent + lanes_ - 1) / lanes_;
    vectors_ = std::min<int64_t>(most, 4);
  }

  // Rows are the contiguous axis of an input that lies across the vectors, as many as lanes, so
  // that a square of registers transposes it; or a few neighbours that share the other operands.
  void choose_row_axis() {
    if (vector_axis_ < 0) return;
    for (size_t o = 0; o < output(); ++o) {
      const int64_t stride = axis(vector_axis_).strides[o];
      if (stride == 0 || stride == 1) continue;
      for (int candidate = 0; candidate < axis_count(); ++candidate)
        if (candidate != vector_axis_ && !axis(candidate).reduced &&
            axis(candidate).strides[o] == 1 && axis(candidate).extent >= lanes_ / 2 &&
            lanes_ > 1) {
          row_axis_ = candidate;
          rows_ = lanes_;
          vectors_ = 1;
          return;
        }
    }
    if (!axis(vector_axis_).reduced || step_.kept.empty()) return;
    row_axis_ = static_cast<int>(step_.kept.size()) - 1;
    rows_ = std::min<int64_t>(4, axis(row_axis_).extent);
    vectors_ = std::min<int64_t>(vectors_, 2);
  }

  // Kept axes outside, by the output's strides (lower sorted them); reduced ones in the tile, by
  // the largest input's, a reduced vector axis last.
  void order_loops() {
    NestBuilder builder(nest_);
    std::vector<int> kept;
    for (int a = 0; a < axis_count(); ++a) {
      if (axis(a).reduced) {
        if (a != vector_axis_) reduce_axes_.push_back(a);
      } else {
        kept.push_back(a);
      }
    }
    sort_reduced_axes();
    if (vector_axis_ >= 0 && axis(vector_axis_).reduced)
      reduce_axes_.push_back(vector_axis_);
    cut_into_tasks(kept, builder);
    for (const int a : kept) builder.loop({a, tile_step(a)});
    builder.leaf(tile());
  }

  void sort_reduced_axes() {
    if (step_.inputs.empty()) return;
    const auto largest = static_cast<size_t>(
        std::max_element(elements_.begin(), elements_.end() - 1) - elements_.begin());
    const auto key = [&](int a) { return std::pair(-std::abs(axis(a).strides[largest]), a); };
    std::sort(reduce_axes_.begin(), reduce_axes_.end(),
              [&](int x, int y) { return key(x) < key(y); });
  }

  Tile tile() const {
    Tile tile{.inputs = {}, .output = nest_.output_index(), .lanes = lanes_};
    for (int i = 0; i < nest_.output_index(); ++i) tile.inputs.push_back(i);
    if (row_axis_ >= 0) tile.rows = {{row_axis_, rows_}};
    if (vector_axis_ >= 0) tile.columns = {{vector_axis_, vectors_ * lanes_}};
    tile.reduce_axes = reduce_axes_;
    return tile;
  }

  int64_t tile_step(int a) const {
    if (a == row_axis_) return rows_;
    if (a == vector_axis_) return vectors_ * lanes_;
    return 1;
  }

  // The outermost axes, until a task has about 64 Ki elements to touch.
  void cut_into_tasks(const std::vector<int>& kept, NestBuilder& builder) {
    constexpr double kTaskElements = 65536;
    double work = 1;
    for (const Axis& a : nest_.axes) work *= static_cast<double>(a.extent);
    std::vector<Step> steps;
    for (const int a : kept) steps.push_back({a, tile_step(a)});
    builder.parallel_loops(steps, std::min(work / kTaskElements, 64.0));
  }

  const MapReduce& step_;
  const Target& target_;
  LoopNest nest_;
  std::vector<double> elements_;  // of each operand
  int vector_axis_ = -1;
  int row_axis_ = -1;
  int64_t rows_ = 1;
  int64_t vectors_ = 1;
  int lanes_ = 1;
  std::vector<int> reduce_axes_;
};

}  // namespace

std::vector<LoopNest> schedules(const MapReduce& step, const Target& target) {
  LoopNest nest = Scheduler(step, target).run();
  verify(nest);
  return {std::move(nest)};
}

LoopNest schedule(const MapReduce& step, const Target& target) {
  return schedules(step, target).front();
}

}  // namespace einc
