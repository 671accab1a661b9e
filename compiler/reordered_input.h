// Sums of an input that lies across the largest one: small, it is put into that one's order before.
#pragma once

#include <optional>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

struct ReorderedInput {
  int input;
  MapReduce step;  // as if the input lay in the order of the largest
};

// None where no input lies across the largest, or it is not small beside it.
std::optional<ReorderedInput> reordered_input(const MapReduce& step, const Target& target);

// A nest of the reordered step as one of the step itself: a phase before all others copies the
// input into a buffer that tasks share. None for nests whose axes are not the step's.
std::optional<LoopNest> with_reordering(LoopNest nest, const ReorderedInput& reordered,
                                        const MapReduce& step, const Target& target);

}  // namespace einc
