// From a typed einsum to a program, one stage per line. Up to the code generator each stage is a
// total function of small values: it cannot fail, and it never looks back.

#include "compiler/compile.h"

#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "compiler/assemble.h"
#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/path/path.h"
#include "compiler/plan.h"
#include "compiler/simplify.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
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

}  // namespace

Result<Plan> plan(const Einsum& input, const FindPath& find_path, const Trace& trace) {
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
  Plan steps = lower(tree, orders, einsum);
  traced(trace, "lower", steps);
  return steps;
}

Result<Program> compile(const Einsum& einsum, const FindPath& find_path, const Target& target,
                        const MakeCode& make_code, const Trace& trace) {
  const auto steps = plan(einsum, find_path, trace);
  if (!steps) return steps.error();
  // Each step on its own: loops, machine code.
  Program program{.scratch_bytes = steps->scratch_bytes};
  for (const PlanStep& step : steps->steps) {
    auto assembled = assemble(step, target, make_code, trace);
    if (!assembled) return assembled.error();
    program.steps.push_back(*std::move(assembled));
  }
  return program;
}

}  // namespace einc
