#include "compiler/strip_exponents.h"

#include <cstdint>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "runtime/program.h"

namespace einc {
namespace {

constexpr int64_t kAlignment = 64;

bool is_intermediate(const StepOperand& output) { return output.slot.kind == Slot::Kind::kScratch; }

struct Marker {
  void operator()(Contraction& step) const { step.strips_exponent = is_intermediate(step.c); }
  void operator()(MapReduce& step) const { step.strips_exponent = is_intermediate(step.output); }
  // Nothing is stripped of an einsum that has these.
  void operator()(Softmax& step) const { (void)step; }
  void operator()(Normalize& step) const { (void)step; }
};

void strip_exponent(LoopNest& nest) {
  const int64_t offset = (nest.shared_scratch_bytes + kAlignment - 1) / kAlignment * kAlignment;
  nest.shared_scratch_bytes = offset + task_counts(nest).back() * part_bytes(nest.compute);
  nest.stripping = Stripping{offset, static_cast<int64_t>(nest.elements(nest.output_index()))};
}

}  // namespace

Plan with_stripped_exponents(Plan plan) {
  for (PlanStep& step : plan.steps) std::visit(Marker{}, step);
  return plan;
}

std::vector<LoopNest> with_stripped_exponent(std::vector<LoopNest> nests) {
  for (LoopNest& nest : nests) strip_exponent(nest);
  return nests;
}

}  // namespace einc
