#include "compiler/step_info.h"

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/kernel.h"

namespace einc {
namespace {

struct Describe {
  StepInfo operator()(const Contraction& step) const {
    return {.what = "contraction",
            .batch = positions(step.batch),
            .m = positions(step.m),
            .n = positions(step.n),
            .k = positions(step.k)};
  }
  StepInfo operator()(const MapReduce& step) const {
    return {.what = "map-reduce", .m = positions(step.kept), .k = positions(step.reduced)};
  }
  StepInfo operator()(const Softmax& step) const {
    return {.what = "softmax", .m = positions(step.outer), .k = step.axis.extent};
  }
  StepInfo operator()(const Normalize& step) const {
    return {.what = "normalize", .m = positions(step.outer), .k = step.axis.extent};
  }
};

struct Measure {
  StepSizes operator()(const Contraction& step) const {
    const auto size = [](const std::vector<Dim>& dims) {
      return static_cast<double>(positions(dims));
    };
    const double batch = size(step.batch), m = size(step.m), n = size(step.n), k = size(step.k);
    return {.flops = batch * m * n * k, .inputs = batch * (m + n) * k, .output = batch * m * n};
  }
  StepSizes operator()(const MapReduce& step) const {
    const auto elements = [&](size_t operand) {
      return static_cast<double>(positions_of(operand, step.kept)) *
             static_cast<double>(positions_of(operand, step.reduced));
    };
    StepSizes sizes{.flops = products_of(step.inputs.size()) *
                             static_cast<double>(positions(step.kept)) *
                             static_cast<double>(positions(step.reduced)),
                    .output = elements(step.inputs.size())};
    for (size_t input = 0; input < step.inputs.size(); ++input) sizes.inputs += elements(input);
    return sizes;
  }
  StepSizes operator()(const auto& step) const {  // Softmax, Normalize
    const double size =
        static_cast<double>(positions(step.outer)) * static_cast<double>(step.axis.extent);
    return {.flops = size, .inputs = size, .output = size};
  }
};

struct FactorDType {
  DType operator()(const Contraction& step) const {
    const DType dtype = step.a.dtype;
    return dtype == step.b.dtype && info(dtype).compute == step.compute ? dtype : step.compute;
  }
  DType operator()(const MapReduce& step) const { return step.compute; }
  DType operator()(const auto& step) const { return step.output.dtype; }  // Softmax, Normalize
};

// Softmax and Normalize are precompiled always.
CodeKind actual_code(const PlanStep& step, CodeKind code) {
  const bool can_be_compiled =
      std::holds_alternative<Contraction>(step) || std::holds_alternative<MapReduce>(step);
  return can_be_compiled ? code : CodeKind::kPrecompiled;
}

}  // namespace

double predicted_seconds(const PlanStep& step, const Target& target, CodeKind code) {
  const auto model = time_model(target, actual_code(step, code), std::visit(FactorDType(), step));
  return model ? model->seconds(std::visit(Measure(), step)) : 0;
}

int64_t output_elements(const PlanStep& step) {
  return static_cast<int64_t>(std::visit(Measure(), step).output);
}

StepInfo info_of(const PlanStep& step, const Target& target, CodeKind code) {
  StepInfo info = std::visit(Describe(), step);
  info.is_compiled = actual_code(step, code) == CodeKind::kCompiled;
  info.predicted_seconds = predicted_seconds(step, target, code);
  return info;
}

}  // namespace einc
