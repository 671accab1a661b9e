// Networks whose best order can be found whatever their length: chains and trees.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "all_paths.h"
#include "compiler/path/branches.h"
#include "compiler/path/finders.h"
#include "compiler/path/greedy.h"
#include "compiler/path/interval_search.h"
#include "compiler/path/matrix_chain.h"
#include "compiler/path/network.h"
#include "compiler/path/random.h"
#include "compiler/path/reduced.h"

namespace einc::test {
namespace {

double log2_flops(const Network& network, const SsaPath& path) {
  return cost_of(network, path).log2_flops;
}

const PathFinder& finder(const char* name) {
  return *std::find_if(path_finders().begin(), path_finders().end(),
                       [&](const PathFinder& row) { return std::string_view(row.name) == name; });
}

// As many matrices as there are extents between them, in any order.
Network chain_of_matrices(const std::vector<double>& extents, Random& random) {
  Network chain;
  const auto matrices = static_cast<int>(extents.size()) - 1;
  for (const double extent : extents) chain.log2_extents.push_back(std::log2(extent));
  for (int i = 0; i < matrices; ++i) chain.terms.push_back({i, i + 1});
  for (size_t i = chain.terms.size(); i > 1; --i)
    std::swap(chain.terms[i - 1], chain.terms[random.below(i)]);
  chain.output = {0, matrices};
  return chain;
}

std::vector<double> random_extents(size_t count, size_t kinds, Random& random) {
  std::vector<double> extents;
  for (size_t i = 0; i < count; ++i)
    extents.push_back(2.0 + static_cast<double>(random.below(kinds)));
  return extents;
}

TEST(Chain, IntervalsFindTheBestPath) {
  // As many splits as matrices: what an interval search finds is the optimum.
  Random random(3);
  Network chain;
  constexpr int kMatrices = 60;
  std::vector<double> extents;
  for (int i = 0; i <= kMatrices; ++i) {
    extents.push_back(2.0 + static_cast<double>(random.below(100)));
    chain.log2_extents.push_back(std::log2(extents.back()));
  }
  for (int i = 0; i < kMatrices; ++i) chain.terms.push_back({i, i + 1});
  chain.output = {0, kMatrices};
  std::vector<std::vector<double>> best(kMatrices, std::vector<double>(kMatrices));
  for (int length = 2; length <= kMatrices; ++length)
    for (int i = 0; i + length <= kMatrices; ++i) {
      const auto at = [&](int a, int b) -> double& {
        return best[static_cast<size_t>(a)][static_cast<size_t>(b)];
      };
      const int end = i + length - 1;
      at(i, end) = 1e300;
      for (int k = i; k < end; ++k)
        at(i, end) = std::min(at(i, end), at(i, k) + at(k + 1, end) +
                                              extents[static_cast<size_t>(i)] *
                                                  extents[static_cast<size_t>(k + 1)] *
                                                  extents[static_cast<size_t>(end + 1)]);
    }
  const double fewest = std::log2(best[0][kMatrices - 1]);
  const SsaPath by_intervals = interval_path(chain, chain_of(chain).value(), kFewestFlops);
  EXPECT_NEAR(cost_of(chain, by_intervals).log2_flops, fewest, 1e-3);
  EXPECT_NEAR(cost_of(chain, found(finder("auto"), chain, 1'000'000)).log2_flops, fewest, 1e-3);
}

RC_GTEST_PROP(Chain, OfMatricesIsAsCheapAsTheBestByIntervals, (uint64_t seed)) {
  Random random(seed);
  const std::vector<double> extents =
      random_extents(3 + random.below(80), 1 + random.below(30), random);
  const Network chain = chain_of_matrices(extents, random);
  const auto path = matrix_chain_path(chain);
  RC_ASSERT(path.has_value());
  RC_ASSERT(is_path(*path, chain.terms.size()));
  const SsaPath by_intervals = interval_path(chain, chain_of(chain).value(), kFewestFlops);
  RC_ASSERT(std::abs(log2_flops(chain, *path) - log2_flops(chain, by_intervals)) < 1e-3);
}

// Extents that rise and fall: every diagonal lies above the one before.
TEST(Chain, OfMatricesThatGrowTowardsTheMiddle) {
  Random random(0);
  for (const size_t matrices : {5U, 64U, 301U}) {
    std::vector<double> extents(matrices + 1);
    for (size_t i = 0; i < extents.size(); ++i)
      extents[i] = 2 + 2 * static_cast<double>(std::min(i, matrices - i)) + (i > matrices / 2);
    const Network chain = chain_of_matrices(extents, random);
    const SsaPath by_intervals = interval_path(chain, chain_of(chain).value(), kFewestFlops);
    EXPECT_NEAR(log2_flops(chain, matrix_chain_path(chain).value()),
                log2_flops(chain, by_intervals), 1e-3);
  }
}

TEST(Chain, OfManyMatrices) {
  Random random(1);
  const Network chain = chain_of_matrices(random_extents(100'001, 1000, random), random);
  for (const char* const name : {"auto", "exact"}) {
    const SsaPath path = found(finder(name), chain, 1000);
    EXPECT_TRUE(is_path(path, chain.terms.size()));
    Random greedy(0);
    EXPECT_LT(log2_flops(chain, path), log2_flops(chain, greedy_path(chain, {}, greedy)));
  }
}

TEST(Chain, OfMatricesIsTold) {
  Random random(2);
  Network chain = chain_of_matrices({2, 3, 4, 5}, random);
  EXPECT_TRUE(matrix_chain_path(chain));
  Network with_batch = chain;
  with_batch.output = {0, 1, 3};
  EXPECT_FALSE(matrix_chain_path(with_batch));
  Network with_sum = chain;
  with_sum.output = {0};
  EXPECT_FALSE(matrix_chain_path(with_sum));
  Network ring = chain;
  ring.output = {};
  for (LabelList& term : ring.terms)
    for (int& label : term) label = label == 3 ? 0 : label;
  for (LabelList& term : ring.terms) std::sort(term.begin(), term.end());
  EXPECT_FALSE(matrix_chain_path(ring));
}

// Labels of the output are in one term, or in two neighbours.
Network random_tree(size_t terms, size_t most_outputs, Random& random) {
  Network tree;
  tree.terms.resize(terms);
  const size_t kinds = 1 + random.below(12);
  const size_t reach = 1 + random.below(terms);
  const auto add_label = [&](size_t a, size_t b) {
    const auto label = static_cast<int>(tree.log2_extents.size());
    tree.log2_extents.push_back(std::log2(2.0 + static_cast<double>(random.below(kinds))));
    tree.terms[a].push_back(label);
    if (a != b) tree.terms[b].push_back(label);
    return label;
  };
  std::vector<std::pair<size_t, size_t>> edges;
  for (size_t t = 1; t < terms; ++t) {
    edges.emplace_back(t - 1 - random.below(std::min(t, reach)), t);
    add_label(edges.back().first, t);
  }
  for (size_t outputs = random.below(most_outputs + 1); outputs > 0; --outputs) {
    const auto [a, b] = edges[random.below(edges.size())];
    tree.output.push_back(add_label(a, random.below(2) == 0 ? a : b));
  }
  return tree;
}

RC_GTEST_PROP(Tree, IsAsCheapAsTheBestOfAllPaths, (uint64_t seed)) {
  Random random(seed);
  const Network tree = random_tree(3 + random.below(4), random.below(4), random);
  const auto without = contract_branches(tree);
  RC_ASSERT(without.has_value());
  const SsaPath path = without->reduced.expand(found(finder("exact"), without->reduced.network, 1));
  RC_ASSERT(is_path(path, tree.terms.size()));
  if (!without->is_optimal) return;
  RC_ASSERT(std::abs(log2_flops(tree, path) - std::log2(fewest_flops(tree))) < 1e-3);
}

TEST(Tree, WithoutAnOutputIsContractedWhole) {
  Random random(3);
  for (const size_t terms : {1U, 2U, 3U, 100U, 20'000U}) {
    const Network tree = random_tree(terms, 0, random);
    const auto without = contract_branches(tree);
    ASSERT_TRUE(without);
    EXPECT_EQ(without->reduced.network.terms, std::vector<LabelList>{{}});
    EXPECT_TRUE(is_path(without->reduced.expand({}), terms));
  }
}

TEST(Tree, KeepsWhatLeadsToTheOutput) {
  // A row of four, with a branch at each of them but the first; the output is at the first and the
  // third.
  Network row;
  row.log2_extents.assign(9, 1);
  row.terms = {{0, 1}, {1, 2, 3}, {2, 4, 5, 6}, {4, 7}, {3}, {5}, {7}};
  row.output = {0, 6};
  const auto without = contract_branches(row);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->reduced.network.terms, (std::vector<LabelList>{{0, 1}, {1, 2}, {2, 6}}));
}

TEST(Tree, OfATermWithManyBranches) {
  Network star{{{}}, {}, std::vector<double>(30, 1)};
  for (int label = 0; label < 30; ++label) {
    star.terms[0].push_back(label);
    star.terms.push_back({label});
  }
  const auto without = contract_branches(star);
  ASSERT_TRUE(without);
  // Of the order of the term's size: a product of many of the vectors leaves little of it.
  EXPECT_NEAR(log2_flops(star, without->reduced.expand({})), 30, 0.01);
}

TEST(Tree, IsToldFromOtherNetworks) {
  const auto is_tree = [](std::vector<LabelList> terms, LabelList output) {
    return contract_branches({std::move(terms), std::move(output), {1, 1, 1, 1}}).has_value();
  };
  EXPECT_TRUE(is_tree({{0, 1}, {1, 2}, {2}}, {0}));
  EXPECT_TRUE(is_tree({{0, 1}, {0, 1, 2}, {2}}, {}));
  EXPECT_TRUE(is_tree({{0, 1}, {0, 1, 2}, {2}}, {1}));
  EXPECT_FALSE(is_tree({{0, 1}, {1, 2}, {2}}, {}));      // a sum
  EXPECT_FALSE(is_tree({{0, 1}, {1, 2}, {0, 2}}, {}));   // a ring
  EXPECT_FALSE(is_tree({{0, 1}, {1, 2}, {1, 2}}, {0}));  // a label of three
  EXPECT_FALSE(is_tree({{0}, {0}, {1}, {1}}, {}));       // two parts
}

}  // namespace
}  // namespace einc::test
