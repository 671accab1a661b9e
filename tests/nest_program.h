// Loop nests as programs, to run one that the cost model might not choose.
#pragma once

#include <optional>

#include "compiler/assemble.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "runtime/program.h"

namespace einc::test {

// A request of one step, by a nest of that step.
inline Program program_of(const Request& request, const PlanStep& step, const LoopNest& nest,
                          const Target& target) {
  const MakeCode make_code = [&](const LoopNest&, const Target&) {
    return (*code_generator())->compile(nest, target);
  };
  Program program{.inputs = request.inputs, .output = request.output_type};
  program.steps.push_back(*assemble(step, target, std::nullopt, make_code, nullptr));
  return program;
}

}  // namespace einc::test
