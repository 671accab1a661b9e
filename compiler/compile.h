// The compiler's table of contents: every stage, in order.
#pragma once

#include "compiler/assemble.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/path.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/program.h"

namespace einc {

// The stages that know no target. Fails with kMemory if an intermediate is too large for any
// machine.
Result<Plan> plan(const Einsum& einsum, const FindPath& find_path, const Trace& trace);

// From a typed einsum to a program. Its `inputs` and `output` types are left to the caller, who
// knows what the user sees. Fails as plan() and `make_code` do.
Result<Program> compile(const Einsum& einsum, const FindPath& find_path, const Target& target,
                        const MakeCode& make_code, const Trace& trace);

}  // namespace einc
