// From a step to loops over tiles.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// Every way that the schedulers know to run a step on a target, the one that the cost model
// predicts to be fastest first. All give the same result up to rounding.
std::vector<LoopNest> schedules(const Contraction& step, const Target& target);
std::vector<LoopNest> schedules(const MapReduce& step, const Target& target);
// None of a step that is no loop nest.
std::vector<LoopNest> schedules(const PlanStep& step, const Target& target);

// The first of them that takes at most so many bytes of scratch for each task; if there is none,
// the one that takes least. A function of its arguments alone, not of the number of threads:
// results do not depend on who runs the tasks.
LoopNest schedule(const Contraction& step, const Target& target,
                  std::optional<int64_t> most_scratch_bytes = std::nullopt);
LoopNest schedule(const MapReduce& step, const Target& target,
                  std::optional<int64_t> most_scratch_bytes = std::nullopt);

}  // namespace einc
