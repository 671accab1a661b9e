#include "compiler/path/finders.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "compiler/path/anneal.h"
#include "compiler/path/bisection.h"
#include "compiler/path/connected_search.h"
#include "compiler/path/elimination.h"
#include "compiler/path/exact.h"
#include "compiler/path/greedy.h"
#include "compiler/path/interval_search.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/portfolio.h"
#include "compiler/path/random.h"
#include "compiler/path/reconfigure.h"
#include "compiler/path/search_tree.h"
#include "compiler/path/shapes.h"
#include "compiler/path/subset_search.h"
#include "compiler/path/sweep.h"

namespace einc {
namespace {

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

// Above what all trees can be searched of, the best without outer products, where that can be
// afforded: "auto" first finds what it has to be better than.
SsaPath find_exact(const Network& network, const PathSearch& search) {
  const size_t terms = network.terms.size();
  if (terms <= SubsetSearch::kMost) return exact_path(network, search.objective);
  if (auto path = path_by_shape(network, search.objective,
                                [&](const Network& rest) { return find_exact(rest, search); }))
    return *std::move(path);
  if (const auto chain = chain_of(network); chain && terms <= kMostIntervalTerms)
    return interval_path(network, *chain, search.objective);
  SsaPath path = find_auto(network, search);
  if (terms > kMostConnectedTerms) return path;
  constexpr double kSomeSeconds = 3e7;  // in moves
  const double until = 1 + std::clamp(kSomeSeconds / search.budget.total_moves(), 1.0, 100.0);
  const double bound = log2_cost_of(network, path, search.objective);
  return connected_path(network, search.objective, bound, until, search.budget)
      .value_or(std::move(path));
}

}  // namespace

std::span<const PathFinder> path_finders() {
  // To add a path finder: write <name>.cc and add its row.
  static constexpr PathFinder kFinders[] = {
      {"auto", find_auto},
      {"exact", find_exact},
      {"greedy", find_greedy},
      {"elimination", find_elimination},
      {"sweep", find_sweep},
      {"bisection", find_bisection},
      {"reconfigure", find_reconfigure},
      {"anneal", find_anneal},
  };
  return kFinders;
}

}  // namespace einc
