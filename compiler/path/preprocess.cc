#include "compiler/path/preprocess.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "compiler/path/network.h"
#include "compiler/path/reduced.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

class Absorber {
 public:
  explicit Absorber(const Network& network)
      : network_(network), contractor_(network), holders_(network.log2_extents.size()) {
    for (int term = 0; term < contractor_.size(); ++term) add(term);
  }

  Reduced run() {
    while (!small_.empty()) {
      const auto [size, node] = small_.top();
      small_.pop();
      if (contractor_.is_live(node)) absorb(node);
    }
    return reduced_by(network_, steps_);
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
    steps_.emplace_back(node, partner);
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

  const Network& network_;
  Contractor contractor_;
  SsaPath steps_;
  std::vector<std::vector<int>> holders_;  // nodes with each label; dead ones too
  using Sized = std::pair<double, int>;
  std::priority_queue<Sized, std::vector<Sized>, std::greater<>> small_;
};

}  // namespace

Reduced absorb_small_terms(const Network& network) { return Absorber(network).run(); }

}  // namespace einc
