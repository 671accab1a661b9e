#include "compiler/plan.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "einc/dtype.h"
#include "runtime/check.h"

namespace einc {
namespace {

void check_dims(std::span<const Dim> dims, size_t operands) {
  for (const Dim& dim : dims) {
    EINC_CHECK(dim.extent >= 1);
    EINC_CHECK(dim.strides.size() == operands);
  }
}

struct Verifier {
  void operator()(const Contraction& step) const {
    for (const auto* dims : {&step.batch, &step.m, &step.n, &step.k}) check_dims(*dims, 3);
    EINC_CHECK(!step.m.empty() && !step.n.empty() && !step.k.empty());
    for (const Dim& dim : step.m) EINC_CHECK(dim.strides[1] == 0);
    for (const Dim& dim : step.n) EINC_CHECK(dim.strides[0] == 0);
    int64_t terms = 1;
    for (const Dim& dim : step.k) {
      EINC_CHECK(dim.strides[2] == 0);
      terms *= dim.extent;
    }
    const bool is_bfloat16 = step.a.dtype == DType::kBFloat16 && step.b.dtype == DType::kBFloat16;
    EINC_CHECK(!is_narrow_float(step.c.dtype) ||
               terms <= (is_bfloat16 ? kMostNarrowTermsInMatrices : kMostNarrowTerms));
  }
  void operator()(const MapReduce& step) const {
    check_dims(step.kept, step.inputs.size() + 1);
    check_dims(step.reduced, step.inputs.size() + 1);
    for (const Dim& dim : step.reduced) EINC_CHECK(dim.strides.back() == 0);
  }
  void operator()(const auto& step) const {  // Softmax, Normalize
    check_dims(step.outer, 2);
    check_dims({&step.axis, 1}, 2);
  }
};

struct Printer {
  std::ostringstream& out;

  void operator()(const Contraction& step) const {
    print_head("contraction", {&step.a, &step.b}, step.c, step.accumulates, step.strips_exponent);
    print_dims("batch", step.batch);
    print_dims("m", step.m);
    print_dims("n", step.n);
    print_dims("k", step.k);
  }
  void operator()(const MapReduce& step) const {
    std::vector<const StepOperand*> inputs;
    for (const StepOperand& input : step.inputs) inputs.push_back(&input);
    print_head("map-reduce", inputs, step.output, step.accumulates, step.strips_exponent);
    print_dims("kept", step.kept);
    print_dims("reduced", step.reduced);
  }
  void operator()(const Softmax& step) const {
    print_head("softmax", {&step.input}, step.output);
    print_dims("outer", step.outer);
    print_dims("axis", {&step.axis, 1});
  }
  void operator()(const Normalize& step) const {
    print_head("normalize", {&step.input}, step.output);
    print_dims("outer", step.outer);
    print_dims("axis", {&step.axis, 1});
    out << "  epsilon  " << step.epsilon << '\n';
  }

  void print_head(const char* name, const std::vector<const StepOperand*>& inputs,
                  const StepOperand& output, bool accumulates = false,
                  bool strips_exponent = false) const {
    out << name << ' ';
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i > 0) out << " * ";
      print_operand(*inputs[i]);
    }
    if (inputs.empty()) out << '0';
    out << (accumulates ? " -> + " : " -> ");
    print_operand(output);
    out << (strips_exponent ? "  without its exponent\n" : "\n");
  }
  void print_operand(const StepOperand& operand) const {
    switch (operand.slot.kind) {
      case Slot::Kind::kInput:
        out << "in" << operand.slot.value;
        if (operand.slot.offset != 0) out << '+' << operand.slot.offset;
        break;
      case Slot::Kind::kOutput:
        out << "out";
        break;
      case Slot::Kind::kScratch:
        out << "scratch+" << operand.slot.value;
        break;
    }
    for (size_t i = 0; i < operand.slot.slice_bytes.size(); ++i)
      out << (i == 0 ? "{" : ",") << operand.slot.slice_bytes[i];
    if (!operand.slot.slice_bytes.empty()) out << '}';
    out << ' ' << to_string(operand.dtype) << (operand.conjugate ? " conjugated" : "");
  }
  void print_dims(const char* group, std::span<const Dim> dims) const {
    if (dims.empty()) return;
    out << "  " << group;
    for (const Dim& dim : dims) {
      out << "  " << dim.name << ':' << dim.extent << '{';
      for (size_t i = 0; i < dim.strides.size(); ++i) out << (i == 0 ? "" : ",") << dim.strides[i];
      out << '}';
    }
    out << '\n';
  }
};

}  // namespace

int64_t positions(const std::vector<Dim>& dims) {
  int64_t product = 1;
  for (const Dim& dim : dims) product *= dim.extent;
  return product;
}

int64_t positions_of(size_t operand, const std::vector<Dim>& dims) {
  int64_t product = 1;
  for (const Dim& dim : dims)
    if (dim.strides[operand] != 0) product *= dim.extent;
  return product;
}

std::vector<Slot> input_slots(const Contraction& step) { return {step.a.slot, step.b.slot}; }

std::vector<Slot> input_slots(const MapReduce& step) {
  std::vector<Slot> slots;
  for (const StepOperand& input : step.inputs) slots.push_back(input.slot);
  return slots;
}

bool strips_exponent(const PlanStep& step) {
  const auto* const contraction = std::get_if<Contraction>(&step);
  const auto* const map_reduce = std::get_if<MapReduce>(&step);
  return (contraction != nullptr && contraction->strips_exponent) ||
         (map_reduce != nullptr && map_reduce->strips_exponent);
}

void verify(const Plan& plan) {
  for (const PlanStep& step : plan.steps) std::visit(Verifier{}, step);
  EINC_CHECK(plan.slices.begin <= plan.slices.end && plan.slices.end <= plan.steps.size());
}

std::string to_string(const Plan& plan) {
  std::ostringstream out;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    if (s == plan.slices.begin && !plan.slices.extents.empty()) {
      out << "for each of " << plan.slices.count() << " slices";
      for (const int64_t extent : plan.slices.extents) out << ' ' << extent;
      out << ", " << plan.slices.end - plan.slices.begin << " steps\n";
    }
    std::visit(Printer{out}, plan.steps[s]);
  }
  out << "scratch " << plan.scratch_bytes << " bytes\n";
  return std::move(out).str();
}

}  // namespace einc
