// From a typed einsum to a program, one stage per line. Up to the code generator each stage is a
// total function of small values: it cannot fail, and it never looks back.

#include "compiler/compile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/assemble.h"
#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/fuse.h"
#include "compiler/layout.h"
#include "compiler/layout_cost.h"
#include "compiler/lower.h"
#include "compiler/memory_limit.h"
#include "compiler/memory_order.h"
#include "compiler/partial_sums.h"
#include "compiler/path/objective.h"
#include "compiler/path/path.h"
#include "compiler/path/slice.h"
#include "compiler/plan.h"
#include "compiler/simplify.h"
#include "compiler/strip_exponents.h"
#include "compiler/target.h"
#include "compiler/tier.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/exponent.h"
#include "runtime/program.h"

namespace einc {
namespace {

void traced(const Trace& trace, std::string_view stage, const auto&... value) {
  if (trace) trace(stage, to_string(value...));
}

// A factor taken out of an intermediate has to be one of the result.
Result<void> check_exponents(const Options& options, const Einsum& einsum) {
  const bool is_product =
      einsum.addends.empty() && !einsum.softmax &&
      std::none_of(einsum.inputs.begin(), einsum.inputs.end(),
                   [](const Operand& input) { return input.normalize.has_value(); });
  if (!options.strip_exponents || (is_product && has_exponents(einsum.output.dtype))) return {};
  return Error{ErrorCode::kUnsupported,
               "exponents are stripped of sums of products in float32, float64, complex64 and "
               "complex128 alone",
               std::nullopt, "strip-exponents"};
}

Result<std::vector<Label>> choose_sliced(const Options& options, const Einsum& einsum) {
  std::vector<std::string> names;
  for (const LabelInfo& label : einsum.labels) names.push_back(label.name);
  auto sliced = sliced_labels(options, names);
  if (!sliced) return sliced;
  double log2_slices = 0;
  for (const Label label : *sliced) {
    const int64_t extent = einsum.labels[static_cast<size_t>(label)].extent;
    log2_slices += std::log2(static_cast<double>(std::max<int64_t>(extent, 1)));
  }
  if (log2_slices <= kMostLog2Slices) return sliced;
  return Error{ErrorCode::kArgument, "the path slices labels of more than 2^62 positions in all",
               std::nullopt, "path"};
}

// What a task needs for itself: packed panels, blocks of C.
int64_t step_scratch_bytes(const Program& program) {
  int64_t shared = 0;
  int64_t task = 0;
  for (const ProgramStep& step : program.steps) {
    shared = std::max(shared, step.code->shared_scratch_bytes);
    task = std::max(task, step.code->task_scratch_bytes);
  }
  return shared + task;
}

}  // namespace

Result<void> check_memory_limit(const Options& options) {
  if (!options.memory_limit || *options.memory_limit > 0) return {};
  return Error{
      ErrorCode::kArgument,
      "a memory limit of " + std::to_string(*options.memory_limit) + " bytes leaves no memory",
      std::nullopt, "memory-limit"};
}

Result<PlanRequest> plan_request(const Options& options, const Einsum& einsum) {
  const auto model = choose_time_model(options, factor_dtype(einsum));
  if (!model) return model.error();
  const auto target = choose_foreign_target(options.target);
  if (!target) return target.error();
  auto find_path = choose_path(options, einsum.inputs.size(), *model);
  if (!find_path) return find_path.error();
  if (auto valid = check_memory_limit(options); !valid) return valid.error();
  if (auto valid = check_exponents(options, einsum); !valid) return valid.error();
  auto sliced = choose_sliced(options, einsum);
  if (!sliced) return sliced.error();
  auto slices = std::make_shared<SliceSearch>(slice_search(options, least_time(*model)));
  return PlanRequest{*std::move(find_path),
                     *model,
                     *target,
                     options.memory_limit,
                     std::move(slices),
                     options.strip_exponents,
                     *std::move(sliced)};
}

std::string plan_key(const Options& options) {
  std::string key = path_key(options);
  if (options.memory_limit) key += " l" + std::to_string(*options.memory_limit);
  if (options.strip_exponents) key += " strip";
  return key;
}

Result<Plan> plan(const Einsum& input, const PlanRequest& request,
                  std::optional<int64_t> most_bytes, const Trace& trace) {
  // Unit extents vanish, labels that always travel together become one.
  std::vector<Label> sliced = request.sliced;
  const Einsum einsum = simplify(input, sliced);
  traced(trace, "simplify", einsum);

  // Choose who meets whom in pairs, make one step of pairs that only pass over memory, and cut into
  // slices what does not keep the memory limit.
  const ContractionTree pairs = request.find_path(einsum);
  const auto path = [&] { return to_ssa_path(pairs, einsum.inputs.size()); };
  const bool may_fuse = !request.strip_exponents;
  SlicedTree chosen =
      sliced.empty()
          ? SlicedTree{in_memory_order(may_fuse ? fuse(pairs, einsum, request.model) : pairs,
                                       einsum),
                       {}}
          : sliced_tree(einsum, path(), request.model, std::move(sliced));
  if (most_bytes)
    chosen = keep_memory_limit(std::move(chosen), path(), einsum, *most_bytes, request.model,
                               *request.slices);
  const auto& [tree, slicing] = chosen;
  traced(trace, "path", tree, einsum);
  if (auto fits = check_intermediates(tree, einsum); !fits) return fits.error();

  // Order the labels of every intermediate for the steps on both sides.
  const Einsum slice = slicing.labels.empty() ? Einsum() : slice_of(einsum, slicing.labels);
  const Einsum& seen = slicing.labels.empty() ? einsum : slice;
  const Layout orders = layout(tree, seen, scheduled_cost(tree, seen, *request.target));
  traced(trace, "layout", orders, einsum);

  // Classify the labels of each step and place intermediates in scratch. From here on labels are
  // dims with strides.
  Plan steps = lower(tree, orders, einsum, slicing, request.target->has_matrices);
  if (!most_bytes)
    steps = with_partial_sums(std::move(steps), *request.target, request.strip_exponents);
  if (request.strip_exponents) steps = with_stripped_exponents(std::move(steps));
  traced(trace, "lower", steps);
  return steps;
}

PlanRequest found_once(const PlanRequest& request, std::optional<ContractionTree>& found) {
  PlanRequest once = request;
  once.find_path = [find_path = request.find_path, &found](const Einsum& einsum) {
    if (!found) found = find_path(einsum);
    return *found;
  };
  return once;
}

Result<Program> assemble_all(const Plan& plan, const std::vector<CodeKind>& kinds,
                             const Target& target, const MakeCode& make_code, const Trace& trace,
                             std::optional<int64_t> most_scratch_bytes) {
  Program program{.slices = plan.slices, .scratch_bytes = plan.scratch_bytes};
  const MakeCode precompiled;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const MakeCode& make = kinds[s] == CodeKind::kCompiled ? make_code : precompiled;
    auto assembled = assemble(plan.steps[s], target, most_scratch_bytes, make, trace);
    if (!assembled) return assembled.error();
    program.steps.push_back(*std::move(assembled));
  }
  return program;
}

Result<Program> compile(const Einsum& einsum, const PlanRequest& once, Tier tier,
                        const Target& target, const MakeCode& make_code, const Trace& trace) {
  std::optional<ContractionTree> found;
  const PlanRequest request = found_once(once, found);
  // Of several attempts to keep a limit only the last is shown.
  std::vector<std::pair<std::string, std::string>> shown;
  const Trace record = [&](std::string_view stage, const std::string& text) {
    shown.emplace_back(stage, text);
  };
  const Trace& attempt_trace = trace && request.memory_limit ? record : trace;
  auto compiled = within_limit(
      request.memory_limit,
      [&](const std::optional<MemoryShare>& share, MemoryShare& use) -> Result<Program> {
        shown.clear();
        const auto steps = plan(einsum, request, share_of_intermediates(share), attempt_trace);
        if (!steps) return steps.error();
        auto program = assemble_all(*steps, choose_code(*steps, tier, target), target, make_code,
                                    attempt_trace, left_to_steps(share, steps->scratch_bytes));
        if (!program) return program.error();
        program->memory_limit = request.memory_limit;
        use = {program->scratch_bytes, step_scratch_bytes(*program)};
        return program;
      });
  for (const auto& [stage, text] : shown) trace(stage, text);
  return compiled;
}

}  // namespace einc
