// Tiles that fit the registers stay in them: a sum that moves to memory and back in each turn of a
// loop takes two to three times as long, and nothing but the time tells.

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "compiler/code_generator.h"
#include "compiler/loop_nest.h"
#include "compiler/register_tile.h"
#include "compiler/target.h"

namespace einc::test {
namespace {

// C[m,n] = sum over k0, k1, ... of A[k0,k1,...,m] B[k0,k1,...,n] in tiles, none of them ragged.
LoopNest product_in_tiles(int64_t rows, int64_t vectors, int lanes,
                          const std::vector<int64_t>& terms, DType dtype) {
  const int64_t width = vectors * lanes;
  const int64_t m = 2 * rows;
  const int64_t n = 2 * width;
  LoopNest nest{.inputs = {{dtype}, {dtype}}, .output = {dtype}, .compute = dtype};
  Tile tile{.inputs = {0, 1},
            .output = 2,
            .rows = {{0, rows}},
            .columns = {{1, width}},
            .lanes = lanes,
            .reduce_axes = {}};
  nest.axes = {{"m", false, m, {1, 0, n}}, {"n", false, n, {0, 1, 1}}};
  int64_t inner = 1;
  for (size_t i = terms.size(); i-- > 0;) {
    nest.axes.insert(nest.axes.begin() + 2,
                     {"k" + std::to_string(i), true, terms[i], {inner * m, inner * n, 0}});
    tile.reduce_axes.push_back(static_cast<int>(tile.reduce_axes.size()) + 2);
    inner *= terms[i];
  }
  const Loop down{0, rows, false, {Node(tile)}};
  nest.body = {Node(Loop{1, width, false, {Node(down)}})};
  verify(nest);
  return nest;
}

// Vectors that loops of one block load from the stack or store there.
int spills_in_loops(const std::string& assembly) {
  std::istringstream lines(assembly);
  std::string label;
  int spills = 0;
  int most = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(".LBB")) {
      label = line.substr(0, line.find(':'));
      spills = 0;
    } else if (line.starts_with("\tj")) {
      if (!label.empty() && line.ends_with("\t" + label)) most = std::max(most, spills);
    } else if (line.find("mm") != std::string::npos && line.find("(%rsp)") != std::string::npos) {
      ++spills;
    }
  }
  return most;
}

int spills_of(int64_t rows, int64_t vectors, const std::vector<int64_t>& terms, DType dtype,
              const Target& target) {
  const auto lanes = static_cast<int>(target.vector_bytes / part_bytes(dtype));
  const LoopNest nest = product_in_tiles(rows, vectors, lanes, terms, dtype);
  const auto assembly = (*code_generator())->print_assembly(nest, target);
  EXPECT_TRUE(assembly);
  return spills_in_loops(*assembly);
}

TEST(RegisterTile, StaysInRegisters) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  const std::vector<int64_t> kSums[] = {{63}, {64}, {16, 3}};
  for (const Target& target : targets())
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kComplex64})
      for (int64_t vectors = 1; vectors <= 8; ++vectors)
        for (int64_t rows = 1; fits_registers(rows, vectors, dtype, target); ++rows)
          for (const std::vector<int64_t>& terms : kSums)
            EXPECT_EQ(spills_of(rows, vectors, terms, dtype, target), 0)
                << rows << " x " << vectors << " vectors of " << to_string(dtype) << ", "
                << terms.size() << " sums, the last of " << terms.back() << " terms, for "
                << target.name;
}

TEST(RegisterTile, TellsOneThatDoesNotFit) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  for (const Target& target : targets()) {
    EXPECT_FALSE(fits_registers(12, 4, DType::kFloat32, target));
    EXPECT_GT(spills_of(12, 4, {63}, DType::kFloat32, target), 0) << target.name;
  }
}

}  // namespace
}  // namespace einc::test
