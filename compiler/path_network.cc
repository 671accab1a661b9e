#include "compiler/path_network.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/cost.h"
#include "compiler/einsum_ir.h"
#include "runtime/check.h"

namespace einc {

LabelSet set_union(const LabelSet& a, const LabelSet& b) {
  LabelSet result;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

TreeBuilder::TreeBuilder(const Einsum& einsum) : einsum_(einsum), holders_(einsum.labels.size()) {
  for (const Operand& input : einsum.inputs) {
    LabelSet labels = input.labels;
    std::sort(labels.begin(), labels.end());
    for (const Label label : labels) ++holders_[static_cast<size_t>(label)];
    nodes_.push_back(std::move(labels));
  }
  for (const Label label : einsum.output.labels) ++holders_[static_cast<size_t>(label)];

  for (size_t i = 0; i < einsum.inputs.size(); ++i) {
    leaves_.push_back(static_cast<int>(i));
    if (einsum.inputs.size() == 1) continue;
    LabelSet shared;
    std::copy_if(nodes_[i].begin(), nodes_[i].end(), std::back_inserter(shared),
                 [&](Label label) { return holders_[static_cast<size_t>(label)] > 1; });
    if (shared.size() < nodes_[i].size())
      leaves_.back() = add_step({static_cast<int>(i)}, std::move(shared));
  }
}

double TreeBuilder::elements(const LabelSet& labels) const {
  double product = 1;
  for (const Label label : labels)
    product *= static_cast<double>(einsum_.labels[static_cast<size_t>(label)].extent);
  return product;
}

LabelSet TreeBuilder::result_labels(int a, int b) const {
  LabelSet result;
  for (const Label label : set_union(labels(a), labels(b))) {
    const auto has = [&](int node) {
      return std::binary_search(labels(node).begin(), labels(node).end(), label) ? 1 : 0;
    };
    if (holders_[static_cast<size_t>(label)] > has(a) + has(b)) result.push_back(label);
  }
  return result;
}

int TreeBuilder::contract(int a, int b) { return add_step({a, b}, result_labels(a, b)); }

int TreeBuilder::add_step(std::vector<int> inputs, LabelSet output) {
  StepSizes sizes;
  LabelSet all;
  for (const int node : inputs) {
    (sizes.a == 0 ? sizes.a : sizes.b) = elements(labels(node));
    all = set_union(all, labels(node));
    for (const Label label : labels(node)) --holders_[static_cast<size_t>(label)];
  }
  for (const Label label : output) ++holders_[static_cast<size_t>(label)];
  sizes.flops = elements(all);
  sizes.c = elements(output);
  TreeStep step{.inputs = std::move(inputs), .output = output};
  step.flops = sizes.flops;
  step.output_elements = sizes.c;
  step.seconds = step_seconds(sizes, compute_dtype(einsum_));
  tree_.steps.push_back(std::move(step));
  nodes_.push_back(std::move(output));
  return static_cast<int>(nodes_.size()) - 1;
}

ContractionTree TreeBuilder::finish() {
  LabelSet output = einsum_.output.labels;
  std::sort(output.begin(), output.end());
  // A lone input still has to be permuted, reduced or copied, and a product that lacks a label
  // which only the output has (none of the dialects can say that) would have to be spread.
  if (tree_.steps.empty()) add_step({0}, output);
  EINC_CHECK(tree_.steps.back().output == output);
  verify(tree_, einsum_);
  return std::move(tree_);
}

}  // namespace einc
