// The compiler's table of contents: every stage, in order.
#pragma once

#include <functional>
#include <memory>

#include "compiler/einsum_ir.h"
#include "compiler/loop_nest.h"
#include "compiler/path.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/program.h"

namespace einc {

// Turns a nest into code for a target; the engine's looks into a cache first. Without one, steps
// run the precompiled kernels.
using MakeCode =
    std::function<Result<std::shared_ptr<const Code>>(const LoopNest& nest, const Target& target)>;

// From a typed einsum to a program. Its `inputs` and `output` types are left to the caller, who
// knows what the user sees. Fails with kMemory if an intermediate is too large for any machine, and
// as `make_code` does.
Result<Program> compile(const Einsum& einsum, const FindPath& find_path, const Target& target,
                        const MakeCode& make_code, const Trace& trace);

}  // namespace einc
