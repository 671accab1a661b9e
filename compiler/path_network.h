// What path finders share: an einsum as sets of labels, and the making of tree steps.
#pragma once

#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {

using LabelSet = std::vector<Label>;  // ascending

// Grows a contraction tree step by step, keeping account of which nodes still hold each label.
class TreeBuilder {
 public:
  // Sums the labels that one input alone has, where other inputs exist.
  explicit TreeBuilder(const Einsum& einsum);

  // The node that stands for input `i` from now on.
  int leaf(size_t i) const { return leaves_[i]; }
  size_t leaf_count() const { return leaves_.size(); }

  const LabelSet& labels(int node) const { return nodes_[static_cast<size_t>(node)]; }
  double elements(const LabelSet& labels) const;

  // Labels of the product of two nodes that something else, or the output, still needs.
  LabelSet result_labels(int a, int b) const;

  // Contracts two nodes and returns the new one.
  int contract(int a, int b);

  // The tree, once one node is left; that node's step writes the output.
  ContractionTree finish();

 private:
  int add_step(std::vector<int> inputs, LabelSet output);

  const Einsum& einsum_;
  ContractionTree tree_;
  std::vector<LabelSet> nodes_;
  std::vector<int> holders_;  // live nodes with each label, the output counted as one
  std::vector<int> leaves_;
};

LabelSet set_union(const LabelSet& a, const LabelSet& b);

}  // namespace einc
