#include "compiler/assemble.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/code_generator.h"
#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/step_info.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/kernels/contraction.h"
#include "runtime/kernels/map_reduce.h"
#include "runtime/kernels/normalize.h"
#include "runtime/kernels/softmax.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

namespace einc {
namespace {

class Assembler {
 public:
  Assembler(const Target& target, std::optional<int64_t> most_scratch_bytes,
            const MakeCode& make_code, const Trace& trace)
      : target_(target),
        most_scratch_bytes_(most_scratch_bytes),
        make_code_(make_code),
        trace_(trace) {}

  Result<ProgramStep> operator()(const Contraction& step) const {
    if (!make_code_) return precompiled(step);
    return compiled(step, step.c.slot);
  }

  Result<ProgramStep> operator()(const MapReduce& step) const {
    if (!make_code_) return precompiled(step);
    return compiled(step, step.output.slot);
  }

  Result<ProgramStep> operator()(const Softmax& step) const {
    auto description = std::make_shared<SoftmaxDescription>();
    const auto dim = [](const Dim& d) { return SoftmaxDim{d.extent, d.strides[0], d.strides[1]}; };
    description->dtype = step.output.dtype;
    for (const Dim& outer : step.outer) description->outer.push_back(dim(outer));
    description->axis = dim(step.axis);
    return ProgramStep{
        softmax_code(*description), description, {step.input.slot}, step.output.slot};
  }

  Result<ProgramStep> operator()(const Normalize& step) const {
    auto description = std::make_shared<NormalizeDescription>();
    description->input = step.input.dtype;
    description->output = step.output.dtype;
    description->epsilon = step.epsilon;
    description->outer = step_dims(step.outer);
    description->axis = {step.axis.extent, step.axis.strides};
    return ProgramStep{
        normalize_code(*description), description, {step.input.slot}, step.output.slot};
  }

 private:
  static StepTensor tensor(const StepOperand& operand) {
    return {operand.dtype, operand.conjugate};
  }

  ProgramStep precompiled(const Contraction& step) const {
    return precompiled(contraction_step({.a = tensor(step.a),
                                         .b = tensor(step.b),
                                         .c = tensor(step.c),
                                         .compute = step.compute,
                                         .accumulates = step.accumulates,
                                         .batch = step_dims(step.batch),
                                         .m = step_dims(step.m),
                                         .n = step_dims(step.n),
                                         .k = step_dims(step.k)}),
                       input_slots(step), step.c.slot);
  }

  ProgramStep precompiled(const MapReduce& step) const {
    MapReduceDescription description{.inputs = {},
                                     .output = tensor(step.output),
                                     .compute = step.compute,
                                     .accumulates = step.accumulates,
                                     .kept = step_dims(step.kept),
                                     .reduced = step_dims(step.reduced)};
    for (const StepOperand& input : step.inputs) description.inputs.push_back(tensor(input));
    return precompiled(map_reduce_step(description), input_slots(step), step.output.slot);
  }

  ProgramStep precompiled(PrecompiledStep step, std::vector<Slot> inputs, Slot output) const {
    if (trace_) trace_("kernel", step.text + "\n");
    return {std::move(step.code), std::move(step.description), std::move(inputs),
            std::move(output)};
  }

  static std::vector<StepDim> step_dims(const std::vector<Dim>& dims) {
    std::vector<StepDim> result;
    for (const Dim& dim : dims) result.push_back({dim.extent, dim.strides});
    return result;
  }

  Result<ProgramStep> compiled(const auto& step, Slot output) const {
    // Tile the loops for the caches and registers of the target. From here on the step is loops.
    const LoopNest nest = schedule(step, target_, most_scratch_bytes_);
    if (trace_)
      if (auto traced = trace_code(nest); !traced) return traced.error();
    auto code = make_code_(nest, target_);
    if (!code) return code.error();
    return ProgramStep{*std::move(code), nullptr, input_slots(step), std::move(output)};
  }

  Result<void> trace_code(const LoopNest& nest) const {
    trace_("schedule", to_string(nest));
    const auto generator = code_generator();
    if (!generator) return generator.error();
    const auto ir = (*generator)->print_ir(nest, target_);
    if (!ir) return ir.error();
    trace_("llvm", *ir);
    const auto assembly = (*generator)->print_assembly(nest, target_);
    if (!assembly) return assembly.error();
    trace_("assembly", *assembly);
    return {};
  }

  const Target& target_;
  const std::optional<int64_t> most_scratch_bytes_;
  const MakeCode& make_code_;
  const Trace& trace_;
};

}  // namespace

Result<ProgramStep> assemble(const PlanStep& step, const Target& target,
                             std::optional<int64_t> most_scratch_bytes, const MakeCode& make_code,
                             const Trace& trace) {
  auto assembled = std::visit(Assembler(target, most_scratch_bytes, make_code, trace), step);
  if (!assembled) return assembled;
  assembled->info = info_of(step, target, make_code ? CodeKind::kCompiled : CodeKind::kPrecompiled);
  if (strips_exponent(step)) assembled->stripped_elements = output_elements(step);
  return assembled;
}

}  // namespace einc
