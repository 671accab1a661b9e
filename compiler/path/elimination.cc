#include "compiler/path/elimination.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/path/join.h"
#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {
namespace {

class Elimination {
 public:
  Elimination(const Network& network, double temperature, Random& random)
      : network_(network),
        temperature_(temperature),
        random_(random),
        contractor_(network),
        holders_(network.log2_extents.size()),
        version_(network.log2_extents.size()) {
    for (int term = 0; term < contractor_.size(); ++term)
      for (const int label : contractor_.labels(term)) holders_[index(label)].push_back(term);
    for (const int label : network.output) version_[index(label)] = kNever;
    for (int label = 0; label < static_cast<int>(holders_.size()); ++label) rank(label);
  }

  SsaPath run() {
    while (!labels_.empty()) {
      const auto [score, label, version] = labels_.top();
      labels_.pop();
      if (version == version_[index(label)]) eliminate(label);
    }
    join_smallest_first(network_, contractor_, contractor_.live(), path_);
    return std::move(path_);
  }

 private:
  using Ranked = std::tuple<double, int, int>;  // score, label, version of the score
  static constexpr int kNever = -1;

  static size_t index(int i) { return static_cast<size_t>(i); }

  // Of the product of all tensors that have the label.
  void rank(int label) {
    if (version_[index(label)] == kNever || holders_[index(label)].empty()) return;
    LabelList all;
    for (const int holder : holders_[index(label)])
      all = all.empty() ? contractor_.labels(holder) : set_union(all, contractor_.labels(holder));
    double score = log2_elements(network_, all);
    if (temperature_ > 0) score -= temperature_ * random_.gumbel();
    labels_.emplace(score, label, ++version_[index(label)]);
  }

  void eliminate(int label) {
    std::vector<int> bucket = holders_[index(label)];
    version_[index(label)] = kNever;
    if (bucket.empty()) return;  // it went with another
    while (bucket.size() > 1) contract_smallest(bucket);
    for (const int other : contractor_.labels(bucket[0])) rank(other);
  }

  // The smallest tensor meets the one with which it makes the fewest elements.
  void contract_smallest(std::vector<int>& bucket) {
    const auto elements = [&](int node) {
      return log2_elements(network_, contractor_.labels(node));
    };
    const auto smallest = std::min_element(bucket.begin(), bucket.end(),
                                           [&](int x, int y) { return elements(x) < elements(y); });
    const int a = *smallest;
    bucket.erase(smallest);
    size_t best = 0;
    double fewest = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < bucket.size(); ++i) {
      const double here =
          log2_elements(network_, set_union(contractor_.labels(a), contractor_.labels(bucket[i])));
      if (here >= fewest) continue;
      fewest = here;
      best = i;
    }
    const int b = bucket[best];
    bucket[best] = contract(a, b);
  }

  int contract(int a, int b) {
    for (const int old : {a, b}) {
      for (const int label : contractor_.labels(old)) std::erase(holders_[index(label)], old);
    }
    path_.emplace_back(a, b);
    const int node = contractor_.contract(a, b);
    for (const int label : contractor_.labels(node)) holders_[index(label)].push_back(node);
    return node;
  }

  const Network& network_;
  const double temperature_;
  Random& random_;
  Contractor contractor_;
  SsaPath path_;
  std::vector<std::vector<int>> holders_;  // live nodes with each label
  std::vector<int> version_;               // of each label's score
  std::priority_queue<Ranked, std::vector<Ranked>, std::greater<>> labels_;
};

}  // namespace

SsaPath elimination_path(const Network& network, double temperature, Random& random) {
  return Elimination(network, temperature, random).run();
}

}  // namespace einc
