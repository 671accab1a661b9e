#include "compiler/path/portfolio.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/path/anneal.h"
#include "compiler/path/bisection.h"
#include "compiler/path/branches.h"
#include "compiler/path/budget.h"
#include "compiler/path/connected_search.h"
#include "compiler/path/elimination.h"
#include "compiler/path/exact.h"
#include "compiler/path/greedy.h"
#include "compiler/path/interval_search.h"
#include "compiler/path/join.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/preprocess.h"
#include "compiler/path/random.h"
#include "compiler/path/reconfigure.h"
#include "compiler/path/reduced.h"
#include "compiler/path/search_tree.h"
#include "compiler/path/shapes.h"
#include "compiler/path/sweep.h"

namespace einc {
namespace {

constexpr int kLeaves = 8;  // of parts that are searched exactly
// Terms below which nothing is absorbed: there the search sees everything anyway.
constexpr size_t kFewTerms = 30;
// Of the label sets of a tree; larger networks are left to greedy_path.
constexpr double kMostTreeBytes = 1 << 29;

// The search in a connected network.
class Portfolio {
 public:
  Portfolio(const Network& network, const Objective& objective, Random& random, Budget& budget)
      : network_(network),
        objective_(objective),
        random_(random),
        budget_(budget),
        bits_(network) {}

  bool holds_trees() const {
    return 2.0 * static_cast<double>(network_.terms.size()) * bits_.words() * sizeof(Word) <
           kMostTreeBytes;
  }

  // The best path by the time that `until` of the budget is spent.
  SsaPath search(double until) {
    const double begin = budget_.spent();
    const auto at = [&](double part) { return begin + part * (until - begin); };
    for (int start = 0; start == 0 || budget_.spent() < at(start < 3 ? 0.4 : 0.15); ++start)
      add_start(start, budget_.spent() + 0.06 * (until - begin));
    add_best_without_outer_products();
    // A few thousand sweeps of the tree; more where that is soon done.
    double length = std::clamp(
        3000.0 * static_cast<double>(network_.terms.size()) / std::max(budget_.total_moves(), 1.0),
        0.03, 0.5);
    for (int round = 0; budget_.spent() < at(0.97); ++round) {
      anneal_round(round, std::min(budget_.spent() + length * (until - begin), at(1)));
      length *= 1.3;
    }
    return improve_at_last(until);
  }

  // Of a good path: what a cold start makes of it.
  SsaPath polish(const SsaPath& path, double until) {
    add_start(0, budget_.spent());  // nothing may be worse than that
    SearchTree tree = tree_of(path);
    reconfigure(tree, kLeaves, until, budget_);
    keep(tree);
    if (budget_.spent() < until) {
      anneal(tree, {.first_beta = 4}, until, budget_, random_);
      reconfigure(tree, kLeaves, until, budget_);
      keep(tree);
    }
    return improve_at_last(until);
  }

 private:
  struct Entry {
    double total;
    SsaPath path;
  };

  SearchTree tree_of(const SsaPath& path) const { return {network_, path, bits_, objective_}; }

  void add_start(int start, double until) {
    SearchTree tree = tree_of(start_path(start, until));
    budget_.spend(static_cast<int64_t>(network_.terms.size()) * 32);
    reconfigure(tree, kLeaves, until, budget_);
    keep(tree);
  }

  // Where a small part of the budget is enough for it.
  void add_best_without_outer_products() {
    constexpr double kShare = 0.2;
    const size_t terms = network_.terms.size();
    if (terms <= kMostConnectedTerms) {
      const double until = budget_.spent() + kShare;
      const auto path = connected_path(network_, objective_, pool_[0].total, until, budget_);
      if (path) keep(tree_of(*path));
      return;
    }
    constexpr size_t kSplitsPerMove = 20;
    const size_t moves = terms * terms * terms / 6 / kSplitsPerMove;
    if (terms > kMostIntervalTerms || static_cast<double>(moves) > kShare * budget_.total_moves())
      return;
    const auto chain = chain_of(network_);
    if (!chain) return;
    budget_.spend(static_cast<int64_t>(moves));
    keep(tree_of(interval_path(network_, *chain, objective_)));
  }

  // A different one each time: first of every kind what it makes without noise.
  SsaPath start_path(int start, double until) {
    switch (start) {
      case 0:
        return greedy_path(network_, {}, random_);
      case 1:
        return best_sweep(until);
      case 2:
        return elimination_path(network_, 0, random_);
      default:
        return noisy_path(start % 5);
    }
  }

  SsaPath noisy_path(int kind) {
    switch (kind) {
      case 0:
        return greedy_path(network_, random_score(random_), random_);
      case 1:
        return random_sweep(network_, spectral_order(network_, random_), 0.1, random_);
      case 2:
        return elimination_path(network_, random_.uniform(0, 1), random_);
      case 3:
        return bisection_path(network_, random_);
      default:
        return random_sweep(network_, breadth_first_order(network_, random_), 0.1, random_);
    }
  }

  // How good a sweep is depends on which of several nearly equal directions it takes, and on how
  // much it is pulled along.
  SsaPath best_sweep(double until) {
    constexpr int kTries = 12;
    constexpr int kTriesEach = 3;
    std::vector<double> order;
    SsaPath best;
    double least = 0;
    for (int i = 0; i == 0 || (i < kTries && budget_.spent() < until); ++i) {
      if (i % kTriesEach == 0) order = spectral_order(network_, random_);
      SsaPath path = random_sweep(network_, order, 0, random_);
      budget_.spend(static_cast<int64_t>(network_.terms.size()) * 32);
      const double total = tree_of(path).total();
      if (!best.empty() && total >= least) continue;
      least = total;
      best = std::move(path);
    }
    return best;
  }

  // From the best tree, or, so hot that little of it is left, from any.
  void anneal_round(int round, double until) {
    constexpr double kBetas[] = {1, 1, 0.3, 1.5, 0.3, 3};
    const double beta = kBetas[round % 6];
    const size_t from = beta < 1 ? random_.below(pool_.size()) : 0;
    SearchTree tree = tree_of(pool_[from].path);
    anneal(tree, {.first_beta = beta}, until, budget_, random_);
    reconfigure(tree, kLeaves, until, budget_);
    keep(tree);
  }

  SsaPath improve_at_last(double until) {
    SearchTree tree = tree_of(pool_[0].path);
    if (budget_.spent() < until) reconfigure(tree, kLeaves + 1, until, budget_);
    keep(tree);
    return pool_[0].path;
  }

  // The best few, best first.
  void keep(const SearchTree& tree) {
    constexpr size_t kMost = 8;
    const double total = tree.total();
    const bool is_best = pool_.empty() || total < pool_[0].total;
    const auto place = std::upper_bound(pool_.begin(), pool_.end(), total,
                                        [](double x, const Entry& e) { return x < e.total; });
    pool_.insert(place, {total, tree.path()});
    if (pool_.size() > kMost) pool_.pop_back();
    if (is_best) budget_.found(total);
  }

  const Network& network_;
  const Objective& objective_;
  Random& random_;
  Budget& budget_;
  LabelBits bits_;
  std::vector<Entry> pool_;
};

Reduced without_small_parts(const Network& network, const Objective& objective) {
  if (objective == kFewestFlops)
    if (auto tree = contract_branches(network)) return std::move(tree->reduced);
  return absorb_small_terms(network);
}

SsaPath connected_path(const Network& network, const Objective& objective, double until,
                       Random& random, Budget& budget) {
  if (network.terms.size() <= kMostExactTerms) return exact_path(network, objective);
  if (auto path = path_by_shape(network, objective, [&](const Network& rest) {
        return connected_path(rest, objective, until, random, budget);
      }))
    return *std::move(path);
  Portfolio whole(network, objective, random, budget);
  if (!whole.holds_trees()) return greedy_path(network, {}, random);
  if (network.terms.size() < kFewTerms) return whole.search(until);
  const Reduced reduced = without_small_parts(network, objective);
  if (reduced.network.terms.size() == network.terms.size()) return whole.search(until);
  const double middle = budget.spent() + 0.85 * (until - budget.spent());
  const SsaPath inner = connected_path(reduced.network, objective, middle, random, budget);
  return whole.polish(reduced.expand(inner), until);
}

}  // namespace

SsaPath portfolio_path(const Network& network, const Objective& objective, uint64_t seed,
                       Budget& budget) {
  Random random(seed);
  const std::vector<std::vector<int>> parts = connected_parts(network);
  if (parts.size() == 1) return connected_path(network, objective, 1, random, budget);

  // Each part on its own, in proportion to its size; then the products of all of them.
  SsaPath path;
  Contractor contractor(network);
  std::vector<int> tops;
  size_t done = 0;
  for (const std::vector<int>& terms : parts) {
    done += terms.size();
    const double until = static_cast<double>(done) / static_cast<double>(network.terms.size());
    std::vector<int> nodes = terms;
    const Network part = part_of(network, terms);
    for (const auto& [a, b] : connected_path(part, objective, until, random, budget)) {
      const int x = nodes[static_cast<size_t>(a)];
      const int y = nodes[static_cast<size_t>(b)];
      path.emplace_back(x, y);
      nodes.push_back(contractor.contract(x, y));
    }
    budget.finish_part();
    tops.push_back(nodes.back());
  }
  join_smallest_first(network, contractor, tops, path);
  return path;
}

}  // namespace einc
