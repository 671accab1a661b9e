#pragma once

#include <span>

#include "einc/error.h"
#include "einc/executor.h"
#include "einc/tensor.h"
#include "runtime/program.h"

namespace einc {

// Fails with kShape, kDType or kArgument, naming the operand, unless the tensors have the program's
// types, have data, and the output shares no byte with an input.
Result<void> check_operands(const Program& program, std::span<const TensorView> inputs,
                            const TensorView& output);

// Runs every step, each phase as one parallel loop. All memory is taken before the first write:
// fails with kMemory and has then written nothing. Adds the seconds of step s to `step_seconds[s]`,
// unless that is empty. Requires what check_operands checks.
Result<void> run_program(const Program& program, std::span<const TensorView> inputs,
                         const TensorView& output, const Executor& executor,
                         std::span<double> step_seconds = {});

}  // namespace einc
