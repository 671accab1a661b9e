// What schedulers share.
#pragma once

#include <cstdint>
#include <utility>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Lanes of the vectors along an axis of that extent: the target's, or the next power of two where
// the extent does not fill one.
int vector_lanes(int64_t extent, DType compute, const Target& target);

// Builds the body of a nest from the outside in: a loop opens a level, a leaf stays on it.
class NestBuilder {
 public:
  explicit NestBuilder(LoopNest& nest) : nest_(nest), body_(&nest.body) {}

  // No loop where the range is one step long anyway.
  void parallel_loop(int axis, int64_t step) { open(axis, step, true); }
  void loop(int axis, int64_t step) { open(axis, step, false); }
  void leaf(Node node) { body_->push_back(std::move(node)); }

 private:
  void open(int axis, int64_t step, bool parallel);

  LoopNest& nest_;
  std::vector<Node>* body_;
  std::vector<int64_t> ranges_;  // positions that the innermost loop over each axis leaves
};

}  // namespace einc
