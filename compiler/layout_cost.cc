#include "compiler/layout_cost.h"

#include <cstddef>
#include <variant>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/nest_cost.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/target.h"

namespace einc {
namespace {

struct Cycles {
  const Target& target;

  double operator()(const Contraction& step) const { return of_schedule(step); }
  double operator()(const MapReduce& step) const { return of_schedule(step); }
  double operator()(const auto&) const { return 0; }  // the same in every layout

  double of_schedule(const auto& step) const {
    return cost_of(schedules(step, target).front(), target).cycles(target);
  }
};

}  // namespace

StepCost scheduled_cost(const ContractionTree& tree, const Einsum& einsum, const Target& target) {
  return [&](size_t step, const Layout& layout) {
    double cycles = 0;
    for (const PlanStep& part : lower_step(step, tree, layout, einsum))
      cycles += std::visit(Cycles{target}, part);
    return cycles;
  };
}

}  // namespace einc
