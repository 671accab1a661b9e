#include "compiler/path/greedy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/path/join.h"
#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {
namespace {

// A label in many tensors would make a candidate of every pair of them; this many partners per
// tensor and label find nearly the same trees.
constexpr size_t kMostPartners = 16;

class Greedy {
 public:
  Greedy(const Network& network, const GreedyScore& score, Random& random)
      : network_(network),
        score_(score),
        random_(random),
        contractor_(network),
        holders_(network.log2_extents.size()) {
    for (int term = 0; term < static_cast<int>(network.terms.size()); ++term) add(term);
  }

  SsaPath run() {
    while (!candidates_.empty()) {
      const auto [score, a, b] = candidates_.top();
      candidates_.pop();
      if (contractor_.is_live(a) && contractor_.is_live(b)) contract(a, b);
    }
    join_smallest_first(network_, contractor_, contractor_.live(), path_);
    return std::move(path_);
  }

 private:
  using Candidate = std::tuple<double, int, int>;  // score and two nodes

  static size_t index(int node) { return static_cast<size_t>(node); }

  void contract(int a, int b) {
    path_.emplace_back(a, b);
    add(contractor_.contract(a, b));
  }

  // Makes `node` known to its neighbours.
  void add(int node) {
    size_.push_back(log2_elements(network_, contractor_.labels(node)));
    std::vector<int> partners;
    for (const int label : contractor_.labels(node)) {
      std::vector<int>& holders = holders_[index(label)];
      std::erase_if(holders, [&](int holder) { return !contractor_.is_live(holder); });
      const size_t known = std::min(holders.size(), kMostPartners);
      partners.insert(partners.end(), holders.end() - static_cast<ptrdiff_t>(known), holders.end());
      holders.push_back(node);
    }
    std::sort(partners.begin(), partners.end());
    partners.erase(std::unique(partners.begin(), partners.end()), partners.end());
    for (const int partner : partners) candidates_.emplace(score(partner, node), partner, node);
  }

  double score(int a, int b) {
    const double c = contractor_.log2_result_elements(a, b);
    const double operands = sum(size_[index(a)], size_[index(b)]);
    double score = 0;
    switch (score_.kind) {
      case GreedyScore::Kind::kDifference:
        score = signed_log2(c - std::log2(score_.alpha), operands + std::log2(score_.alpha));
        break;
      case GreedyScore::Kind::kRatio:
        score = c - score_.alpha * operands;
        break;
      case GreedyScore::Kind::kBalance:
        score = c - score_.alpha * operands + 0.5 * std::abs(size_[index(a)] - size_[index(b)]);
        break;
    }
    return score_.temperature == 0 ? score : score - score_.temperature * random_.gumbel();
  }

  static double sum(double a, double b) {
    const double high = std::max(a, b);
    return high + std::log2(1 + std::exp2(std::min(a, b) - high));
  }

  // The logarithm of 2^a - 2^b, with its sign; of numbers above 1, so that it grows throughout.
  static double signed_log2(double a, double b) {
    const double high = std::max(a, b);
    const double difference = std::exp2(a - high) - std::exp2(b - high);
    if (difference == 0) return 0;
    const double log2_difference = high + std::log2(std::abs(difference));
    constexpr double kShift = 64;
    return std::copysign(std::max(log2_difference + kShift, 0.0), difference);
  }

  const Network& network_;
  const GreedyScore score_;
  Random& random_;
  Contractor contractor_;
  SsaPath path_;
  std::vector<double> size_;               // log2 of elements
  std::vector<std::vector<int>> holders_;  // nodes with each label; dead ones are swept lazily
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

}  // namespace

GreedyScore random_score(Random& random) {
  const auto kind = static_cast<GreedyScore::Kind>(random.below(3));
  const double alpha =
      kind == GreedyScore::Kind::kRatio ? random.uniform(0.2, 1) : random.log_uniform(0.3, 3);
  return {kind, alpha, random.log_uniform(0.01, 1)};
}

SsaPath greedy_path(const Network& network, const GreedyScore& score, Random& random) {
  return Greedy(network, score, random).run();
}

}  // namespace einc
