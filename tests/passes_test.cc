// The passes between bind and schedule, by what they print.

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/contraction_tree.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/path.h"
#include "compiler/scratch_plan.h"
#include "compiler/simplify.h"
#include "frontend/bind.h"

namespace einc {
namespace {

Einsum bound(const char* text, const std::vector<const char*>& type_texts) {
  const Dialect& dialect = *find_dialect("einc");
  std::vector<TensorType> types;
  for (const char* type : type_texts) types.push_back(*parse_type(type));
  return einc::bind(*parse(text, dialect), types, std::nullopt, std::nullopt, dialect)->einsum;
}

TEST(Simplify, FusesAndDrops) {
  const struct {
    const char* text;
    std::vector<const char*> types;
    const char* printed;
  } kCases[] = {
      // Labels that travel together become one
      {"abc->abc", {"float32[2,3,4]"}, "%0 = float32[abc:24]{1}\nout = float32[abc:24]{1}\n"},
      {"abc,c->ab",
       {"float32[2,3,4]", "float32[4]"},
       "%0 = float32[ab:6,c:4]{4,1}\n%1 = float32[c:4]{1}\nout = float32[ab:6]{1}\n"},
      // not if the order or the strides differ
      {"ab->ba", {"float32[2,3]"}, "%0 = float32[a:2,b:3]{3,1}\nout = float32[b:3,a:2]{2,1}\n"},
      {"ab->ab",
       {"float32[2,3]{4,1}"},
       "%0 = float32[a:2,b:3]{4,1}\nout = float32[a:2,b:3]{3,1}\n"},
      // Extents of 1 vanish
      {"aib,bic->aic",
       {"float32[2,1,3]", "float32[3,1,4]"},
       "%0 = float32[a:2,b:3]{3,1}\n%1 = float32[b:3,c:4]{4,1}\nout = float32[a:2,c:4]{4,1}\n"},
  };
  for (const auto& item : kCases)
    EXPECT_EQ(to_string(simplify(bound(item.text, item.types))), item.printed) << item.text;
}

TEST(Canonical, ForgetsNames) {
  EXPECT_EQ(canonical(bound("ij,jk->ik", {"float32[2,3]", "float32[3,4]"})),
            canonical(bound("xy,yz->xz", {"float32[2,3]", "float32[3,4]"})));
  EXPECT_FALSE(canonical(bound("ij,jk->ik", {"float32[2,3]", "float32[3,4]"})) ==
               canonical(bound("ij,jk->ki", {"float32[2,3]", "float32[3,4]"})));
}

TEST(Path, ChosenByNameOrText) {
  EXPECT_TRUE(choose_path("auto", 3));
  EXPECT_TRUE(choose_path("auto", 1000));
  EXPECT_EQ(choose_path("exact", 1000).error().message,
            "path finder 'exact' takes at most 9 operands, not 1000");
  EXPECT_EQ(choose_path("best", 3).error().message,
            "no path finder 'best'; there are auto, exact, greedy, or give a path such as [[0, 1], "
            "[0, 1]]");
  EXPECT_TRUE(choose_path("[[0, 1], [0, 1]]", 3));
}

TEST(Path, ExplicitPathsAreFollowed) {
  const Einsum einsum = bound("ij,jk,kl->il", {"float32[2,3]", "float32[3,4]", "float32[4,5]"});
  for (const LinearPath& path : {LinearPath{{0, 1}, {0, 1}}, {{1, 2}, {0, 1}}, {{0, 2}, {0, 1}}})
    EXPECT_EQ(to_linear_path(path_explicit(einsum, path), 3), path);
  EXPECT_EQ(to_linear_path(path_explicit(einsum, {{0, 1, 2}}), 3), (LinearPath{{0, 1}, {0, 1}}));
}

TEST(Path, ExplicitPathsAreChecked) {
  const auto message = [](const char* text) { return parse_linear_path(text, 3).error().message; };
  EXPECT_EQ(message("[[0, 3], [0, 1]]"),
            "the path [[0, 3], [0, 1]] names position 3 where 3 operands are left");
  EXPECT_EQ(message("[[-1, 0], [0, 1]]"),
            "the path [[-1, 0], [0, 1]] names position -1 where 3 operands are left");
  EXPECT_EQ(message("[[0, 0], [0, 1]]"),
            "the path [[0, 0], [0, 1]] names a position twice in one step");
  EXPECT_EQ(message("[[0, 1]]"), "the path [[0, 1]] leaves 2 operands uncontracted");
  EXPECT_EQ(message("[[], [0, 1, 2]]"), "the path [[], [0, 1, 2]] has an empty step");
  for (const char* const text : {"[", "[[0, 1], [0, 1]", "[[0, 1], [0, x]]", "[[0, 1]] 2", "[0, 1]",
                                 "[[0, 99999999999999999999]]"})
    EXPECT_EQ(message(text), "the path " + std::string(text) + " is no list of lists of positions");
}

TEST(Path, ExactContractsTheCheapPairFirst) {
  // A vector at the end makes every step a matrix times a vector.
  const Einsum chain = bound("ab,bc,cd,d->a", {"float32[500,500]", "float32[500,500]",
                                               "float32[500,500]", "float32[500]"});
  const ContractionTree tree = path_exact(chain);
  ASSERT_EQ(tree.steps.size(), 3U);
  EXPECT_EQ(tree.steps[0].inputs, (std::vector<int>{2, 3}));
  EXPECT_EQ(total_flops(tree), 3 * 500.0 * 500.0);
}

// Every binary tree over the inputs, by brute force.
double cheapest(const Einsum& einsum, const std::vector<std::vector<Label>>& nodes) {
  const auto cost = [&](const std::vector<Label>& labels) {
    double product = 1;
    for (const Label label : labels)
      product *= static_cast<double>(einsum.labels[static_cast<size_t>(label)].extent);
    return product;
  };
  if (nodes.size() == 1) return 0;
  double best = 1e300;
  for (size_t a = 0; a < nodes.size(); ++a)
    for (size_t b = a + 1; b < nodes.size(); ++b) {
      std::vector<std::vector<Label>> rest;
      std::vector<Label> outside = einsum.output.labels;
      for (size_t n = 0; n < nodes.size(); ++n) {
        if (n == a || n == b) continue;
        rest.push_back(nodes[n]);
        outside.insert(outside.end(), nodes[n].begin(), nodes[n].end());
      }
      std::vector<Label> all = nodes[a];
      all.insert(all.end(), nodes[b].begin(), nodes[b].end());
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
      std::vector<Label> kept;
      for (const Label label : all)
        if (std::find(outside.begin(), outside.end(), label) != outside.end())
          kept.push_back(label);
      const double elements = cost(nodes[a]) + cost(nodes[b]) + cost(kept);
      const double seconds = cost(all) / 50e9 + 4 * elements / 20e9 + 0.1e-6;
      rest.push_back(kept);
      best = std::min(best, seconds + cheapest(einsum, rest));
    }
  return best;
}

TEST(Path, ExactIsAsCheapAsTheBestOfAllTrees) {
  const struct {
    const char* text;
    std::vector<const char*> types;
  } kCases[] = {
      {"ab,bc,cd,de->ae", {"float32[9,80]", "float32[80,7]", "float32[7,60]", "float32[60,90]"}},
      {"ab,bc,ca->", {"float32[40,50]", "float32[50,60]", "float32[60,40]"}},
      {"a,b,ab,abc->c", {"float32[30]", "float32[40]", "float32[30,40]", "float32[30,40,50]"}},
      {"abc,bcd,cde,def,efa->",
       {"float32[5,6,7]", "float32[6,7,8]", "float32[7,8,9]", "float32[8,9,4]", "float32[9,4,5]"}},
  };
  for (const auto& item : kCases) {
    const Einsum einsum = bound(item.text, item.types);
    std::vector<std::vector<Label>> nodes;
    for (const Operand& input : einsum.inputs) nodes.push_back(input.labels);
    const double best = cheapest(einsum, nodes);
    EXPECT_NEAR(total_seconds(path_exact(einsum)), best, 1e-9 * best) << item.text;
    EXPECT_GE(total_seconds(path_greedy(einsum)), best * (1 - 1e-9)) << item.text;
  }
}

TEST(Path, SumsPrivateLabelsFirst) {
  const Einsum einsum = bound("abx,bcy->ac", {"float32[4,5,6]", "float32[5,7,8]"});
  for (const PathFinder& finder : path_finders()) {
    const ContractionTree tree = finder.find(einsum);
    ASSERT_EQ(tree.steps.size(), 3U);
    EXPECT_EQ(tree.steps[0].inputs, std::vector<int>{0});
    EXPECT_EQ(tree.steps[1].inputs, std::vector<int>{1});
  }
}

TEST(Path, GreedyTakesThousandsOfTensors) {
  constexpr int kTensors = 2000;
  Einsum chain;
  for (int i = 0; i <= kTensors; ++i) chain.labels.push_back({std::to_string(i), 2});
  for (int i = 0; i < kTensors; ++i) chain.inputs.push_back({DType::kFloat32, {i, i + 1}, {2, 1}});
  chain.output = {DType::kFloat32, {0, kTensors}, {2, 1}};
  EXPECT_EQ(path_greedy(chain).steps.size(), static_cast<size_t>(kTensors - 1));
}

Plan plan_of(const Einsum& einsum) {
  const Einsum simple = simplify(einsum);
  const ContractionTree tree = path_exact(simple);
  return lower(tree, layout(tree, simple), simple);
}

TEST(Lower, ClassifiesAndFuses) {
  const struct {
    const char* text;
    std::vector<const char*> types;
    const char* printed;
  } kCases[] = {
      {"bij,bjk->bik",
       {"float32[8,64,128]", "float32[8,128,256]"},
       "contraction in0 float32 * in1 float32 -> out float32\n"
       "  batch  b:8{8192,32768,16384}\n"
       "  m  i:64{128,0,256}\n"
       "  n  k:256{0,1,1}\n"
       "  k  j:128{1,256,0}\n"
       "scratch 0 bytes\n"},
      // No matrix product in it: a sum of products
      {"ij,j->i",
       {"float32[4,5]", "float32[5]"},
       "map-reduce in0 float32 * in1 float32 -> out float32\n"
       "  kept  i:4{5,0,1}\n"
       "  reduced  j:5{1,1,0}\n"
       "scratch 0 bytes\n"},
      {"i->ii",
       {"float32[3]"},
       "map-reduce 0 -> out float32\n"
       "  kept  :9{1}\n"
       "map-reduce in0 float32 -> out float32\n"
       "  kept  i:3{1,4}\n"
       "scratch 0 bytes\n"},
      // An empty sum writes zeros, an empty output nothing
      {"ij->i", {"float32[3,0]"}, "map-reduce 0 -> out float32\n  kept  i:3{1}\nscratch 0 bytes\n"},
      {"ij->i", {"float32[0,3]"}, "scratch 0 bytes\n"},
  };
  for (const auto& item : kCases)
    EXPECT_EQ(to_string(plan_of(bound(item.text, item.types))), item.printed) << item.text;
}

TEST(Lower, ReusesScratch) {
  // Four intermediates of a chain, of which two live at a time.
  const char* const square = "float32[64,64]";
  const Plan plan =
      plan_of(bound("ab,bc,cd,de,ef,fg->ag", {square, square, square, square, square, square}));
  EXPECT_LE(plan.scratch_bytes, 3 * 64 * 64 * 4);
  EXPECT_GE(plan.scratch_bytes, 2 * 64 * 64 * 4);
}

TEST(ScratchPlan, PlacesFirstFit) {
  ScratchPlan plan;
  EXPECT_EQ(plan.take(100), 0);
  EXPECT_EQ(plan.take(64), 128);
  EXPECT_EQ(plan.take(1), 192);
  plan.give_back(128);
  EXPECT_EQ(plan.take(65), 256);
  EXPECT_EQ(plan.take(60), 128);
  EXPECT_EQ(plan.total_bytes(), 384);
}

}  // namespace
}  // namespace einc
