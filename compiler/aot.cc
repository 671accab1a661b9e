#include "compiler/aot.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/compile.h"
#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/memory_limit.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/tensor.h"

namespace einc {
namespace {

struct Scheduler {
  const Target& target;
  const std::optional<int64_t> step_limit;

  Result<AotStep> operator()(const Contraction& step) const {
    return AotStep{schedule(step, target, step_limit), input_slots(step), step.c.slot};
  }
  Result<AotStep> operator()(const MapReduce& step) const {
    return AotStep{schedule(step, target, step_limit), input_slots(step), step.output.slot};
  }
  Result<AotStep> operator()(const Softmax&) const { return refused("softmax"); }
  Result<AotStep> operator()(const Normalize&) const { return refused("normalization"); }

  static Error refused(const std::string& what) {
    return {ErrorCode::kUnsupported, "a " + what + " cannot be compiled ahead of time",
            std::nullopt, "ahead-of-time"};
  }
};

TensorType output_type(const Einsum& einsum) {
  TensorType type{einsum.output.dtype, {}, einsum.output.strides};
  for (const Label label : einsum.output.labels)
    type.extents.push_back(einsum.labels[static_cast<size_t>(label)].extent);
  return type;
}

int64_t round_up(int64_t bytes) {
  return (bytes + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

}  // namespace

Result<AotProgram> schedule_ahead(const Einsum& einsum, const std::string& name,
                                  const PlanRequest& once, const Target& target) {
  std::optional<ContractionTree> found;
  const PlanRequest request = found_once(once, found);
  return within_limit(
      request.memory_limit,
      [&](const std::optional<MemoryShare>& share, MemoryShare& use) -> Result<AotProgram> {
        const auto steps = plan(einsum, request, share_of_intermediates(share), nullptr);
        if (!steps) return steps.error();
        AotProgram program{.name = name,
                           .inputs = einsum.inputs.size() + einsum.addends.size(),
                           .output = output_type(einsum),
                           .steps = {},
                           .slices = steps->slices,
                           .strips_exponents = request.strip_exponents};
        const Scheduler scheduler{target, left_to_steps(share, steps->scratch_bytes)};
        int64_t shared_bytes = 0;
        int64_t task_bytes = 0;
        for (const PlanStep& step : steps->steps) {
          auto scheduled = std::visit(scheduler, step);
          if (!scheduled) return scheduled.error();
          shared_bytes = std::max(shared_bytes, scheduled->nest.shared_scratch_bytes);
          task_bytes = std::max(task_bytes, scheduled->nest.task_scratch_bytes);
          program.steps.push_back(*std::move(scheduled));
        }
        program.shared_scratch_offset = round_up(steps->scratch_bytes);
        program.task_scratch_offset = program.shared_scratch_offset + round_up(shared_bytes);
        program.scratch_bytes = program.task_scratch_offset + task_bytes;
        use = {program.shared_scratch_offset,
               program.scratch_bytes - program.shared_scratch_offset};
        if (program.scratch_bytes > 0) program.scratch_bytes += kScratchAlignment - 1;
        return program;
      });
}

}  // namespace einc
