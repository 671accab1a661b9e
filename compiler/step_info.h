// What a step is, in numbers.
#pragma once

#include <cstdint>

#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/kernel.h"

namespace einc {

// With the seconds that a step of that kind of code should take.
StepInfo info_of(const PlanStep& step, const Target& target, CodeKind code);

// Elements of the output.
int64_t output_elements(const PlanStep& step);

double predicted_seconds(const PlanStep& step, const Target& target, CodeKind code);

}  // namespace einc
