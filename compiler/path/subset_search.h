// The exact search over all trees of a few tensors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/path/label_bits.h"
#include "compiler/path/objective.h"

namespace einc {

// Dynamic programming over subsets, outer products included: the best tree of a set is the best
// split of it into two, and the labels of a set are the same whatever its tree. At most 3^n / 2
// splits for n tensors, of which those are left out whose halves alone cost too much (Pfeifer,
// Haegeman, Verstraete, "Faster identification of optimal contraction sequences for tensor
// networks", 2014). No split looks at labels: what a step multiplies follows from the sizes of
// three sets. Keeps its tables from one search to the next.
class SubsetSearch {
 public:
  static constexpr int kMost = 16;

  SubsetSearch(const LabelBits& bits, const Objective& objective)
      : bits_(bits), objective_(objective) {}

  // Looks for a tree of these tensors that costs less than 2^log2_bound; `result` has the labels
  // that are needed afterwards. Whether there is one.
  bool run(const std::vector<const Word*>& tensors, const Word* result, double log2_bound);

  // Of the tree found: calls join(a, b, labels, log2 size, log2 cost) for each step, children
  // first, and takes what it returns for the node; the tensors are 0, 1, ...
  template <typename Join>
  int build(const std::vector<const Word*>& tensors, const Word* result, const Join& join) const {
    return build(static_cast<Subset>(subsets_ - 1), tensors, result, join);
  }

  // Splits looked at so far, in all searches.
  int64_t splits() const { return splits_; }

 private:
  using Subset = uint32_t;

  void find_sizes(const std::vector<const Word*>& tensors, const Word* result);
  void add_to_supersets(std::vector<float>& sums) const;
  void find_costs();
  void find_best(Subset set);
  double cost_by_steps(Subset set) const;  // of its best tree, in units of the bound
  float log2_step(Subset set) const;       // the cost of the last step of its best tree

  template <typename Join>
  int build(Subset set, const std::vector<const Word*>& tensors, const Word* result,
            const Join& join) const {
    if (std::has_single_bit(set)) return std::countr_zero(set);
    const int a = build(split_[set], tensors, result, join);
    const int b = build(set & ~split_[set], tensors, result, join);
    return join(a, b, labels_of(set, tensors, result).data(), size_[set], log2_step(set));
  }

  std::vector<Word> labels_of(Subset set, const std::vector<const Word*>& tensors,
                              const Word* result) const;

  // Of a subset, in units of the bound.
  struct Costs {
    double flops;       // of the step that makes it, if nothing was summed before
    double per_summed;  // 1 / the extents of what is summed once its tensors are one
    double read;        // as an operand
    double write;       // as a result, with what a step costs
  };

  const LabelBits& bits_;
  const Objective& objective_;
  size_t subsets_ = 1;
  double log2_bound_ = 0;
  int64_t splits_ = 0;
  // Of each subset, extents as logarithms:
  std::vector<float> held_;    // of all labels that nothing else has
  std::vector<float> summed_;  // of the labels that are summed once its tensors are one
  std::vector<float> size_;    // of its product
  std::vector<Costs> costs_;
  std::vector<double> best_;   // cost of its best tree, in units of the bound
  std::vector<Subset> split_;  // one half of that tree's last step
};

}  // namespace einc
