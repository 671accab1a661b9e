// What a step is, in numbers.
#pragma once

#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/kernel.h"

namespace einc {

// With the seconds that a step of that kind of code should take.
StepInfo info_of(const PlanStep& step, const Target& target, CodeKind code);

double predicted_seconds(const PlanStep& step, const Target& target, CodeKind code);

}  // namespace einc
