#include "compiler/path/preprocess.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "compiler/path/network.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

class Absorber {
 public:
  explicit Absorber(const Network& network)
      : network_(network),
        contractor_(network),
        holders_(network.log2_extents.size()),
        made_from_(network.terms.size(), {-1, -1}) {
    for (int term = 0; term < contractor_.size(); ++term) add(term);
  }

  Reduced run() {
    while (!small_.empty()) {
      const auto [size, node] = small_.top();
      small_.pop();
      if (contractor_.is_live(node)) absorb(node);
    }
    return finish();
  }

 private:
  double elements(int node) const { return log2_elements(network_, contractor_.labels(node)); }

  void add(int node) {
    for (const int label : contractor_.labels(node)) {
      std::vector<int>& holders = holders_[index(label)];
      std::erase_if(holders, [&](int holder) { return !contractor_.is_live(holder); });
      holders.push_back(node);
    }
    reconsider(node);
  }

  // The smallest terms first: what they are absorbed by is then as large as it gets.
  void reconsider(int node) { small_.emplace(elements(node), node); }

  void absorb(int node) {
    const int partner = best_partner(node);
    if (partner < 0) return;
    made_from_.emplace_back(node, partner);
    const LabelList before = set_union(contractor_.labels(node), contractor_.labels(partner));
    add(contractor_.contract(node, partner));
    // With a label less around, neighbours may fit now.
    for (const int label : before)
      for (const int holder : holders_[index(label)])
        if (contractor_.is_live(holder)) reconsider(holder);
  }

  int best_partner(int node) const {
    const LabelList& labels = contractor_.labels(node);
    int best = -1;
    double smallest = std::numeric_limits<double>::infinity();
    constexpr size_t kMostPartners = 64;
    for (const int label : labels) {
      const std::vector<int>& holders = holders_[index(label)];
      size_t looked_at = 0;
      for (const int other : holders) {
        if (other == node || !contractor_.is_live(other) || ++looked_at > kMostPartners) continue;
        if (elements(other) >= smallest || !fits(node, other)) continue;
        smallest = elements(other);
        best = other;
      }
    }
    return best;
  }

  bool fits(int node, int other) const {
    const LabelList& small = contractor_.labels(node);
    const LabelList& large = contractor_.labels(other);
    if (std::includes(large.begin(), large.end(), small.begin(), small.end())) return true;
    return small.size() <= 2 && contractor_.log2_result_elements(node, other) <=
                                    std::max(elements(node), elements(other));
  }

  Reduced finish() {
    Reduced reduced;
    reduced.network.output = network_.output;
    reduced.network.log2_extents = network_.log2_extents;
    for (const int node : contractor_.live()) {
      reduced.network.terms.push_back(contractor_.labels(node));
      collect(node, reduced);
    }
    return reduced;
  }

  // The tree that makes a node, over its own terms.
  void collect(int top, Reduced& reduced) const {
    std::vector<int> terms, steps;
    std::vector<int> stack{top};
    while (!stack.empty()) {
      const int node = stack.back();
      stack.pop_back();
      if (node < static_cast<int>(network_.terms.size())) {
        terms.push_back(node);
        continue;
      }
      steps.push_back(node);
      stack.push_back(made_from_[index(node)].first);
      stack.push_back(made_from_[index(node)].second);
    }
    std::sort(terms.begin(), terms.end());
    std::sort(steps.begin(), steps.end());
    const auto number_of = [&](int node) {
      const std::vector<int>& in = node < static_cast<int>(network_.terms.size()) ? terms : steps;
      const auto place = std::lower_bound(in.begin(), in.end(), node) - in.begin();
      return static_cast<int>(place) + (&in == &steps ? static_cast<int>(terms.size()) : 0);
    };
    SsaPath& tree = reduced.trees.emplace_back();
    for (const int step : steps)
      tree.emplace_back(number_of(made_from_[index(step)].first),
                        number_of(made_from_[index(step)].second));
    reduced.terms.push_back(std::move(terms));
  }

  const Network& network_;
  Contractor contractor_;
  std::vector<std::vector<int>> holders_;       // nodes with each label; dead ones too
  std::vector<std::pair<int, int>> made_from_;  // of each node
  using Sized = std::pair<double, int>;
  std::priority_queue<Sized, std::vector<Sized>, std::greater<>> small_;
};

}  // namespace

SsaPath Reduced::expand(const SsaPath& path) const {
  int all = 0;
  for (const std::vector<int>& list : terms) all += static_cast<int>(list.size());
  SsaPath expanded;
  const auto join = [&](int a, int b) {
    expanded.emplace_back(a, b);
    return all + static_cast<int>(expanded.size()) - 1;
  };
  std::vector<int> nodes;
  for (size_t t = 0; t < terms.size(); ++t) {
    std::vector<int> ids = terms[t];
    for (const auto& [a, b] : trees[t]) ids.push_back(join(ids[index(a)], ids[index(b)]));
    nodes.push_back(ids.back());
  }
  for (const auto& [a, b] : path) nodes.push_back(join(nodes[index(a)], nodes[index(b)]));
  return expanded;
}

Reduced absorb_small_terms(const Network& network) { return Absorber(network).run(); }

}  // namespace einc
