#include "compiler/memory_order.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/sort_by.h"

namespace einc {

ContractionTree in_memory_order(ContractionTree tree, const Einsum& einsum) {
  const size_t inputs = einsum.inputs.size();
  struct Need {
    double own = 0;   // elements of the result
    double peak = 0;  // that are alive at once while it is made
  };
  std::vector<Need> needs(inputs + tree.steps.size());
  std::vector<std::vector<int>> operands;  // of each step, in order
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const auto need = [&](int node) -> const Need& { return needs[static_cast<size_t>(node)]; };
    std::vector<int> order = tree.steps[s].inputs;
    const auto excess = [&](int node) { return need(node).peak - need(node).own; };
    sort_by(order, [&](int node) { return -excess(node); });
    const bool is_last = s + 1 == tree.steps.size();
    Need& result = needs[inputs + s];
    result.own = is_last ? 0 : tree.steps[s].output_elements;  // the output is not ours
    double held = 0;
    for (const int node : order) {
      result.peak = std::max(result.peak, held + need(node).peak);
      held += need(node).own;
    }
    result.peak = std::max(result.peak, held + result.own);
    operands.push_back(std::move(order));
  }

  // From the last step back, so that the first operand's steps come first once all is reversed.
  std::vector<size_t> order;
  std::vector<int> stack{static_cast<int>(inputs + tree.steps.size()) - 1};
  while (!stack.empty()) {
    const auto node = static_cast<size_t>(stack.back());
    stack.pop_back();
    if (node < inputs) continue;
    order.push_back(node - inputs);
    for (const int operand : operands[node - inputs]) stack.push_back(operand);
  }
  std::reverse(order.begin(), order.end());

  ContractionTree result;
  result.steps.reserve(tree.steps.size());
  std::vector<int> renamed(inputs + tree.steps.size());
  for (size_t i = 0; i < inputs; ++i) renamed[i] = static_cast<int>(i);
  for (const size_t s : order) {
    renamed[inputs + s] = static_cast<int>(inputs + result.steps.size());
    TreeStep& step = tree.steps[s];
    for (int& node : step.inputs) node = renamed[static_cast<size_t>(node)];
    result.steps.push_back(std::move(step));
  }
  return result;
}

}  // namespace einc
