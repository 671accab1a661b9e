// From a typed einsum to a program, one stage per line. Up to the code generator each stage is a
// total function of small values: it cannot fail, and it never looks back.

#include "compiler/compile.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/code_generator.h"
#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/loop_nest.h"
#include "compiler/lower.h"
#include "compiler/path.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/simplify.h"
#include "compiler/target.h"
#include "einc/dtype.h"
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

void traced(const Trace& trace, std::string_view stage, const auto&... value) {
  if (trace) trace(stage, to_string(value...));
}

// Beyond what addresses can reach; a plan for it could not even be written down.
Result<void> check_intermediates(const ContractionTree& tree, const Einsum& einsum) {
  const double bytes = largest_intermediate_elements(tree) * info(einsum.output.dtype).bytes *
                       static_cast<double>(tree.steps.size());
  if (bytes < std::ldexp(1.0, 62)) return {};
  char text[128];
  std::snprintf(text, sizeof text,
                "the intermediates of the best contraction order found take %.3g bytes", bytes);
  return Error{ErrorCode::kMemory, text, std::nullopt, "memory-limit"};
}

// Makes the code of each step.
class Assembler {
 public:
  Assembler(const Target& target, const MakeCode& make_code, const Trace& trace)
      : target_(target), make_code_(make_code), trace_(trace) {}

  Result<ProgramStep> operator()(const Contraction& step) const {
    if (!make_code_) return precompiled(step);
    return compiled(step, {step.a.slot, step.b.slot}, step.c.slot);
  }

  Result<ProgramStep> operator()(const MapReduce& step) const {
    if (!make_code_) return precompiled(step);
    std::vector<Slot> inputs;
    for (const StepOperand& input : step.inputs) inputs.push_back(input.slot);
    return compiled(step, std::move(inputs), step.output.slot);
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

  static ProgramStep precompiled(const Contraction& step) {
    auto [code, description] = contraction_step({.a = tensor(step.a),
                                                 .b = tensor(step.b),
                                                 .c = tensor(step.c),
                                                 .compute = step.compute,
                                                 .accumulates = step.accumulates,
                                                 .batch = step_dims(step.batch),
                                                 .m = step_dims(step.m),
                                                 .n = step_dims(step.n),
                                                 .k = step_dims(step.k)});
    return {std::move(code), std::move(description), {step.a.slot, step.b.slot}, step.c.slot};
  }

  static ProgramStep precompiled(const MapReduce& step) {
    MapReduceDescription wanted{.inputs = {},
                                .output = tensor(step.output),
                                .compute = step.compute,
                                .accumulates = step.accumulates,
                                .kept = step_dims(step.kept),
                                .reduced = step_dims(step.reduced)};
    std::vector<Slot> slots;
    for (const StepOperand& input : step.inputs) {
      wanted.inputs.push_back(tensor(input));
      slots.push_back(input.slot);
    }
    auto [code, description] = map_reduce_step(wanted);
    return {std::move(code), std::move(description), std::move(slots), step.output.slot};
  }

  static std::vector<StepDim> step_dims(const std::vector<Dim>& dims) {
    std::vector<StepDim> result;
    for (const Dim& dim : dims) result.push_back({dim.extent, dim.strides});
    return result;
  }

  Result<ProgramStep> compiled(const auto& step, std::vector<Slot> inputs, Slot output) const {
    // Tile the loops for the caches and registers of the target. From here on the step is loops.
    const LoopNest nest = schedule(step, target_);
    traced(trace_, "schedule", nest);
    if (trace_)
      if (auto traced_code = trace_code(nest); !traced_code) return traced_code.error();
    auto code = make_code_(nest, target_);
    if (!code) return code.error();
    return ProgramStep{*std::move(code), nullptr, std::move(inputs), output};
  }

  Result<void> trace_code(const LoopNest& nest) const {
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
  const MakeCode& make_code_;
  const Trace& trace_;
};

}  // namespace

Result<Program> compile(const Einsum& input, const FindPath& find_path, const Target& target,
                        const MakeCode& make_code, const Trace& trace) {
  // Unit extents vanish, labels that always travel together become one.
  const Einsum einsum = simplify(input);
  traced(trace, "simplify", einsum);

  // Choose who meets whom. From here on every step has at most two inputs.
  const ContractionTree tree = find_path(einsum);
  traced(trace, "path", tree, einsum);
  if (auto fits = check_intermediates(tree, einsum); !fits) return fits.error();

  // Order the labels of every intermediate for the steps on both sides.
  const Layout orders = layout(tree, einsum);
  traced(trace, "layout", orders, einsum);

  // Classify the labels of each step and place intermediates in scratch. From here on labels are
  // dims with strides.
  const Plan plan = lower(tree, orders, einsum);
  traced(trace, "lower", plan);

  // Each step on its own: loops, machine code.
  Program program{.scratch_bytes = plan.scratch_bytes};
  for (const PlanStep& step : plan.steps) {
    auto assembled = std::visit(Assembler(target, make_code, trace), step);
    if (!assembled) return assembled.error();
    program.steps.push_back(*std::move(assembled));
  }
  return program;
}

}  // namespace einc
