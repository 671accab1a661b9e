#include "compiler/contraction_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "compiler/einsum_ir.h"
#include "runtime/check.h"

namespace einc {

bool is_contraction(const std::vector<Label>& a, const std::vector<Label>& b,
                    const std::vector<Label>& result) {
  const auto contains = [](const std::vector<Label>& labels, Label label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  const auto has_own = [&](const std::vector<Label>& one, const std::vector<Label>& other) {
    return std::any_of(one.begin(), one.end(), [&](Label label) {
      return contains(result, label) && !contains(other, label);
    });
  };
  return has_own(a, b) && has_own(b, a) && std::any_of(a.begin(), a.end(), [&](Label label) {
           return contains(b, label) && !contains(result, label);
         });
}

double total_flops(const ContractionTree& tree) {
  double sum = 0;
  for (const TreeStep& step : tree.steps) sum += step.flops;
  return sum;
}

double total_seconds(const ContractionTree& tree) {
  double sum = 0;
  for (const TreeStep& step : tree.steps) sum += step.seconds;
  return sum;
}

double largest_intermediate_elements(const ContractionTree& tree) {
  double largest = 0;
  for (size_t s = 0; s + 1 < tree.steps.size(); ++s)
    largest = std::max(largest, tree.steps[s].output_elements);
  return largest;
}

std::vector<bool> steps_that_depend_on(const std::vector<Label>& labels,
                                       const ContractionTree& tree, const Einsum& einsum) {
  const size_t inputs = einsum.inputs.size();
  std::vector<bool> depends(inputs + tree.steps.size());
  for (size_t i = 0; i < inputs; ++i)
    depends[i] = std::any_of(labels.begin(), labels.end(), [&](Label label) {
      return stride_of(einsum.inputs[i], label).has_value();
    });
  for (size_t s = 0; s < tree.steps.size(); ++s)
    for (const int input : tree.steps[s].inputs)
      if (depends[static_cast<size_t>(input)]) depends[inputs + s] = true;
  depends.erase(depends.begin(), depends.begin() + static_cast<ptrdiff_t>(inputs));
  return depends;
}

void verify(const ContractionTree& tree, const Einsum& einsum) {
  EINC_CHECK(!tree.steps.empty());
  std::vector<int> uses(einsum.inputs.size() + tree.steps.size());
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const TreeStep& step = tree.steps[s];
    EINC_CHECK(!step.inputs.empty());
    for (const int node : step.inputs) {
      EINC_CHECK(node >= 0 && static_cast<size_t>(node) < einsum.inputs.size() + s);
      ++uses[static_cast<size_t>(node)];
    }
    EINC_CHECK(std::is_sorted(step.output.begin(), step.output.end()));
  }
  for (size_t node = 0; node + 1 < uses.size(); ++node) EINC_CHECK(uses[node] == 1);
}

std::string to_string(const ContractionTree& tree, const Einsum& einsum) {
  std::ostringstream out;
  char line[96];
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const TreeStep& step = tree.steps[s];
    out << '%' << einsum.inputs.size() + s << " =";
    for (size_t i = 0; i < step.inputs.size(); ++i)
      out << (i == 0 ? " %" : " * %") << step.inputs[i];
    out << " -> [";
    for (size_t d = 0; d < step.output.size(); ++d)
      out << (d == 0 ? "" : ",") << einsum.labels[static_cast<size_t>(step.output[d])].name;
    std::snprintf(line, sizeof line, "]  %.3g multiply-adds, %.3g elements, %.3g us\n", step.flops,
                  step.output_elements, step.seconds * 1e6);
    out << line;
  }
  std::snprintf(line, sizeof line, "total %.3g multiply-adds, %.3g us\n", total_flops(tree),
                total_seconds(tree) * 1e6);
  out << line;
  return std::move(out).str();
}

}  // namespace einc
