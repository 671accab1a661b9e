#include "compiler/schedule.h"

#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

std::vector<LoopNest> schedules(const PlanStep& step, const Target& target) {
  if (const auto* contraction = std::get_if<Contraction>(&step))
    return schedules(*contraction, target);
  if (const auto* map_reduce = std::get_if<MapReduce>(&step)) return schedules(*map_reduce, target);
  return {};
}

}  // namespace einc
