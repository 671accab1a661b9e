// From a step of a plan to a step of a program: code, and where its operands lie.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/program.h"

namespace einc {

// Turns a nest into code for a target; the engine's looks into a cache first.
using MakeCode =
    std::function<Result<std::shared_ptr<const Code>>(const LoopNest& nest, const Target& target)>;

// Contraction and MapReduce are scheduled for the target, in at most `most_scratch_bytes` for each
// task if there is such a schedule, and given to `make_code`; without one they
// run the precompiled kernels, which are what runs Softmax and Normalize. Fails as `make_code`.
Result<ProgramStep> assemble(const PlanStep& step, const Target& target,
                             std::optional<int64_t> most_scratch_bytes, const MakeCode& make_code,
                             const Trace& trace);

}  // namespace einc
