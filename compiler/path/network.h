// An einsum as the search for a contraction order sees it: sets of labels.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace einc {

// Ascending, without repetition.
using LabelList = std::vector<int>;

struct Network {
  std::vector<LabelList> terms;
  LabelList output;
  std::vector<double> log2_extents;  // of each label
};

// Pairs of nodes: node i is term i, node terms + s the result of pair s. A path of n terms has
// n - 1 pairs and uses each node but the last once. (opt_einsum's "SSA" form.)
using SsaPath = std::vector<std::pair<int, int>>;

LabelList set_union(const LabelList& a, const LabelList& b);

// The sum of log2 extents: of the elements that a tensor with these labels has.
double log2_elements(const Network& network, const LabelList& labels);

// Follows a contraction, and knows which labels each node still has: those that another live node,
// or the output, has too.
class Contractor {
 public:
  // `network` has to outlive it.
  explicit Contractor(const Network& network);

  const LabelList& labels(int node) const { return nodes_[static_cast<size_t>(node)]; }
  LabelList result(int a, int b) const;
  double log2_result_elements(int a, int b) const;

  // The new node. Frees what the two held.
  int contract(int a, int b);

  bool is_live(int node) const { return is_live_[static_cast<size_t>(node)]; }
  std::vector<int> live() const;  // ascending

  int size() const { return static_cast<int>(nodes_.size()); }

 private:
  // Calls visit(label, holders among a and b) for each label of either, ascending.
  void for_each_label(int a, int b, const auto& visit) const;

  const std::vector<double>& log2_extents_;
  std::vector<LabelList> nodes_;
  std::vector<bool> is_live_;
  std::vector<int> holders_;  // live nodes with each label, the output counted as one
};

// What a path costs, all as logarithms, since networks of thousands of tensors exceed doubles.
struct PathCost {
  double log2_flops = 0;  // of the sum over steps of the product of all extents: multiply-adds
  double log2_size = 0;   // of the largest result of a step, in elements
  double log2_write = 0;  // of the sum of the results of all steps
};

PathCost cost_of(const Network& network, const SsaPath& path);

// Elements of intermediates that are alive at once, the last result not counted, if of the operands
// of each step the one that needs more room comes first.
double peak_elements(const Network& network, const SsaPath& path);

// The parts that share no label, as lists of terms; each ascending.
std::vector<std::vector<int>> connected_parts(const Network& network);

// The terms alone, with the labels that any other term or the output has as output.
Network part_of(const Network& network, std::span<const int> terms);

}  // namespace einc
