// The time model: its files, its fit, and the tiers it chooses.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bound_request.h"
#include "compiler/calibration.h"
#include "compiler/compile.h"
#include "compiler/path/objective.h"
#include "compiler/target.h"
#include "compiler/tier.h"
#include "compiler/time_fit.h"
#include "compiler/time_model.h"
#include "einc/calibrate.h"
#include "einc/einc.h"
#include "frontend/request.h"

namespace einc {
namespace {

TEST(Calibration, IsReadAsItIsWritten) {
  const std::vector<CalibrationRow> rows{
      {"x86-64-v3", CodeKind::kCompiled, DType::kFloat32, {1e-11, 2e-10, 3e-10, 4e-7}},
      {"x86-64-v2", CodeKind::kPrecompiled, DType::kComplex128, {5e-11, 6e-10, 7e-10, 8e-7}}};
  const auto read = parse_calibration("# a comment\n\n" + to_string(rows));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, rows);
}

TEST(Calibration, BadLinesAreNamed) {
  const std::string good = "x86-64-v3 jit float32 1e-11 1e-10 1e-10 1e-7";
  for (const std::string& bad :
       {std::string("x86-64-v3 jit float32 1e-11 1e-10 1e-10"),
        std::string("x86-64-v3 jit float33 1e-11 1e-10 1e-10 1e-7"),
        std::string("x86-64-v3 abacus float32 1e-11 1e-10 1e-10 1e-7"),
        std::string("x86-64-v3 jit float32 1e-11 -1e-10 1e-10 1e-7"),
        std::string("x86-64-v3 jit float32 1e-11 inf 1e-10 1e-7"),
        std::string("x86-64-v3 jit float32 1e-11 nan 1e-10 1e-7"), good + " 1"}) {
    const auto read = parse_calibration(good + "\n" + bad + "\n");
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().message, "line 2 is not 'target tier dtype' and four times above 0");
  }
}

TEST(Calibration, KeepsWhatWasNotMeasuredAnew) {
  const std::string old =
      "x86-64-v3 jit float32 1e-11 1e-10 1e-10 1e-7\nx86-64-v3 jit float64 2e-11 1e-10 1e-10 1e-7";
  const CalibratedTier measured{.target = "x86-64-v3",
                                .tier = "jit",
                                .flop = 3e-11,
                                .input = 1e-10,
                                .output = 1e-10,
                                .step = 1e-7};
  const auto merged = parse_calibration(calibration_text({measured}, old));
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->size(), 2u);
  EXPECT_EQ((*merged)[0].model.flop, 3e-11);
  EXPECT_EQ((*merged)[1].model.flop, 2e-11);
  EXPECT_EQ(parse_calibration(calibration_text({measured}, "nonsense"))->size(), 1u);
}

TEST(Calibrate, MeasuresBothTiers) {
  const auto measured = calibrate({.dtypes = {DType::kFloat32}, .steps = 6});
  ASSERT_TRUE(measured) << measured.error().message;
  for (const CalibratedTier& tier : *measured) {
    EXPECT_GT(tier.flop, 0);
    EXPECT_GT(tier.input, 0);
    EXPECT_GT(tier.output, 0);
    EXPECT_GT(tier.step, 0);
  }
  EXPECT_EQ(measured->back().tier, "highway");
}

TEST(Calibrate, RefusesWhatMakesNoSense) {
  EXPECT_EQ(calibrate({.steps = 3}).error().message, "a calibration needs 4 steps or more");
  EXPECT_EQ(calibrate({.target = "vax"}).error().message.substr(0, 15), "no target 'vax'");
  EXPECT_EQ(calibrate({.dtypes = {DType::kFloat16}}).error().message,
            "float16 goes by the calibration of float32");
  EXPECT_EQ(calibrate({.progress = [](double) { return false; }}).error().message,
            "the calibration was ended");
}

TEST(TimeModel, IsThereForEveryTargetAndDtype) {
  for (const Target& target : targets())
    for (const CodeKind code : {CodeKind::kCompiled, CodeKind::kPrecompiled})
      for (const DType dtype : {DType::kBool, DType::kInt8, DType::kUInt64, DType::kFloat16,
                                DType::kFloat64, DType::kComplex128})
        EXPECT_GT(time_model(target, code, dtype)->seconds({}), 0);
}

// Where instructions add up several products of them, which is so where they have a model.
TEST(TimeModel, SmallNumbersTakeLessTimeThanWhatTheyAreComputedIn) {
  const Target& amx = *find_foreign_target("x86-64-v4-fp16-amx");
  const Target& zen4 = *find_foreign_target("x86-64-v4");
  const auto flop = [](const Target& target, DType dtype) {
    return time_model(target, CodeKind::kCompiled, dtype)->flop;
  };
  for (const DType dtype : {DType::kInt8, DType::kUInt8, DType::kInt16, DType::kBFloat16}) {
    EXPECT_LT(2 * flop(amx, dtype), flop(amx, info(dtype).compute)) << to_string(dtype);
    EXPECT_EQ(flop(zen4, dtype), flop(zen4, info(dtype).compute)) << to_string(dtype);
  }
}

TEST(TimeModel, EinsumsGoByWhatTheirProductsAreOf) {
  const auto factors = [](const char* expression, const std::vector<DType>& dtypes, DType result) {
    test::Request request = test::request_of(expression, dtypes[0], [](char) { return 8; });
    for (size_t i = 0; i < dtypes.size(); ++i) request.inputs[i].dtype = dtypes[i];
    request.output_type.dtype = result;
    return factor_dtype(test::bound(request));
  };
  using enum DType;
  EXPECT_EQ(factors("ij,jk->ik", {kInt8, kInt8}, kInt8), kInt8);
  EXPECT_EQ(factors("ij,jk->ik", {kInt8, kInt8}, kInt32), kInt8);
  EXPECT_EQ(factors("ij,jk,kl->il", {kInt8, kInt8, kInt8}, kInt8), kInt8);
  EXPECT_EQ(factors("ij,jk,kl->il", {kInt8, kInt8, kInt8}, kInt32), kInt32);
  EXPECT_EQ(factors("ij,jk->ik", {kInt8, kInt16}, kInt16), kInt32);
  EXPECT_EQ(factors("ij,jk->ik", {kInt8, kInt8}, kInt64), kInt64);
  EXPECT_EQ(factors("ij,jk->ik", {kBFloat16, kBFloat16}, kBFloat16), kBFloat16);
  EXPECT_EQ(factors("ij,jk,kl->il", {kBFloat16, kBFloat16, kBFloat16}, kBFloat16), kFloat32);
}

// Searches, which know logarithms alone, go by what plans are said to take.
TEST(TimeModel, WhatIsLargerThanCachesTakesTheTimeOfMemory) {
  // What Zen 4 has in its caches comes several times as fast.
  const Target& zen4 = *find_foreign_target("x86-64-v4");
  const TimeModel model = *time_model(zen4, CodeKind::kCompiled, DType::kFloat64);
  const auto seconds_of = [&](double elements) {
    const StepSizes sizes{.flops = 4 * elements, .inputs = elements + 16, .output = elements};
    const float log2 = static_cast<float>(std::log2(elements));
    const double searched = std::exp2(least_time(model).log2_cost(log2 + 2, log2, 4, log2));
    EXPECT_LT(std::abs(std::log2(searched / model.seconds(sizes))), 0.01);
    return model.seconds(sizes);
  };
  const double moved = 16.0 * (1 << 26);  // bytes
  EXPECT_LT(moved / seconds_of(1 << 26), 30e9);
  EXPECT_GT(seconds_of(1 << 26) / seconds_of(1 << 16), 2 * (1 << 10));
}

TEST(TimeModel, FitFindsTheModelThatMadeTheTimes) {
  const TimeModel truth{.flop = 2e-11, .input = 1e-10, .output = 3e-10, .step = 2e-7};
  std::vector<TimedStep> steps;
  for (const double m : {1., 8., 100., 1000.})
    for (const double n : {1., 5., 60., 700.})
      for (const double k : {1., 9., 400., 3000.}) {
        const StepSizes sizes{.flops = m * n * k, .inputs = m * k + k * n, .output = m * n};
        steps.push_back({sizes, truth.seconds(sizes)});
      }
  const TimeModel found = fit_time_model(steps);
  EXPECT_LT(median_error(found, steps), 0.01);
  for (const auto term :
       {&TimeModel::flop, &TimeModel::input, &TimeModel::output, &TimeModel::step})
    EXPECT_LT(std::abs(std::log2(found.*term / truth.*term)), 0.1);
  EXPECT_GT(median_error(fit_flops_model(steps), steps), 0.5);
}

// Products of matrices that all differ.
Plan chain(int64_t products, int64_t extent) {
  std::string expression;
  std::vector<TensorType> types;
  for (int64_t i = 0; i <= products; ++i) {
    expression += (i > 0 ? "," : "") + std::string("[") + std::to_string(i) + "][" +
                  std::to_string(i + 1) + "]";
    types.push_back(TensorType::row_major(DType::kFloat32, {extent + i, extent + i + 1}));
  }
  expression += "->[0][" + std::to_string(products + 1) + "]";
  const auto bound = bind_request(expression, types, std::nullopt, std::nullopt, {});
  const auto request = plan_request({.path = "greedy", .path_moves = 1}, bound->einsum);
  return *plan(bound->einsum, *request, std::nullopt, nullptr);
}

int64_t compiled(const Plan& plan, Tier tier) {
  const auto kinds = choose_code(plan, tier, targets()[1]);
  return std::count(kinds.begin(), kinds.end(), CodeKind::kCompiled);
}

TEST(ChooseCode, CompilesWhatSavesTheTime) {
  EXPECT_EQ(compiled(chain(10, 2), Tier::kAuto), 10);
  EXPECT_EQ(compiled(chain(40, 2), Tier::kAuto), 16);
  EXPECT_EQ(compiled(chain(40, 1000), Tier::kAuto), 40);
  EXPECT_EQ(compiled(chain(40, 2), Tier::kJit), 40);
  EXPECT_EQ(compiled(chain(10, 1000), Tier::kHighway), 0);
}

TEST(ChooseTier, ByName) {
  EXPECT_EQ(*choose_tier("highway"), Tier::kHighway);
  EXPECT_EQ(to_string(*choose_tier("auto")), "auto");
  EXPECT_EQ(choose_tier("abacus").error().message,
            "no tier 'abacus'; there are auto, jit, highway");
}

}  // namespace
}  // namespace einc
