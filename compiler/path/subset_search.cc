#include "compiler/path/subset_search.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "compiler/path/label_bits.h"
#include "compiler/path/log2.h"
#include "runtime/check.h"

namespace einc {

bool SubsetSearch::run(const std::vector<const Word*>& tensors, const Word* result,
                       double log2_bound) {
  EINC_CHECK(tensors.size() >= 2 && tensors.size() <= kMost);
  subsets_ = size_t{1} << tensors.size();
  log2_bound_ = log2_bound;
  size_.resize(std::max(size_.size(), subsets_));
  best_.resize(size_.size());
  split_.resize(size_.size());
  find_sizes(tensors, result);
  find_costs();
  for (Subset set = 1; set < subsets_; ++set) {
    best_[set] = std::has_single_bit(set) ? 0 : 1;
    if (!std::has_single_bit(set)) find_best(set);
  }
  // What is cheaper by these numbers has to be so by the rounder ones of its steps.
  const auto all = static_cast<Subset>(subsets_ - 1);
  return best_[all] < 1 && cost_by_steps(all) < 1;
}

// A set's product keeps the labels that are neither held by the others alone nor summed.
void SubsetSearch::find_sizes(const std::vector<const Word*>& tensors, const Word* result) {
  held_.assign(subsets_, 0);
  summed_.assign(subsets_, 0);
  for (int w = 0; w < bits_.words(); ++w) {
    Word any = 0;
    for (const Word* const tensor : tensors) any |= tensor[w];
    for (any &= bits_.unmasked(w); any != 0; any &= any - 1) {
      const int bit = std::countr_zero(any);
      Subset holders = 0;
      for (size_t t = 0; t < tensors.size(); ++t)
        holders |= static_cast<Subset>(tensors[t][w] >> bit & 1) << t;
      const float extent = bits_.log2_extent(w, bit);
      held_[holders] += extent;
      if ((result[w] >> bit & 1) == 0) summed_[holders] += extent;
    }
  }
  add_to_supersets(held_);
  add_to_supersets(summed_);
  const auto all = static_cast<Subset>(subsets_ - 1);
  for (Subset set = 1; set < subsets_; ++set) {
    // A tensor has its labels until it is used.
    if (std::has_single_bit(set)) summed_[set] = 0;
    size_[set] = held_[all] - held_[all & ~set] - summed_[set];
  }
}

// From values of sets to sums over all their subsets.
void SubsetSearch::add_to_supersets(std::vector<float>& sums) const {
  for (size_t member = 1; member < subsets_; member *= 2)
    for (size_t set = 0; set < subsets_; ++set)
      if ((set & member) != 0) sums[set] += sums[set ^ member];
}

// Of a step that makes `set` of two parts the cost is a sum of products of these.
void SubsetSearch::find_costs() {
  costs_.resize(std::max(costs_.size(), subsets_));
  const double unit = log2_bound_;
  const double step = exp2_of(static_cast<double>(objective_.step) - unit);
  for (Subset set = 1; set < subsets_; ++set) {
    const float size = size_[set];
    const double summed = summed_[set];
    costs_[set] = {.flops = exp2_of(static_cast<double>(objective_.flop + size) + summed - unit),
                   .per_summed = exp2_of(-summed),
                   .read = exp2_of(static_cast<double>(objective_.read(size)) - unit),
                   .write = exp2_of(static_cast<double>(objective_.write(size)) - unit) + step};
  }
}

// Each split once: the half that holds the lowest member is the left one.
void SubsetSearch::find_best(Subset set) {
  const Subset lowest = set & -set;
  const Subset others = set & ~lowest;
  const double flops = costs_[set].flops;
  const double write = costs_[set].write;
  for (Subset part = others;;) {
    part = (part - 1) & others;
    const Subset left = part | lowest;
    const Subset right = set & ~left;
    const double halves = best_[left] + best_[right];
    if (halves < best_[set]) {
      ++splits_;
      const Costs& a = costs_[left];
      const Costs& b = costs_[right];
      const double cost =
          halves + flops * (a.per_summed * b.per_summed) + (a.read + b.read) + write;
      if (cost < best_[set]) {
        best_[set] = cost;
        split_[set] = left;
      }
    }
    if (part == 0) break;
  }
}

double SubsetSearch::cost_by_steps(Subset set) const {
  if (std::has_single_bit(set)) return 0;
  return cost_by_steps(split_[set]) + cost_by_steps(set & ~split_[set]) +
         exp2_of(static_cast<double>(log2_step(set)) - log2_bound_);
}

float SubsetSearch::log2_step(Subset set) const {
  const Subset left = split_[set];
  const Subset right = set & ~left;
  const float flops = size_[set] + summed_[set] - summed_[left] - summed_[right];
  return objective_.log2_cost(flops, size_[left], size_[right], size_[set]);
}

std::vector<Word> SubsetSearch::labels_of(Subset set, const std::vector<const Word*>& tensors,
                                          const Word* result) const {
  std::vector<Word> labels(static_cast<size_t>(bits_.words()));
  for (size_t w = 0; w < labels.size(); ++w) {
    Word inside = 0;
    Word outside = result[w];
    for (size_t t = 0; t < tensors.size(); ++t)
      ((set >> t & 1) != 0 ? inside : outside) |= tensors[t][w];
    labels[w] = inside & outside;
  }
  return labels;
}

}  // namespace einc
