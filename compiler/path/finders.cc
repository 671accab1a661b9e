#include "compiler/path/finders.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "compiler/path/anneal.h"
#include "compiler/path/bisection.h"
#include "compiler/path/elimination.h"
#include "compiler/path/exact.h"
#include "compiler/path/greedy.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/portfolio.h"
#include "compiler/path/random.h"
#include "compiler/path/reconfigure.h"
#include "compiler/path/search_tree.h"
#include "compiler/path/subset_search.h"
#include "compiler/path/sweep.h"

namespace einc {
namespace {

SsaPath find_exact(const Network& network, const PathSearch& search) {
  return exact_path(network, search.objective);
}

// The best of what make(trial) makes until the budget is spent.
template <typename Make>
SsaPath best_of(const Network& network, const PathSearch& search, const Make& make) {
  if (network.terms.size() < 3) return exact_path(network, search.objective);
  const LabelBits bits(network);
  std::optional<SearchTree> best;
  for (int trial = 0; trial == 0 || !search.budget.is_spent(); ++trial) {
    SearchTree tree(network, make(trial), bits, search.objective);
    search.budget.spend(static_cast<int64_t>(network.terms.size()) * 32);
    if (best && tree.total() >= best->total()) continue;
    best = std::move(tree);
    search.budget.found(best->total());
  }
  return best->path();
}

SsaPath find_greedy(const Network& network, const PathSearch& search) {
  Random random(search.seed);
  return best_of(network, search, [&](int trial) {
    return greedy_path(network, trial == 0 ? GreedyScore{} : random_score(random), random);
  });
}

SsaPath find_elimination(const Network& network, const PathSearch& search) {
  Random random(search.seed);
  return best_of(network, search, [&](int trial) {
    return elimination_path(network, trial == 0 ? 0 : random.uniform(0, 1), random);
  });
}

SsaPath find_sweep(const Network& network, const PathSearch& search) {
  Random random(search.seed);
  return best_of(network, search, [&](int trial) {
    return random_sweep(network, spectral_order(network, random), trial == 0 ? 0 : 0.1, random);
  });
}

SsaPath find_bisection(const Network& network, const PathSearch& search) {
  Random random(search.seed);
  return best_of(network, search, [&](int) { return bisection_path(network, random); });
}

// What a search of trees makes of greedy_path's.
template <typename Improve>
SsaPath improved(const Network& network, const PathSearch& search, const Improve& improve) {
  if (network.terms.size() < 3) return exact_path(network, search.objective);
  Random random(search.seed);
  const LabelBits bits(network);
  SearchTree tree(network, greedy_path(network, {}, random), bits, search.objective);
  improve(tree, random);
  search.budget.found(tree.total());
  return tree.path();
}

SsaPath find_reconfigure(const Network& network, const PathSearch& search) {
  return improved(network, search,
                  [&](SearchTree& tree, Random&) { reconfigure(tree, 8, 1, search.budget); });
}

SsaPath find_anneal(const Network& network, const PathSearch& search) {
  return improved(network, search, [&](SearchTree& tree, Random& random) {
    anneal(tree, {.first_beta = 0.3}, 1, search.budget, random);
  });
}

// Every thread on its own, from another seed: the best of what they find.
SsaPath find_auto(const Network& network, const PathSearch& search) {
  if (search.threads <= 1 || network.terms.size() <= kMostExactTerms)
    return portfolio_path(network, search.objective, search.seed, search.budget);
  std::vector<SsaPath> paths(static_cast<size_t>(search.threads));
  std::vector<std::thread> others;
  for (size_t t = 1; t < paths.size(); ++t)
    others.emplace_back([&, t, budget = search.budget.share()]() mutable {
      paths[t] = portfolio_path(network, search.objective, search.seed + t, budget);
    });
  paths[0] = portfolio_path(network, search.objective, search.seed, search.budget);
  for (std::thread& other : others) other.join();
  return *std::min_element(paths.begin(), paths.end(), [&](const SsaPath& x, const SsaPath& y) {
    return log2_cost_of(network, x, search.objective) < log2_cost_of(network, y, search.objective);
  });
}

}  // namespace

std::span<const PathFinder> path_finders() {
  constexpr size_t kAny = std::numeric_limits<size_t>::max();
  // To add a path finder: write <name>.cc and add its row.
  static constexpr PathFinder kFinders[] = {
      {"auto", find_auto, kAny},
      {"exact", find_exact, SubsetSearch::kMost},
      {"greedy", find_greedy, kAny},
      {"elimination", find_elimination, kAny},
      {"sweep", find_sweep, kAny},
      {"bisection", find_bisection, kAny},
      {"reconfigure", find_reconfigure, kAny},
      {"anneal", find_anneal, kAny},
  };
  return kFinders;
}

}  // namespace einc
