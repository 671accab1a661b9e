// The compiler's table of contents: every stage, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/assemble.h"
#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/path.h"
#include "compiler/path/slice.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/tier.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/program.h"

namespace einc {

// What Options say of plans.
struct PlanRequest {
  FindPath find_path;
  TimeModel model;                      // that find_path goes by
  const Target* target = nullptr;       // whose schedules the layout goes by
  std::optional<int64_t> memory_limit;  // bytes of scratch
  std::shared_ptr<SliceSearch> slices;  // one budget for all attempts to keep the limit
  bool strip_exponents = false;         // of intermediates
  std::vector<Label> sliced;            // labels that are sliced in any case
};

// Fails with the rule "memory-limit" for one that is not above 0.
Result<void> check_memory_limit(const Options& options);

// For an einsum and a target that exists. Fails with the rules "path", "memory-limit" and
// "strip-exponents", and as user_calibration().
Result<PlanRequest> plan_request(const Options& options, const Einsum& einsum);

// All of the options that plan_request() looks at, but for the callback.
std::string plan_key(const Options& options);

// The stages before schedules. Intermediates take at most `most_bytes`, if that is given, or as
// little as can be if even that is more. Fails with kMemory if an intermediate is too large for any
// machine.
Result<Plan> plan(const Einsum& einsum, const PlanRequest& request,
                  std::optional<int64_t> most_bytes, const Trace& trace);

// The same request, which searches the first time, and remembers the tree in `found`, for one
// einsum.
PlanRequest found_once(const PlanRequest& request, std::optional<ContractionTree>& found);

// Each step on its own: loops, machine code, or precompiled kernels, as `kinds` says. Fails as
// `make_code` does.
Result<Program> assemble_all(const Plan& plan, const std::vector<CodeKind>& kinds,
                             const Target& target, const MakeCode& make_code,
                             const Trace& trace = nullptr,
                             std::optional<int64_t> most_scratch_bytes = std::nullopt);

// From a typed einsum to a program of code of that tier. Its `inputs` and `output` types are left
// to the caller, who knows what the user sees. Fails as plan() and `make_code` do, and with
// kMemory, naming a limit that was tried and does, if nothing keeps this one.
Result<Program> compile(const Einsum& einsum, const PlanRequest& request, Tier tier,
                        const Target& target, const MakeCode& make_code, const Trace& trace);

}  // namespace einc
