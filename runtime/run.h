#pragma once

#include <cstdint>
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
// fails with kMemory and has then written nothing. The result is the output times two to the power
// that is returned, which is 0 for a program that strips no exponents. Adds the seconds of step s
// to `step_seconds[s]`, unless that is empty. Requires what check_operands checks.
Result<int64_t> run_program(const Program& program, std::span<const TensorView> inputs,
                            const TensorView& output, const Executor& executor,
                            std::span<double> step_seconds = {});

}  // namespace einc
