// The passes between bind and schedule, by what they print.

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/contraction_tree.h"
#include "compiler/fuse.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/partial_sums.h"
#include "compiler/path/path.h"
#include "compiler/scratch_plan.h"
#include "compiler/simplify.h"
#include "frontend/bind.h"
#include "path_by.h"

namespace einc {
namespace {

using test::path_by;

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

TEST(Simplify, KeepsLabelsThatAreAskedFor) {
  std::vector<Label> kept{2};
  const Einsum einsum = simplify(bound("abc,abc->abc", {"float32[2,1,3]", "float32[2,1,3]"}), kept);
  EXPECT_EQ(
      to_string(einsum),
      "%0 = float32[a:2,c:3]{3,1}\n%1 = float32[a:2,c:3]{3,1}\nout = float32[a:2,c:3]{3,1}\n");
  EXPECT_EQ(kept, std::vector<Label>{1});
}

TEST(Canonical, ForgetsNames) {
  EXPECT_EQ(canonical(bound("ij,jk->ik", {"float32[2,3]", "float32[3,4]"})),
            canonical(bound("xy,yz->xz", {"float32[2,3]", "float32[3,4]"})));
  EXPECT_FALSE(canonical(bound("ij,jk->ik", {"float32[2,3]", "float32[3,4]"})) ==
               canonical(bound("ij,jk->ki", {"float32[2,3]", "float32[3,4]"})));
}

Plan plan_of(const Einsum& einsum) {
  const Einsum simple = simplify(einsum);
  const ContractionTree tree = path_by("exact", simple);
  return lower(tree, layout(tree, simple), simple);
}

TEST(Fuse, MakesOnePassOfSeveral) {
  const auto steps = [](const char* text, const std::vector<const char*>& types) {
    const Einsum einsum = simplify(bound(text, types));
    const ContractionTree tree = fuse(path_by("exact", einsum), einsum, test::kTimes);
    std::vector<std::vector<int>> operands;
    for (const TreeStep& step : tree.steps) operands.push_back(step.inputs);
    return operands;
  };
  using Steps = std::vector<std::vector<int>>;
  const char* const kMatrix = "float32[512,512]";
  const char* const kVector = "float32[512]";
  EXPECT_EQ(steps("ij,ji,ij->ij", {kMatrix, kMatrix, kMatrix}), (Steps{{0, 1, 2}}));
  EXPECT_EQ(steps("bi,bi,bi->b", {kMatrix, kMatrix, kMatrix}), (Steps{{0, 1, 2}}));
  EXPECT_EQ(steps("ij,i,j->ij", {kMatrix, kVector, kVector}), (Steps{{0, 1, 2}}));
  // Nine are more than one pass takes.
  EXPECT_EQ(steps("i,i,i,i,i,i,i,i,i->i", std::vector<const char*>(9, kVector)).size(), 2u);
  // A matrix product has a schedule of its own, and so has what it takes; and n^2 more products
  // take longer than n more elements.
  EXPECT_EQ(steps("i,ij,jk->ik", {kVector, kMatrix, kMatrix}).size(), 2u);
  EXPECT_EQ(steps("i,ij,j->", {kVector, kMatrix, kVector}).size(), 2u);
  // Not so where a step takes longer to start than all its products.
  EXPECT_EQ(steps("i,ij,j->", {"float32[8]", "float32[8,8]", "float32[8]"}), (Steps{{0, 1, 2}}));
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

// Batch labels are in front, unless steps that take long take less so.
TEST(Layout, GoesByCostWhereStepsTakeLong) {
  const auto order = [](int64_t extent, const StepCost& cost) {
    const std::string type = "float32[8,8," + std::to_string(extent) + "]";
    const Einsum einsum = bound(
        "zab,zbc,cd->zad",
        {"float32[8,8,8]", type.c_str(), ("float32[" + std::to_string(extent) + ",2]").c_str()});
    const ContractionTree tree = to_tree(einsum, {{0, 1}, {3, 2}}, test::kTimes);
    const Layout orders = layout(tree, einsum, cost);
    std::string labels;
    for (const Label label : orders.orders[0])
      labels += einsum.labels[static_cast<size_t>(label)].name;
    return labels;
  };
  const auto dislikes_z_in_front = [](size_t, const Layout& orders) {
    return orders.orders[0].front() == 0 ? 2.0 : 1.0;
  };
  EXPECT_EQ(order(1 << 20, nullptr), "zca");
  EXPECT_EQ(order(1 << 20, dislikes_z_in_front), "cza");
  EXPECT_EQ(order(16, dislikes_z_in_front), "zca");
}

TEST(Lower, RunsWhatSlicesShareOnce) {
  const Einsum chain = bound("ij,jk,kl,lm->im", std::vector<const char*>(4, "float32[8,8]"));
  // (ij jk)(kl lm), sliced along j: kl lm is the same for every slice.
  const ContractionTree tree = to_tree(chain, {{0, 1}, {2, 3}, {4, 5}}, test::kTimes);
  const Layout orders = layout(tree, chain);
  const Plan shared = lower(tree, orders, chain, {{1}});
  EXPECT_EQ(shared.steps.size(), 4u);  // zeros, kl lm; then the others for each slice
  EXPECT_EQ(shared.slices.begin, 2u);
  EXPECT_EQ(shared.slices.end, 4u);
  EXPECT_EQ(shared.slices.count(), 8);
  const Plan repeated = lower(tree, orders, chain, {{1}, false});
  EXPECT_EQ(repeated.steps.size(), 4u);
  EXPECT_EQ(repeated.slices.begin, 1u);
}

TEST(PartialSums, LeaveWholeWordsToFastInstructions) {
  const auto split = [](const char* target, const std::vector<const char*>& types) {
    return to_string(
        with_partial_sums(plan_of(bound("ij,jk->ik", types)), *find_foreign_target(target)));
  };
  const std::vector<const char*> odd{"bfloat16[129,129]", "bfloat16[129,129]"};
  EXPECT_EQ(split("x86-64-v4-fp16-amx", odd),
            "contraction in0 bfloat16 * in1 bfloat16 -> scratch+0 float32\n"
            "  m  i:129{129,0,129}\n"
            "  n  k:129{0,1,1}\n"
            "  k  j:128{1,129,0}\n"
            "map-reduce in0+256 bfloat16 * in1+33024 bfloat16 -> scratch+66564 float32\n"
            "  kept  i:129{129,0,129}  k:129{0,1,1}\n"
            "map-reduce scratch+0 float32 -> out bfloat16\n"
            "  kept  i:129{129,129}  k:129{1,1}\n"
            "  reduced  j':2{16641,0}\n"
            "scratch 133128 bytes\n");
  const auto whole = [](const std::string& plan) {
    return plan.starts_with("contraction") && plan.find("map-reduce") == std::string::npos;
  };
  EXPECT_TRUE(whole(split("x86-64-v4-fp16", odd)));
  EXPECT_TRUE(whole(to_string(with_partial_sums(
      plan_of(bound("ij,jk->ik", odd)), *find_foreign_target("x86-64-v4-fp16-amx"), true))));
  EXPECT_TRUE(whole(split("x86-64-v4-fp16-amx", {"bfloat16[129,128]", "bfloat16[128,129]"})));
  EXPECT_TRUE(whole(split("x86-64-v4-fp16-amx", {"float32[129,129]", "float32[129,129]"})));
  EXPECT_TRUE(whole(split("x86-64-v4-fp16-amx", {"bfloat16[129,5]", "bfloat16[5,1299]"})));

  const std::vector<const char*> bytes{"int8[129,130]", "int8[130,129]"};
  EXPECT_EQ(split("x86-64-v4-fp16-amx", bytes),
            "contraction in0 int8 * in1 int8 -> scratch+0 int32\n"
            "  m  i:129{130,0,129}\n"
            "  n  k:129{0,1,1}\n"
            "  k  j:128{1,129,0}\n"
            "map-reduce in0+128 int8 * in1+16512 int8 -> scratch+66564 int32\n"
            "  kept  i:129{130,0,129}  k:129{0,1,1}\n"
            "  reduced  j:2{1,129,0}\n"
            "map-reduce scratch+0 int32 -> out int8\n"
            "  kept  i:129{129,129}  k:129{1,1}\n"
            "  reduced  j':2{16641,0}\n"
            "scratch 133128 bytes\n");
  // Without matrices two terms make a word, too.
  EXPECT_TRUE(whole(split("x86-64-v4-bf16", bytes)));
  EXPECT_FALSE(whole(split("x86-64-v3", {"int8[129,131]", "int8[131,129]"})));
  EXPECT_FALSE(whole(split("x86-64-v3", {"int16[129,129]", "int16[129,129]"})));
  EXPECT_TRUE(whole(split("x86-64-v4-fp16-amx", {"int32[129,129]", "int32[129,129]"})));
}

TEST(PartialSums, MakeTasksOfLongSums) {
  const auto split = [](const char* text, const std::vector<const char*>& types) {
    return to_string(with_partial_sums(plan_of(bound(text, types)), *find_target("host")));
  };
  EXPECT_EQ(split("ij->", {"float32[2048,1024]"}),
            "map-reduce in0 float32 -> scratch+0 float32\n"
            "  kept  ij':8{262144,1}\n"
            "  reduced  ij:262144{1,0}\n"
            "map-reduce scratch+0 float32 -> out float32\n"
            "  reduced  ij':8{1,0}\n"
            "scratch 32 bytes\n");
  // In the output's order, which may have gaps; the product of a 16-bit type is summed in float32.
  EXPECT_EQ(split("ki,kj->ji", {"float16[65536,8]", "float16[65536,8]"}),
            "contraction in0 float16 * in1 float16 -> scratch+256 float32\n"
            "  batch  k':4{131072,131072,64}\n"
            "  m  i:8{1,0,1}\n"
            "  n  j:8{0,1,8}\n"
            "  k  k:16384{8,8,0}\n"
            "map-reduce scratch+256 float32 -> scratch+0 float32\n"
            "  kept  j:8{8,8}  i:8{1,1}\n"
            "  reduced  k':4{64,0}\n"
            "map-reduce scratch+0 float32 -> out float16\n"
            "  kept  ji:64{1,1}\n"
            "scratch 1280 bytes\n");
  // Short runs are left whole, and so is what has tasks enough.
  for (const auto& [text, types] : std::vector<std::pair<const char*, std::vector<const char*>>>{
           {"ik,jk->ij", {"float32[64,255]", "float32[64,255]"}},
           {"ik,kj->ij", {"float32[2048,2048]", "float32[2048,2048]"}}})
    EXPECT_EQ(split(text, types), to_string(plan_of(bound(text, types))));
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
