// A contraction tree that can be changed in place.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

// Nodes 0 to leaves - 1 are the terms, each later one is the result of a step. Everything else
// follows from who the children are; changes keep it so (see is_valid).
class SearchTree {
 public:
  // `bits` and `objective` have to outlive the tree.
  SearchTree(const Network& network, const SsaPath& path, const LabelBits& bits,
             const Objective& objective);

  int leaves() const { return leaves_; }
  int nodes() const { return static_cast<int>(left_.size()); }
  int root() const { return root_; }
  bool is_leaf(int node) const { return node < leaves_; }
  int left(int node) const { return left_[index(node)]; }
  int right(int node) const { return right_[index(node)]; }
  int parent(int node) const { return parent_[index(node)]; }
  float log2_size(int node) const { return size_[index(node)]; }
  float log2_cost(int node) const { return cost_[index(node)]; }  // of the step that makes it
  const Word* labels(int node) const { return &labels_[index(node) * words_]; }
  const LabelBits& bits() const { return *bits_; }
  const Objective& objective() const { return *objective_; }

  // log2 of the cost of all steps.
  double total() const;

  // The internal nodes, each after its children.
  std::vector<int> postorder() const;
  SsaPath path() const;

  // Gives an internal node other children. The caller sees to the rest: set_step.
  void set_children(int node, int left, int right);
  void set_step(int node, const Word* labels, float log2_size, float log2_cost);
  void set_cost(int node, float log2_cost) { cost_[index(node)] = log2_cost; }

  // Makes sizes and costs of all nodes again, as after LabelBits::mask.
  void refresh_costs();

  // Whether parents and children agree, each node is used once, and labels are what they must be.
  bool is_valid(const Network& network) const;

 private:
  static size_t index(int node) { return static_cast<size_t>(node); }
  void find_labels();
  template <int kWords>
  float step_cost(int node) const;

  const LabelBits* bits_;
  const Objective* objective_;
  int leaves_;
  int root_;
  size_t words_;
  std::vector<Word> output_;
  std::vector<int> left_, right_, parent_;
  std::vector<Word> labels_;
  std::vector<float> size_, cost_;
};

}  // namespace einc
