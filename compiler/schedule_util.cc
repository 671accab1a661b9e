#include "compiler/schedule_util.h"

#include <cstddef>
#include <cstdint>

#include "compiler/loop_nest.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

int vector_lanes(int64_t extent, DType compute, const Target& target) {
  int lanes = 1;
  while (lanes < extent && lanes < lanes_of(compute, target)) lanes *= 2;
  return lanes;
}

void NestBuilder::open(int axis, int64_t step, bool parallel) {
  for (size_t a = ranges_.size(); a < nest_.axes.size(); ++a)
    ranges_.push_back(nest_.axes[a].extent());
  int64_t& range = ranges_[static_cast<size_t>(axis)];
  if (step >= range) return;
  range = step;
  body_->push_back(Loop{.axis = axis, .step = step, .parallel = parallel, .body = {}});
  body_ = &std::get<Loop>(body_->back()).body;
}

}  // namespace einc
