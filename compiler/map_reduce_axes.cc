#include "compiler/schedule_map_reduce.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/words.h"
#include "einc/dtype.h"

namespace einc {
namespace {

// Elements below which a task is not worth handing over, about 20 us of work.
constexpr double kTaskElements = 65536;
// More tasks than this give threads nothing.
constexpr double kMostTasks = 64;

bool only_moves(const MapReduce& step) {
  return step.inputs.size() == 1 && step.reduced.empty() && !step.accumulates &&
         !step.strips_exponent && step.inputs[0].dtype == step.output.dtype &&
         step.inputs[0].conjugate == step.output.conjugate;
}

// A type of as many bytes that registers hold as it lies in memory.
DType moved_as(DType dtype) {
  if (dtype == DType::kComplex64) return DType::kInt64;
  switch (info(dtype).bytes) {
    case 1:
      return DType::kInt8;
    case 2:
      return DType::kInt16;
    default:
      return dtype;
  }
}

}  // namespace

MapReduceAxes::MapReduceAxes(const MapReduce& step, int64_t word_terms) {
  for (const StepOperand& input : step.inputs)
    nest.inputs.push_back({input.dtype, input.conjugate});
  nest.output = {step.output.dtype, step.output.conjugate};
  nest.compute = step.compute;
  nest.accumulates = step.accumulates;
  if (only_moves(step))
    nest.compute = nest.output.dtype = nest.inputs[0].dtype = moved_as(step.output.dtype);
  add("o", step.kept, false);
  add("r", step.reduced, true);
  largest = largest_input();
  if (word_terms > 1) add_words(nest, axis_count() - 1, word_terms);
}

void MapReduceAxes::add(const char* prefix, const std::vector<Dim>& dims, bool reduced) {
  for (size_t d = 0; d < dims.size(); ++d)
    nest.axes.push_back({prefix + std::to_string(d), reduced, dims[d].extent, dims[d].strides});
}

int MapReduceAxes::largest_input() const {
  const auto moves_more = [&](int x, int y) {
    if (nest.elements(x) != nest.elements(y)) return nest.elements(x) > nest.elements(y);
    for (int a = 0; a < axis_count(); ++a)
      if (std::abs(nest.stride(x, a)) != std::abs(nest.stride(y, a)))
        return std::abs(nest.stride(x, a)) > std::abs(nest.stride(y, a));
    return false;
  };
  int found = output() > 0 ? 0 : -1;
  for (int i = 1; i < output(); ++i)
    if (moves_more(i, found)) found = i;
  return found;
}

int MapReduceAxes::contiguous(int operand) const {
  for (int a = 0; operand >= 0 && a < axis_count(); ++a)
    if (nest.stride(operand, a) == 1) return a;
  return -1;
}

std::vector<int> MapReduceAxes::order_of(int operand) const {
  std::vector<int> order;
  for (int a = 0; a < axis_count(); ++a) order.push_back(a);
  sort_by(order, [&](int a) { return -std::abs(nest.stride(operand, a)); });
  return order;
}

void MapReduceAxes::cut_into_tasks(std::vector<Step> steps, NestBuilder& builder) const {
  double work = 1;
  for (const Axis& a : nest.axes)
    if (a.flattens.empty()) work *= static_cast<double>(a.extent);
  std::erase_if(steps, [&](const Step& step) { return axis(step.axis).reduced; });
  builder.parallel_loops(steps, std::min(work / kTaskElements, kMostTasks));
}

}  // namespace einc
