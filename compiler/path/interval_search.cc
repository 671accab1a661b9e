#include "compiler/path/interval_search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "runtime/check.h"

namespace einc {
namespace {

class IntervalSearch {
 public:
  IntervalSearch(const Network& network, const std::vector<int>& order, const Objective& objective)
      : network_(network),
        order_(order),
        objective_(objective),
        terms_(order.size()),
        intervals_(terms_ * terms_),
        costs_from_(terms_ * terms_),
        costs_to_(terms_ * terms_) {}

  SsaPath run() {
    find_sizes();
    log2_unit_ = log2_cost_one_by_one();
    for (size_t length = 2; length <= terms_; ++length)
      for (size_t first = 0; first + length <= terms_; ++first)
        find_best(first, first + length - 1);
    SsaPath path;
    build(0, terms_ - 1, path);
    return path;
  }

 private:
  struct Interval {
    float size = 0;      // log2 of the elements of its product
    float summed = 0;    // log2 of the extents of the labels that are summed once its terms are one
    uint32_t split = 0;  // the last term of the left half
  };

  Interval& at(size_t first, size_t last) { return intervals_[first * terms_ + last]; }

  // Extends intervals from each first term to the right, and keeps count of who holds a label.
  void find_sizes() {
    const size_t labels = network_.log2_extents.size();
    std::vector<int> holders(labels);
    for (const int label : network_.output) ++holders[static_cast<size_t>(label)];
    for (const LabelList& term : network_.terms)
      for (const int label : term) ++holders[static_cast<size_t>(label)];
    for (size_t first = 0; first < terms_; ++first) {
      std::vector<int> inside(labels);
      float held = 0;
      float summed = 0;
      for (size_t last = first; last < terms_; ++last) {
        for (const int label : network_.terms[static_cast<size_t>(order_[last])]) {
          const auto l = static_cast<size_t>(label);
          const auto extent = static_cast<float>(network_.log2_extents[l]);
          if (inside[l]++ == 0) held += extent;
          if (inside[l] == holders[l]) summed += extent;
        }
        Interval& interval = at(first, last);
        // A term has its labels until it is used.
        interval.summed = first == last ? 0 : summed;
        interval.size = held - interval.summed;
      }
    }
  }

  // log2 of the cost of the last step of an interval that is split there.
  double log2_step(size_t first, size_t split, size_t last) {
    const Interval& left = at(first, split);
    const Interval& right = at(split + 1, last);
    const Interval& whole = at(first, last);
    const float flops = whole.size + whole.summed - left.summed - right.summed;
    return objective_.log2_cost(flops, left.size, right.size, whole.size);
  }

  double log2_cost_one_by_one() {
    Log2Sum sum;
    for (size_t last = 1; last < terms_; ++last) sum.add(log2_step(0, last - 1, last));
    return sum.value();
  }

  void find_best(size_t first, size_t last) {
    const double* const left = &costs_from_[first * terms_];
    const double* const right = &costs_to_[last * terms_] + 1;
    double least = std::numeric_limits<double>::infinity();
    uint32_t best = static_cast<uint32_t>(first);
    const auto consider = [&](size_t split) {
      const double cost =
          left[split] + right[split] + exp2_of(log2_step(first, split, last) - log2_unit_);
      if (cost >= least) return;
      least = cost;
      best = static_cast<uint32_t>(split);
    };
    // Where the intervals that are shorter by one are split is often best here, too.
    consider(last - first > 1 ? at(first, last - 1).split : first);
    if (last - first > 1) consider(at(first + 1, last).split);
    for (size_t split = first; split < last; ++split)
      if (left[split] + right[split] < least) consider(split);
    costs_from_[first * terms_ + last] = least;
    costs_to_[last * terms_ + first] = least;
    at(first, last).split = best;
  }

  int build(size_t first, size_t last, SsaPath& path) {
    if (first == last) return order_[first];
    const size_t split = at(first, last).split;
    const int a = build(first, split, path);
    const int b = build(split + 1, last, path);
    path.emplace_back(a, b);
    return static_cast<int>(terms_ + path.size()) - 1;
  }

  const Network& network_;
  const std::vector<int>& order_;
  const Objective& objective_;
  const size_t terms_;
  std::vector<Interval> intervals_;  // by first and last term
  // Of the best trees, in units of 2^log2_unit_: by first and last term, and by last and first.
  std::vector<double> costs_from_, costs_to_;
  double log2_unit_ = 0;
};

}  // namespace

SsaPath interval_path(const Network& network, const std::vector<int>& order,
                      const Objective& objective) {
  EINC_CHECK(order.size() == network.terms.size() && order.size() >= 2 &&
             order.size() <= kMostIntervalTerms);
  return IntervalSearch(network, order, objective).run();
}

std::optional<std::vector<int>> chain_of(const Network& network) {
  const size_t terms = network.terms.size();
  std::vector<std::vector<int>> holders(network.log2_extents.size());
  for (size_t term = 0; term < terms; ++term)
    for (const int label : network.terms[term])
      if (network.log2_extents[static_cast<size_t>(label)] > 0)
        holders[static_cast<size_t>(label)].push_back(static_cast<int>(term));
  std::vector<std::vector<int>> neighbours(terms);
  for (const std::vector<int>& pair : holders) {
    if (pair.size() > 2) return std::nullopt;
    if (pair.size() < 2) continue;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      std::vector<int>& known = neighbours[static_cast<size_t>(pair[side])];
      if (std::find(known.begin(), known.end(), pair[1 - side]) == known.end())
        known.push_back(pair[1 - side]);
      if (known.size() > 2) return std::nullopt;
    }
  }
  const auto end = std::find_if(neighbours.begin(), neighbours.end(),
                                [](const std::vector<int>& known) { return known.size() == 1; });
  if (end == neighbours.end()) return std::nullopt;
  std::vector<int> order{static_cast<int>(end - neighbours.begin())};
  for (int before = -1;;) {
    const std::vector<int>& around = neighbours[static_cast<size_t>(order.back())];
    const auto next =
        std::find_if(around.begin(), around.end(), [&](int term) { return term != before; });
    if (next == around.end()) break;
    before = order.back();
    order.push_back(*next);
  }
  if (order.size() != terms) return std::nullopt;
  return order;
}

}  // namespace einc
