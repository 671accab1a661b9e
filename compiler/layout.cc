#include "compiler/layout.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {
namespace {

bool contains(const std::vector<Label>& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

}  // namespace

Layout layout(const ContractionTree& tree, const Einsum& einsum) {
  const size_t inputs = einsum.inputs.size();
  Layout result;
  const auto order_of = [&](int node) -> const std::vector<Label>& {
    const auto index = static_cast<size_t>(node);
    return index < inputs ? einsum.inputs[index].labels : result.orders[index - inputs];
  };
  std::vector<const TreeStep*> consumers(inputs + tree.steps.size());
  for (const TreeStep& step : tree.steps)
    for (const int input : step.inputs) consumers[static_cast<size_t>(input)] = &step;
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const TreeStep& step = tree.steps[s];
    if (s + 1 == tree.steps.size()) {
      result.orders.push_back(einsum.output.labels);
      break;
    }
    const TreeStep* const consumer = consumers[inputs + s];
    std::vector<Label> produced;  // in the order of the operands
    for (const int input : step.inputs)
      for (const Label label : order_of(input))
        if (contains(step.output, label) && !contains(produced, label)) produced.push_back(label);
    const auto rank = [&](Label label) {
      const bool kept = contains(consumer->output, label);
      const bool in_all =
          std::all_of(consumer->inputs.begin(), consumer->inputs.end(), [&](int input) {
            const auto index = static_cast<size_t>(input);
            return contains(
                index < inputs ? einsum.inputs[index].labels : tree.steps[index - inputs].output,
                label);
          });
      const int group = !kept ? 2 : in_all && consumer->inputs.size() > 1 ? 0 : 1;
      return std::tuple(group, std::find(produced.begin(), produced.end(), label));
    };
    std::vector<Label> order = produced;
    std::sort(order.begin(), order.end(), [&](Label a, Label b) { return rank(a) < rank(b); });
    result.orders.push_back(std::move(order));
  }
  return result;
}

std::string to_string(const Layout& layout, const Einsum& einsum) {
  std::ostringstream out;
  for (size_t s = 0; s < layout.orders.size(); ++s) {
    out << '%' << einsum.inputs.size() + s << ": ";
    for (size_t d = 0; d < layout.orders[s].size(); ++d)
      out << (d == 0 ? "" : ",") << einsum.labels[static_cast<size_t>(layout.orders[s][d])].name;
    out << '\n';
  }
  return std::move(out).str();
}

}  // namespace einc
