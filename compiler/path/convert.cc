// Between the forms of a contraction order.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/network.h"
#include "compiler/path/path.h"
#include "compiler/time_model.h"
#include "compiler/tree_step.h"
#include "runtime/check.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

LabelList sorted(LabelList labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

// Positions that are still taken, with their ranks in logarithmic time (Fenwick's tree).
class Positions {
 public:
  Positions(size_t all, size_t taken) : counts_(all + 1) {
    for (size_t i = 0; i < taken; ++i) add(i, 1);
  }
  void add(size_t position, int64_t change) {
    for (size_t i = position + 1; i < counts_.size(); i += i & (~i + 1)) counts_[i] += change;
  }
  // How many before the position are taken.
  int64_t rank(size_t position) const {
    int64_t rank = 0;
    for (size_t i = position; i > 0; i &= i - 1) rank += counts_[i];
    return rank;
  }

 private:
  std::vector<int64_t> counts_;
};

}  // namespace

Network network_of(const Einsum& einsum) {
  Network network;
  std::vector<int> holders(einsum.labels.size());
  for (const Operand& input : einsum.inputs)
    for (const Label label : input.labels) ++holders[index(label)];
  for (const Label label : einsum.output.labels) ++holders[index(label)];
  for (const Operand& input : einsum.inputs) {
    LabelList& term = network.terms.emplace_back();
    for (const Label label : input.labels)
      if (einsum.inputs.size() == 1 || holders[index(label)] > 1) term.push_back(label);
    std::sort(term.begin(), term.end());
  }
  network.output = sorted(einsum.output.labels);
  for (const LabelInfo& label : einsum.labels)
    network.log2_extents.push_back(
        std::log2(static_cast<double>(std::max<int64_t>(label.extent, 1))));
  return network;
}

ContractionTree to_tree(const Einsum& einsum, const SsaPath& path, const TimeModel& model) {
  const Network network = network_of(einsum);
  ContractionTree tree;
  const size_t inputs = einsum.inputs.size();
  tree.steps.reserve(inputs + path.size());
  const auto last = [&] { return static_cast<int>(inputs + tree.steps.size()) - 1; };
  std::vector<int> nodes;  // of the tree, for each of the path
  for (size_t i = 0; i < inputs; ++i) {
    nodes.push_back(static_cast<int>(i));
    const LabelList all = sorted(einsum.inputs[i].labels);
    if (network.terms[i].size() == all.size()) continue;
    tree.steps.push_back(
        make_tree_step(einsum, model, {static_cast<int>(i)}, {all}, network.terms[i]));
    nodes.back() = last();
  }
  Contractor contractor(network);
  for (const auto& [a, b] : path) {
    const LabelList in_a = contractor.labels(a);
    const LabelList in_b = contractor.labels(b);
    const int node = contractor.contract(a, b);
    tree.steps.push_back(make_tree_step(einsum, model, {nodes[index(a)], nodes[index(b)]},
                                        {in_a, in_b}, contractor.labels(node)));
    nodes.push_back(last());
  }
  // A lone input still has to be permuted, reduced or copied.
  if (tree.steps.empty())
    tree.steps.push_back(make_tree_step(einsum, model, {0}, {network.terms[0]}, network.output));
  EINC_CHECK(tree.steps.back().output == network.output);
  verify(tree, einsum);
  return tree;
}

SsaPath to_ssa_path(const LinearPath& path, size_t inputs) {
  SsaPath pairs;
  std::vector<int> nodes;
  for (size_t i = 0; i < inputs; ++i) nodes.push_back(static_cast<int>(i));
  for (const std::vector<int64_t>& step : path) {
    int node = nodes[static_cast<size_t>(step[0])];
    for (size_t i = 1; i < step.size(); ++i) {
      pairs.emplace_back(node, nodes[static_cast<size_t>(step[i])]);
      node = static_cast<int>(inputs + pairs.size()) - 1;
    }
    for (size_t i = step.size(); i-- > 0;) nodes.erase(nodes.begin() + step[i]);
    nodes.push_back(node);
  }
  return pairs;
}

SsaPath to_ssa_path(const ContractionTree& tree, size_t inputs) {
  SsaPath path;
  std::vector<int> nodes(inputs + tree.steps.size());  // of the path, for each of the tree
  for (size_t i = 0; i < inputs; ++i) nodes[i] = static_cast<int>(i);
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const std::vector<int>& operands = tree.steps[s].inputs;
    int node = nodes[index(operands[0])];
    if (operands.size() == 2) {
      path.emplace_back(node, nodes[index(operands[1])]);
      node = static_cast<int>(inputs + path.size()) - 1;
    }
    nodes[inputs + s] = node;
  }
  return path;
}

LinearPath to_linear_path(const ContractionTree& tree, size_t inputs) {
  LinearPath path;
  // Nodes never change places, they only leave: a position is a rank among those that are left.
  Positions left(inputs + tree.steps.size(), inputs);
  std::vector<size_t> place(inputs + tree.steps.size());
  for (size_t i = 0; i < inputs; ++i) place[i] = i;
  size_t next = inputs;
  for (size_t s = 0; s < tree.steps.size(); ++s) {
    const TreeStep& step = tree.steps[s];
    size_t& result = place[inputs + s];
    if (step.inputs.size() == 1 && inputs > 1) {  // a sum of private labels is no step of its own
      result = place[index(step.inputs[0])];
      continue;
    }
    std::vector<int64_t>& positions = path.emplace_back();
    for (const int node : step.inputs) positions.push_back(left.rank(place[index(node)]));
    std::sort(positions.begin(), positions.end());
    for (const int node : step.inputs) left.add(place[index(node)], -1);
    result = next++;
    left.add(result, 1);
  }
  return path;
}

}  // namespace einc
