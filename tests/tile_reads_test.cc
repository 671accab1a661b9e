// What tiles read beside their operands: terms asked for ahead, lanes that hold nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/code_generator.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "compiler/terms_ahead.h"
#include "einc/dtype.h"
#include "einc/einc.h"

namespace einc::test {
namespace {

// C[m, n] = sum over k of A[m, k] * B[k, n], of 4 rows and 20 columns in a tile, where B comes by
// way of a buffer with room for whole vectors of 16, which pads them or does not.
LoopNest product_by_panel(bool pads) {
  constexpr int64_t kRows = 4, kTerms = 64, kColumns = 20, kRoom = 32;
  LoopNest nest{.inputs = {{DType::kFloat32}, {DType::kFloat32}},
                .output = {DType::kFloat32},
                .compute = DType::kFloat32,
                .axes = {{"m", false, kRows, {kTerms, 0, kColumns}},
                         {"n", false, kColumns, {0, 1, 1}},
                         {"k", true, kTerms, {1, kColumns, 0}}}};
  nest.buffers = {{.dims = {{1, 1}, {2, kRoom}}, .elements = kTerms * kRoom}};
  nest.task_scratch_bytes = kTerms * kRoom * 4;
  const int panel = nest.buffer_index(0);
  Tile copy{.inputs = {1}, .output = panel, .columns = {{1, kColumns}}, .lanes = 16, .pads = pads};
  Tile product{.inputs = {0, panel},
               .output = 2,
               .rows = {{0, kRows}},
               .columns = {{1, kColumns}},
               .lanes = 16,
               .reduce_axes = {2}};
  std::vector<Node> body;
  body.emplace_back(Loop{.axis = 2, .step = 1, .body = {std::move(copy)}});
  body.emplace_back(std::move(product));
  nest.body = {Local{.buffer = 0, .body = std::move(body)}};
  verify(nest);
  return nest;
}

const Tile& product_of(const LoopNest& nest) {
  return std::get<Tile>(std::get<Local>(nest.body[0]).body[1]);
}

size_t count(const std::string& text, const std::string& word) {
  size_t times = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++times;
  return times;
}

size_t masked_loads(const LoopNest& nest) {
  const auto ir = (*code_generator())->print_ir(nest, *find_foreign_target("x86-64-v4"));
  return count(*ir, "call <16 x float> @llvm.masked.load") +
         count(*ir, "call <8 x float> @llvm.masked.load");
}

// A product with a subnormal number takes a hundred times as long on some processors, whether or
// not anybody wants the result.
TEST(TileReads, LanesThatHoldWhatHappensToLieThereAreNotMultiplied) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  EXPECT_FALSE(is_padded(product_by_panel(false), 0));
  EXPECT_TRUE(is_padded(product_by_panel(true), 0));
  // The copy's of B, and that of the panel in the sum.
  EXPECT_EQ(masked_loads(product_by_panel(false)), 2);
  EXPECT_EQ(masked_loads(product_by_panel(true)), 1);
}

TEST(TileReads, TermsAreAskedForWhereProcessorsDoNotSeeThemComing) {
  LoopNest nest = product_by_panel(true);
  ask_for_terms_ahead(nest, *find_foreign_target("x86-64-v4"));
  EXPECT_TRUE(product_of(nest).prefetches.empty());
  const Target& asking = *find_foreign_target("x86-64-v4-fp16");
  ask_for_terms_ahead(nest, asking);
  // A's terms lie side by side in each row.
  const std::vector<Prefetch> panel_only = {
      {.operand = nest.buffer_index(0), .distance = asking.terms_ahead * 32, .into_l1 = true}};
  EXPECT_EQ(product_of(nest).prefetches, panel_only);
}

// What fills up registers is not what a run before left in scratch.
TEST(TileReads, NothingThatARunBeforeLeftInScratch) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  const auto check = [](int64_t m, int64_t k, int64_t n) {
    const Tensor a = *Tensor::zeros(DType::kBFloat16, {m, k});
    const Tensor b = *Tensor::zeros(DType::kBFloat16, {k, n});
    const auto fill = [&](uint16_t bits) {
      std::fill_n(static_cast<uint16_t*>(a.data()), m * k, bits);
      std::fill_n(static_cast<uint16_t*>(b.data()), k * n, bits);
    };
    constexpr uint16_t kNan = 0x7fc0;
    constexpr uint16_t kOne = 0x3f80;
    const auto kernel = compile("ij,jk->ik", {a.type(), b.type()}, {.tier = "jit"});
    ASSERT_TRUE(kernel) << render(kernel.error());
    const Tensor result = *Tensor::zeros(DType::kBFloat16, {m, n});
    const std::array views{a.view(), b.view()};
    for (const uint16_t bits : {kNan, kOne}) {
      fill(bits);
      ASSERT_TRUE(kernel->run(views, result.view()));
    }
    const auto expected =
        static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(k)) >> 16);
    const auto* const sums = static_cast<const uint16_t*>(result.data());
    EXPECT_EQ(std::count(sums, sums + m * n, expected), m * n) << m << ' ' << k << ' ' << n;
  };
  check(37, 34, 41);
  check(100, 100, 100);
  check(64, 250, 70);
  check(5, 18, 300);
}

}  // namespace
}  // namespace einc::test
