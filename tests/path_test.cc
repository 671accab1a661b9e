// The search for contraction orders: every finder on random networks, against brute force where
// that is possible.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "all_paths.h"
#include "compiler/path/anneal.h"
#include "compiler/path/bisection.h"
#include "compiler/path/budget.h"
#include "compiler/path/connected_search.h"
#include "compiler/path/exact.h"
#include "compiler/path/finders.h"
#include "compiler/path/greedy.h"
#include "compiler/path/hypergraph.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/path.h"
#include "compiler/path/preprocess.h"
#include "compiler/path/random.h"
#include "compiler/path/reconfigure.h"
#include "compiler/path/search_tree.h"
#include "einc/options.h"
#include "frontend/bind.h"
#include "path_by.h"

namespace einc::test {
namespace {

// Terms with a few labels each, some of them in many terms, in one only, or in the output.
Network random_network(size_t terms, Random& random) {
  Network network;
  const size_t labels = 1 + terms + random.below(terms + 1);
  const bool is_uniform = random.below(2) == 0;
  for (size_t label = 0; label < labels; ++label)
    network.log2_extents.push_back(
        is_uniform ? 1 : std::log2(1.0 + static_cast<double>(random.below(7))));
  network.terms.resize(terms);
  for (size_t label = 0; label < labels; ++label) {
    const size_t holders = random.below(8) == 0 ? 1 + random.below(4) : 2;
    for (size_t h = 0; h < holders; ++h) {
      LabelList& term = network.terms[random.below(terms)];
      if (term.empty() || term.back() != static_cast<int>(label))
        term.push_back(static_cast<int>(label));
    }
    if (random.below(12) == 0) network.output.push_back(static_cast<int>(label));
  }
  for (LabelList& term : network.terms) {
    std::sort(term.begin(), term.end());
    term.erase(std::unique(term.begin(), term.end()), term.end());
  }
  std::erase_if(network.output, [&](int label) {
    return std::none_of(network.terms.begin(), network.terms.end(), [&](const LabelList& term) {
      return std::find(term.begin(), term.end(), label) != term.end();
    });
  });
  return network;
}

RC_GTEST_PROP(Path, EveryFinderFindsAPath, (uint64_t seed)) {
  Random random(seed);
  const size_t terms = 1 + random.below(60);
  const Network network = random_network(terms, random);
  for (const PathFinder& finder : path_finders())
    for (const Objective& objective :
         {kFewestFlops, kFewestWrites, kSmallestSize, least_time(kTimes)})
      RC_ASSERT(is_path(found(finder, network, 2000, objective), terms));
}

RC_GTEST_PROP(Path, IsTheSameForASeedAndMoves, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(60), random);
  for (const PathFinder& finder : path_finders())
    RC_ASSERT(found(finder, network, 3000, kFewestFlops, 7) ==
              found(finder, network, 3000, kFewestFlops, 7));
}

RC_GTEST_PROP(Path, OfSeveralThreadsIsTheirBest, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(20 + random.below(60), random);
  const PathFinder& finder = path_finders()[0];
  const SsaPath together = found(finder, network, 3000, kFewestFlops, 7, 2);
  for (const uint64_t own : {uint64_t{7}, uint64_t{8}})
    RC_ASSERT(cost_of(network, together).log2_flops <=
              cost_of(network, found(finder, network, 3000, kFewestFlops, own)).log2_flops + 1e-3);
}

RC_GTEST_PROP(Path, ExactIsAsCheapAsTheBestOfAllTrees, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(5), random);
  const double fewest = fewest_flops(network);
  const SsaPath path = exact_path(network, kFewestFlops);
  RC_ASSERT(std::abs(cost_of(network, path).log2_flops - std::log2(fewest)) < 1e-3);
}

RC_GTEST_PROP(Path, ConnectedIsAsCheapAsTheBestWithoutOuterProducts, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(5), random);
  const double fewest = fewest_flops(network, false);
  const auto search = [&](double log2_bound, int64_t moves) {
    Budget budget = Budget::of_moves(moves);
    return connected_path(network, kFewestFlops, log2_bound, 1, budget);
  };
  const auto path = search(60, 1'000'000);
  RC_ASSERT(path.has_value() == (fewest < kNoPath));
  if (!path) return;
  RC_ASSERT(std::abs(cost_of(network, *path).log2_flops - std::log2(fewest)) < 1e-3);
  // Not within a bound that is lower, and not in less work than it takes.
  RC_ASSERT(!search(std::log2(fewest) - 0.01, 1'000'000));
  RC_ASSERT(!search(60, 1));
}

RC_GTEST_PROP(Path, AutoIsNoWorseThanGreedy, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(100), random);
  Random greedy(0);
  RC_ASSERT(cost_of(network, found(path_finders()[0], network, 20000)).log2_flops <=
            cost_of(network, greedy_path(network, {}, greedy)).log2_flops + 1e-3);
}

RC_GTEST_PROP(SearchTree, StaysValidWhateverIsDoneToIt, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(3 + random.below(60), random);
  const LabelBits bits(network);
  for (const Objective& objective : {kFewestFlops, least_time(kTimes)}) {
    SearchTree tree(network, greedy_path(network, {}, random), bits, objective);
    RC_ASSERT(tree.is_valid(network));
    Budget budget = Budget::of_moves(20000);
    anneal(tree, {.first_beta = 0.1, .last_beta = 0.2}, 0.5, budget, random);
    RC_ASSERT(tree.is_valid(network));
    const double before = tree.total();
    reconfigure(tree, 6, 1, budget);
    RC_ASSERT(tree.is_valid(network));
    RC_ASSERT(tree.total() <= before + 1e-6);
    RC_ASSERT(is_path(tree.path(), network.terms.size()));
  }
}

RC_GTEST_PROP(SearchTree, CostsWhatItsPathCosts, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(80), random);
  const LabelBits bits(network);
  const SsaPath path = greedy_path(network, random_score(random), random);
  const SearchTree tree(network, path, bits, kFewestFlops);
  RC_ASSERT(std::abs(tree.total() - cost_of(network, path).log2_flops) < 1e-3);
  RC_ASSERT(cost_of(network, tree.path()).log2_flops - tree.total() < 1e-3);
}

RC_GTEST_PROP(Preprocess, ExpandsToAPathOfTheWhole, (uint64_t seed)) {
  Random random(seed);
  const Network network = random_network(2 + random.below(80), random);
  const Reduced reduced = absorb_small_terms(network);
  const SsaPath path = reduced.expand(greedy_path(reduced.network, {}, random));
  RC_ASSERT(is_path(path, network.terms.size()));
}

RC_GTEST_PROP(Hypergraph, IsCutInTwo, (uint64_t seed)) {
  Random random(seed);
  Hypergraph graph;
  graph.vertex_weight.assign(2 + random.below(200), 1);
  for (size_t net = random.below(400); net > 0; --net) {
    std::vector<int>& vertices = graph.nets.emplace_back();
    for (size_t v = random.below(4); v > 0; --v)
      vertices.push_back(static_cast<int>(random.below(graph.vertices())));
    std::sort(vertices.begin(), vertices.end());
    vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
    graph.net_weight.push_back(random.uniform(0, 3));
  }
  const std::vector<bool> sides = bisect(graph, 0.1, random);
  RC_ASSERT(sides.size() == graph.vertices());
  const auto ones = std::count(sides.begin(), sides.end(), true);
  RC_ASSERT(ones > 0 && static_cast<size_t>(ones) < sides.size());
}

TEST(Path, GreedyTakesTensOfThousandsOfTensors) {
  constexpr int kTensors = 50'000;
  Network ring;
  ring.log2_extents.assign(kTensors, 1);
  for (int i = 0; i < kTensors; ++i) ring.terms.push_back({i, (i + 1) % kTensors});
  for (LabelList& term : ring.terms) std::sort(term.begin(), term.end());
  Random random(0);
  EXPECT_TRUE(is_path(greedy_path(ring, {}, random), kTensors));
}

TEST(Path, SearchEndsWhenItIsTold) {
  Random random(0);
  const Network network = random_network(100, random);
  Budget budget = Budget::of_seconds(1e6);
  int calls = 0;
  budget.set_progress([&](double) { return ++calls < 3; });
  EXPECT_TRUE(is_path(path_finders()[0].find(network, {kFewestFlops, 0, 2, budget}), 100));
  EXPECT_GE(calls, 3);
}

// ---- What options ask for

Einsum bound(const char* text, const std::vector<const char*>& type_texts) {
  const Dialect& dialect = *find_dialect("einc");
  std::vector<TensorType> types;
  for (const char* type : type_texts) types.push_back(*parse_type(type));
  return einc::bind(*parse(text, dialect), types, std::nullopt, std::nullopt, dialect)->einsum;
}

std::string refusal(Options options, size_t inputs) {
  const auto path = choose_path(options, inputs, kTimes);
  return path ? "" : path.error().message;
}

TEST(ChoosePath, ByNameOrText) {
  const auto refused = [](const char* path, size_t inputs) {
    Options options;
    options.path = path;
    return refusal(options, inputs);
  };
  EXPECT_EQ(refused("auto", 3), "");
  EXPECT_EQ(refused("auto", 1000), "");
  EXPECT_EQ(refused("[[0, 1], [0, 1]]", 3), "");
  EXPECT_EQ(refused("exact", 1000), "");
  EXPECT_EQ(refused("best", 3),
            "no path finder 'best'; there are auto, exact, greedy, elimination, sweep, bisection, "
            "reconfigure, anneal, or give a path such as [[0, 1], [0, 1]]");
}

TEST(ChoosePath, ChecksItsLimits) {
  Options options;
  options.minimize = "beauty";
  EXPECT_EQ(refusal(options, 3),
            "nothing to minimize is called 'beauty'; there are time, flops, size, write");
  options = {};
  options.path_seconds = 0;
  EXPECT_EQ(refusal(options, 3), "a search needs more than 0.000000 seconds");
  options.path_seconds = 1;
  options.path_moves = 1;
  EXPECT_EQ(refusal(options, 3), "a search is limited by seconds or by moves, not by both");
  options = {};
  options.path_threads = 0;
  EXPECT_EQ(refusal(options, 3), "a search has 1 to 1024 threads, not 0");
  options = {};
  options.path_moves = -1;
  EXPECT_EQ(refusal(options, 3), "a search needs more than -1 moves");
}

TEST(ExplicitPath, IsFollowed) {
  const Einsum einsum = bound("ij,jk,kl->il", {"float32[2,3]", "float32[3,4]", "float32[4,5]"});
  const auto followed = [&](const LinearPath& path) {
    return to_linear_path(to_tree(einsum, to_ssa_path(path, 3), kTimes), 3);
  };
  for (const LinearPath& path : {LinearPath{{0, 1}, {0, 1}}, {{1, 2}, {0, 1}}, {{0, 2}, {0, 1}}})
    EXPECT_EQ(followed(path), path);
  EXPECT_EQ(followed({{0, 1, 2}}), (LinearPath{{0, 1}, {0, 1}}));
}

TEST(ExplicitPath, InEveryForm) {
  const LinearPath path{{1, 2}, {0, 1}};
  for (const char* const text :
       {"[[1, 2], [0, 1]]", "[(1,2),(0,1)]", "((1, 2), (0, 1))", "['einsum_path', (1, 2), (0, 1)]",
        "ssa [[1, 2], [0, 3]]", "ssa [(2, 1), (3, 0)]"}) {
    const auto parsed = parse_path(text, 3);
    ASSERT_TRUE(parsed) << text << parsed.error().message;
    EXPECT_EQ(*parsed, path) << text;
  }
}

TEST(ExplicitPath, IsChecked) {
  const auto message = [](const char* text) { return parse_path(text, 3).error().message; };
  EXPECT_EQ(message("[[0, 3], [0, 1]]"),
            "the path [[0, 3], [0, 1]] names position 3 where 3 operands are left");
  EXPECT_EQ(message("[[-1, 0], [0, 1]]"),
            "the path [[-1, 0], [0, 1]] names position -1 where 3 operands are left");
  EXPECT_EQ(message("[[0, 0], [0, 1]]"),
            "the path [[0, 0], [0, 1]] names a position twice in one step");
  EXPECT_EQ(message("[[0, 1]]"), "the path [[0, 1]] leaves 2 operands uncontracted");
  EXPECT_EQ(message("[[], [0, 1, 2]]"), "the path [[], [0, 1, 2]] has an empty step");
  EXPECT_EQ(message("ssa [[0, 1], [0, 2]]"),
            "the path ssa [[0, 1], [0, 2]] names operand 0, which was contracted before");
  EXPECT_EQ(message("ssa [[0, 4], [1, 2]]"),
            "the path ssa [[0, 4], [1, 2]] names operand 4, which does not exist");
  EXPECT_EQ(message("ssa [[0, 0], [1, 2]]"),
            "the path ssa [[0, 0], [1, 2]] names a position twice in one step");
  for (const char* const text : {"[", "[[0, 1], [0, 1]", "[[0, 1], [0, x]]", "[[0, 1]] 2", "[0, 1]",
                                 "[[0, 99999999999999999999]]", "[(0, 1], [0, 1]]"})
    EXPECT_EQ(message(text), "the path " + std::string(text) + " is no list of lists of positions");
}

TEST(Tree, ContractsTheCheapPairFirst) {
  // A vector at the end makes every step a matrix times a vector.
  const Einsum chain = bound("ab,bc,cd,d->a", {"float32[500,500]", "float32[500,500]",
                                               "float32[500,500]", "float32[500]"});
  const ContractionTree tree = path_by("exact", chain);
  ASSERT_EQ(tree.steps.size(), 3U);
  EXPECT_EQ(tree.steps[0].inputs, (std::vector<int>{2, 3}));
  EXPECT_EQ(total_flops(tree), 3 * 500.0 * 500.0);
}

TEST(Tree, SumsPrivateLabelsFirst) {
  const Einsum einsum = bound("abx,bcy->ac", {"float32[4,5,6]", "float32[5,7,8]"});
  for (const PathFinder& finder : path_finders()) {
    const ContractionTree tree = path_by(std::string(finder.name), einsum);
    ASSERT_EQ(tree.steps.size(), 3U);
    EXPECT_EQ(tree.steps[0].inputs, std::vector<int>{0});
    EXPECT_EQ(tree.steps[1].inputs, std::vector<int>{1});
  }
}

}  // namespace
}  // namespace einc::test
