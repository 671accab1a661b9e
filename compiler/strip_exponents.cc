#include "compiler/strip_exponents.h"

#include <algorithm>
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

// Runs that are copied from line to line go past what looks at numbers.
bool copies_by_lines(const std::vector<Node>& body) {
  return std::any_of(body.begin(), body.end(), [](const Node& node) {
    if (const auto* loop = std::get_if<Loop>(&node)) return copies_by_lines(loop->body);
    if (const auto* local = std::get_if<Local>(&node)) return copies_by_lines(local->body);
    return std::get<Tile>(node).peels;
  });
}

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
  std::erase_if(nests, [](const LoopNest& nest) { return copies_by_lines(nest.body); });
  for (LoopNest& nest : nests) strip_exponent(nest);
  return nests;
}

}  // namespace einc
