// What the schedulers of map-reduces share. The entry point for everyone else is schedule.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {

// A nest without loops, of kept axes and of reduced ones.
struct MapReduceAxes {
  LoopNest nest;
  int largest = -1;  // input; of equals the one that moves along the outermost axes

  // With so many positions of the last reduced axis to a word.
  explicit MapReduceAxes(const MapReduce& step, int64_t word_terms = 1);

  int output() const { return nest.output_index(); }
  const Axis& axis(int index) const { return nest.axes[static_cast<size_t>(index)]; }
  // Of those that loops walk: all but that of words.
  int axis_count() const { return static_cast<int>(nest.axes.size()) - (nest.word < 0 ? 0 : 1); }
  double bytes(int operand) const {
    return nest.elements(operand) * static_cast<double>(nest.element_bytes(operand));
  }
  // The axis along which an operand is contiguous, or -1.
  int contiguous(int operand) const;
  // Axes, outermost first, as an operand lies.
  std::vector<int> order_of(int operand) const;
  // Parallel loops over the kept ones of the steps, of as many tasks as the step is worth.
  void cut_into_tasks(std::vector<Step> steps, NestBuilder& builder) const;

 private:
  void add(const char* prefix, const std::vector<Dim>& dims, bool reduced);
  int largest_input() const;
};

// A map of operands that are contiguous along different axes and too large for the caches, in
// blocks that hold long runs of both. None for other steps.
std::vector<LoopNest> schedule_blocks(const MapReduce& step, const Target& target);

// Sums in a buffer that lies as the largest input does, copied to the output. None for other steps,
// and where the output lies so, too.
std::optional<LoopNest> schedule_in_input_order(const MapReduce& step, const Target& target);

}  // namespace einc
