// Requests by expression, and the schedules of their steps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compiler/einsum_ir.h"
#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "random_einsum.h"

namespace einc::test {

// An expression without spaces or ellipses, and the extent of each label.
Request request_of(const std::string& expression, DType dtype,
                   const std::function<int64_t(char)>& extent_of);

Einsum bound(const Request& request);

// All schedules of a step, the chosen one first; none if it is no loop nest.
std::vector<LoopNest> schedules_of(const PlanStep& step, const Target& target);

}  // namespace einc::test
