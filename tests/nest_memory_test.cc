// What loop nests bring into each cache, of nests made by hand.
#include "compiler/nest_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc::test {
namespace {

const Target& target() { return *find_foreign_target("x86-64-v4"); }

// Sums 16 rows of 8 doubles, so many elements apart, into a row of the output, and does so
// for each of `repeats` rows of it.
LoopNest sums_of_rows(int64_t repeats, int64_t row_stride) {
  LoopNest nest{.inputs = {{.dtype = DType::kFloat64}},
                .output = {.dtype = DType::kFloat64},
                .compute = DType::kFloat64,
                .axes = {{"m", false, repeats, {0, 8}},
                         {"n", false, 8, {1, 1}},
                         {"k", true, 16, {row_stride, 0}}}};
  Tile tile{.inputs = {0}, .output = 1, .columns = {{1, 8}}, .lanes = 8, .reduce_axes = {2}};
  nest.body = {Loop{.axis = 0, .step = 1, .body = {std::move(tile)}}};
  verify(nest);
  return nest;
}

// Copies so many doubles.
LoopNest copy_of(int64_t elements) {
  LoopNest nest{.inputs = {{.dtype = DType::kFloat64}},
                .output = {.dtype = DType::kFloat64},
                .compute = DType::kFloat64,
                .axes = {{"n", false, elements, {1, 1}}}};
  Tile tile{.inputs = {0}, .output = 1, .columns = {{0, 32}}, .lanes = 8};
  nest.body = {Loop{.axis = 0, .step = 32, .body = {std::move(tile)}}};
  verify(nest);
  return nest;
}

TEST(NestMemory, RowsInOneSetDoNotStayForTheNextSum) {
  constexpr int64_t kRepeats = 64;
  constexpr int64_t kBytesOfSum = 16 * 64;
  const double spread = traffic_of(sums_of_rows(kRepeats, 65536 + 8), target()).into_l1;
  const double crowded = traffic_of(sums_of_rows(kRepeats, 65536), target()).into_l1;
  EXPECT_LT(spread, 16 * kBytesOfSum);
  EXPECT_GT(crowded, kRepeats * kBytesOfSum);
}

TEST(NestMemory, WhatFitsTheLastCacheIsThere) {
  const int64_t doubles = target().l3_bytes / 8;
  EXPECT_EQ(traffic_of(copy_of(doubles / 2), target()).into_l3, 0);
  EXPECT_GE(traffic_of(copy_of(doubles), target()).into_l3, 2 * 8.0 * static_cast<double>(doubles));
  EXPECT_GE(traffic_of(copy_of(doubles / 2), target()).into_l2, 8.0 * static_cast<double>(doubles));
}

TEST(NestMemory, LinesThatAreWrittenTakeRoomOnce) {
  // Adds up a row four times: it and the sums fill three quarters of L1, and are there again.
  const int64_t doubles = target().l1_bytes * 3 / 8 / 8;
  LoopNest nest = copy_of(doubles);
  nest.axes.push_back({"k", true, 4, {0, 0}});
  auto& loop = std::get<Loop>(nest.body[0]);
  std::get<Tile>(loop.body[0]).reduce_axes = {1};
  std::vector<Node> once = std::move(nest.body);
  nest.body = {Loop{.axis = 1, .step = 1, .body = std::move(once)}};
  verify(nest);
  // What is written is read before.
  EXPECT_LE(traffic_of(nest, target()).into_l1, 3 * 8.0 * static_cast<double>(doubles));
}

TEST(NestMemory, RunsThatNobodyAskedForAreCounted) {
  const LoopNest in_order = copy_of(1 << 20);
  EXPECT_LE(traffic_of(in_order, target()).runs, 2 * 8.0);

  LoopNest every_other_line = in_order;
  every_other_line.axes[0].extent = 1 << 17;
  every_other_line.axes[0].strides[0] = 16;
  EXPECT_GE(traffic_of(every_other_line, target()).runs, 1 << 17);

  auto& loop = std::get<Loop>(every_other_line.body[0]);
  std::get<Tile>(loop.body[0]).prefetches = {{.operand = 0, .distance = 1024}};
  EXPECT_LE(traffic_of(every_other_line, target()).runs, 8);
}

}  // namespace
}  // namespace einc::test
