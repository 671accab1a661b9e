// Which schedule of a step the cost model chooses, and what it says it costs.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bound_request.h"
#include "compiler/compile.h"
#include "compiler/loop_nest.h"
#include "compiler/nest_cost.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc::test {
namespace {

// The chosen schedules of an einsum with equal extents.
std::vector<LoopNest> chosen_nests(const std::string& expression, int64_t extent,
                                   const Target& target, DType dtype = DType::kFloat32) {
  const Request request = request_of(expression, dtype, [&](char) { return extent; });
  const Einsum einsum = bound(request);
  const auto steps = plan(einsum, *plan_request({}, einsum), std::nullopt, nullptr);
  std::vector<LoopNest> nests;
  for (const PlanStep& step : steps->steps) nests.push_back(schedules(step, target).front());
  return nests;
}

// What they take, by the cost model.
double cycles_of(const std::string& expression, int64_t extent, const Target& target) {
  double cycles = 0;
  for (const LoopNest& nest : chosen_nests(expression, extent, target))
    cycles += cost_of(nest, target).cycles(target);
  return cycles;
}

TEST(ScheduleChoice, DoesNotDependOnTheNamesOfLabels) {
  const struct {
    const char* first;
    const char* second;
  } kCases[] = {
      {"ij,jk->ik", "zy,yx->zx"},
      {"ij->ji", "ba->ab"},
      {"aebf,dfce->abcd", "wzyx,uxvz->wyvu"},
      {"i,ijk,ilk->ijl", "z,zya,zxa->zyx"},
      {"ab,bc,cd->ad", "tk,kz,za->ta"},
  };
  const auto keys_of = [](const char* expression, const Target& target) {
    std::vector<std::string> keys;
    for (const LoopNest& nest : chosen_nests(expression, 24, target))
      keys.push_back(nest_key(nest));
    return keys;
  };
  for (const Target& target : targets())
    for (const auto& [first, second] : kCases)
      EXPECT_EQ(keys_of(first, target), keys_of(second, target)) << second;
}

TEST(ScheduleChoice, PacksOnceWhatSeveralTasksNeed) {
  for (const char* const expression : {"mk,kn->mn", "mk,nk->nm"})
    for (const Target& target : targets()) {
      const LoopNest nest = chosen_nests(expression, 1024, target).front();
      EXPECT_GT(task_counts(nest).size(), size_t{1}) << expression << " for " << target.name;
      EXPECT_GT(nest.shared_scratch_bytes, 0);
      const LoopNest small = chosen_nests(expression, 128, target).front();
      EXPECT_EQ(task_counts(small).size(), size_t{1}) << expression << " for " << target.name;
    }
}

// The tile that writes the output.
Tile last_tile(LoopNest nest) {
  Tile last;
  for_each_tile(nest.body, [&](const Tile& tile) {
    if (tile.output == nest.output_index() && !tile.writes_lines) last = tile;
  });
  return last;
}

// Rows of 40 float32 would leave half of every third vector of 16 empty, those of 48 nothing.
TEST(ScheduleChoice, FillsVectorsWithRunsOfTheOutput) {
  const Target& target = *find_foreign_target("x86-64-v4-fp16");
  EXPECT_EQ(last_tile(chosen_nests("eafd,fbec->abcd", 40, target).front()).columns.size(), 2U);
  EXPECT_EQ(last_tile(chosen_nests("eafd,fbec->abcd", 48, target).front()).columns.size(), 1U);
}

TEST(ScheduleChoice, MultipliesInMatricesWhereThereAreSome) {
  const auto is_in_matrices = [](const std::string& expression, DType dtype, const char* target) {
    const LoopNest nest = chosen_nests(expression, 64, *find_foreign_target(target), dtype).front();
    return any_tile(nest.body, [](const Tile& tile) { return tile.in_matrices; });
  };
  for (const char* const expression : {"ij,jk->ik", "ij,kj->ik", "bij,jk->bik", "bqhd,bkhd->bhqk"})
    EXPECT_TRUE(is_in_matrices(expression, DType::kBFloat16, "x86-64-v4-fp16-amx")) << expression;
  EXPECT_TRUE(is_in_matrices("ij,jk->ik", DType::kInt8, "x86-64-v4-fp16-amx"));
  EXPECT_FALSE(is_in_matrices("ij,jk->ik", DType::kBFloat16, "x86-64-v4-fp16"));
  EXPECT_FALSE(is_in_matrices("ij,jk->ik", DType::kFloat32, "x86-64-v4-fp16-amx"));
  EXPECT_FALSE(is_in_matrices("ij,j->i", DType::kBFloat16, "x86-64-v4-fp16-amx"));
}

TEST(ScheduleChoice, MultipliesSmallIntegersByWords) {
  const auto terms = [](DType dtype, const char* target) {
    const Target& row = *find_foreign_target(target);
    return chosen_nests("ij,jk->ik", 64, row, dtype).front().word_terms();
  };
  EXPECT_EQ(terms(DType::kInt8, "x86-64-v4-fp16-amx"), 4);
  EXPECT_EQ(terms(DType::kUInt8, "x86-64-v4-bf16"), 4);
  EXPECT_EQ(terms(DType::kUInt8, "x86-64-v4"), 2);
  EXPECT_EQ(terms(DType::kInt8, "x86-64-v2"), 2);
  EXPECT_EQ(terms(DType::kInt16, "x86-64-v3"), 2);
  EXPECT_EQ(terms(DType::kUInt16, "x86-64-v4-bf16"), 2);
  EXPECT_EQ(terms(DType::kInt32, "x86-64-v4-bf16"), 1);
  EXPECT_EQ(terms(DType::kBool, "x86-64-v4-bf16"), 1);
}

TEST(ScheduleChoice, CostsTheSameWhicheverOperandComesFirst) {
  const struct {
    const char* first;
    const char* second;
    int64_t extent;
  } kCases[] = {
      {"ij,jk->ik", "jk,ij->ik", 256},
      {"bij,bjk->bik", "bjk,bij->bik", 64},
      {"i,j->ij", "j,i->ij", 4096},
      {"ij,j->i", "j,ij->i", 1024},
      {"ij,ij->j", "ij,ij->j", 512},
      {"aedf,fbec->abcd", "fbec,aedf->abcd", 40},
      {"aebf,fdec->abcd", "fdec,aebf->abcd", 40},
      {"eafc,bfde->abcd", "bfde,eafc->abcd", 40},
      {"bda,dc->abc", "dc,bda->abc", 96},
      {"gdab,efgc->abcdef", "efgc,gdab->abcdef", 20},
  };
  for (const Target& target : targets())
    for (const auto& [first, second, extent] : kCases) {
      const double cycles = cycles_of(first, extent, target);
      EXPECT_NEAR(cycles_of(second, extent, target), cycles, cycles / 100)
          << first << " and " << second << " for " << target.name;
    }
}

}  // namespace
}  // namespace einc::test
