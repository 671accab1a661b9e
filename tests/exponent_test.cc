// Results beyond the range of their dtype: exponents stripped of intermediates.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "compiler/code_generator.h"
#include "einc/einc.h"
#include "runtime/exponent.h"

namespace einc {
namespace {

// A ring of square matrices, whose trace is a number; with `open`, of 4 of its labels a tensor.
struct Ring {
  std::string expression;
  std::vector<Tensor> tensors;
  std::vector<TensorView> views;
  std::vector<TensorType> types;
};

template <typename T>
Ring make_ring(int size, double scale, bool open, int64_t extent = 6) {
  std::mt19937 generator(7);
  Ring ring;
  for (int i = 0; i < size; ++i) {
    const auto label = [&](int at) { return "[" + std::to_string(at % size) + "]"; };
    ring.expression += (i > 0 ? "," : "") + label(i) + label(i + 1);
    ring.tensors.push_back(*Tensor::zeros(dtype_of<T>(), {extent, extent}));
    for (T& element : ring.tensors.back().template elements<T>())
      element = static_cast<decltype(std::abs(T()))>(
          scale * (0.5 + static_cast<double>(generator()) * 0x1p-32));
    ring.types.push_back(ring.tensors.back().type());
  }
  ring.expression += open ? "->[0][5]" : "->";
  ring.views.assign(ring.tensors.begin(), ring.tensors.end());
  return ring;
}

// log2 of the magnitudes of the elements, which all are positive.
template <typename T>
std::vector<double> log2_of(const Tensor& tensor, int64_t exponent) {
  std::vector<double> logs;
  for (const T& element : tensor.elements<T>())
    logs.push_back(std::log2(static_cast<double>(std::abs(element))) +
                   static_cast<double>(exponent));
  return logs;
}

template <typename T>
std::vector<double> scaled_result(const Ring& ring, Options options) {
  options.strip_exponents = true;
  const auto kernel = compile(ring.expression, ring.types, options);
  EXPECT_TRUE(kernel) << kernel.error().message;
  const auto output = *Tensor::zeros(kernel->output_type().dtype, kernel->output_type().extents);
  const auto exponent = kernel->run_scaled(ring.views, output);
  EXPECT_TRUE(exponent);
  return log2_of<T>(output, *exponent);
}

template <typename T>
class Exponents : public testing::Test {};
using Types = testing::Types<float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(Exponents, Types);

TYPED_TEST(Exponents, ReachBeyondTheRange) {
  constexpr int kSize = 40;
  const double digits =
      sizeof(TypeParam) == sizeof(float) || std::is_same_v<TypeParam, std::complex<float>> ? 1e-4
                                                                                           : 1e-10;
  for (const bool open : {false, true}) {
    const std::vector<double> plain =
        scaled_result<TypeParam>(make_ring<TypeParam>(kSize, 1, open), {});
    for (const double scale : {0x1p+50, 0x1p-50}) {
      const Ring ring = make_ring<TypeParam>(kSize, scale, open);
      const auto whole = scaled_result<TypeParam>(ring, {});
      const auto precompiled = scaled_result<TypeParam>(ring, {.tier = "highway"});
      ASSERT_EQ(whole.size(), plain.size());
      for (size_t i = 0; i < plain.size(); ++i) {
        const double expected = plain[i] + kSize * std::log2(scale);
        EXPECT_NEAR(whole[i], expected, digits);
        EXPECT_NEAR(precompiled[i], expected, digits);
      }
    }
  }
}

// Slices with exponents of their own are parts of one result.
TYPED_TEST(Exponents, AreSharedBySlices) {
  // Precompiled steps take more scratch than all intermediates here.
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  for (const bool open : {false, true}) {
    Ring ring = make_ring<TypeParam>(9, 0x1p+50, open, 40);
    // Positions of a label that differ by more than the range.
    for (int64_t i = 0; i < 40 * 40; ++i)
      ring.tensors[2].template elements<TypeParam>()[static_cast<size_t>(i)] *=
          static_cast<decltype(std::abs(TypeParam()))>(
              std::ldexp(1.0, -2 * static_cast<int>(i / 40)));
    const std::vector<double> whole = scaled_result<TypeParam>(ring, {});
    int sliced = 0;
    for (int64_t limit = 1 << 20; limit > 2000; limit /= 2) {
      std::string plan;
      Options options{.memory_limit = limit, .strip_exponents = true};
      options.trace = [&](std::string_view stage, const std::string& text) {
        if (stage == "lower") plan = text;
      };
      if (!compile(ring.expression, ring.types, options)) break;
      if (plan.find(" slices ") == std::string::npos) continue;
      ++sliced;
      options.trace = nullptr;
      const std::vector<double> parts = scaled_result<TypeParam>(ring, options);
      ASSERT_EQ(parts.size(), whole.size());
      for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(parts[i], whole[i], 1e-4);
    }
    EXPECT_GT(sliced, 0);
  }
}

TEST(StrippedExponents, RunMultipliesThemBack) {
  // Halves of the ring are 2^2000 and 2^-2000 times what the whole is.
  Ring ring = make_ring<double>(40, 1, false);
  for (size_t i = 0; i < 40; ++i)
    for (double& element : ring.tensors[i].elements<double>())
      element *= i < 20 ? 0x1p+100 : 0x1p-100;
  const Ring plain = make_ring<double>(40, 1, false);
  const auto expected = einsum(plain.expression, plain.views);
  const auto kernel = compile(ring.expression, ring.types, {.strip_exponents = true});
  ASSERT_TRUE(kernel);
  const auto output = *Tensor::zeros(DType::kFloat64, {});
  ASSERT_TRUE(kernel->run(ring.views, output));
  EXPECT_NEAR(output.elements<double>()[0] / expected->elements<double>()[0], 1, 1e-12);
}

TEST(StrippedExponents, ZerosAndInfinitiesStay) {
  const auto zeros = *Tensor::zeros(DType::kFloat32, {3, 3});
  const auto kernel = compile("ij,jk,kl->il", {zeros.type(), zeros.type(), zeros.type()},
                              {.strip_exponents = true});
  const auto output = *Tensor::zeros(DType::kFloat32, {3, 3});
  EXPECT_EQ(*kernel->run_scaled(std::vector<TensorView>{zeros, zeros, zeros}, output), 0);
  EXPECT_EQ(output.elements<float>()[4], 0);
  auto infinite = *Tensor::zeros(DType::kFloat32, {3, 3});
  for (float& element : infinite.elements<float>())
    element = std::numeric_limits<float>::infinity();
  ASSERT_TRUE(kernel->run(std::vector<TensorView>{infinite, infinite, infinite}, output));
  EXPECT_TRUE(std::isinf(output.elements<float>()[4]));
}

TEST(StrippedExponents, AreOfSumsOfProductsAlone) {
  const TensorType type = *parse_type("int32[3]");
  const auto refused = compile("i,i->", {type, type}, {.strip_exponents = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "strip-exponents");
}

TEST(StripExponent, DividesByAPowerOfTwo) {
  std::vector<float> numbers(200000, 0x1p+40F);
  numbers[123456] = -0x1.8p+60F;
  EXPECT_EQ(strip_exponent(numbers.data(), 200000, DType::kFloat32, default_executor(2)), 61);
  EXPECT_EQ(numbers[123456], -0.75F);
  EXPECT_EQ(numbers[0], 0x1p-21F);
  EXPECT_EQ(strip_exponent(numbers.data(), 200000, DType::kFloat32, default_executor(2)), 0);
  std::vector<double> zeros(3);
  EXPECT_EQ(strip_exponent(zeros.data(), 3, DType::kFloat64, default_executor(1)), kExponentOfZero);
}

// In every lane of a vector, a large number, none, and a small one.
TEST(StripExponent, PassesOverWhatIsNoNumber) {
  std::vector<double> numbers(3 * 256, 1e-300);
  std::fill_n(numbers.begin(), 256, 1e300);
  std::fill_n(numbers.begin() + 256, 256, std::numeric_limits<double>::quiet_NaN());
  const auto count = static_cast<int64_t>(numbers.size());
  EXPECT_EQ(strip_exponent(numbers.data(), count, DType::kFloat64, default_executor(1)), 997);
  EXPECT_EQ(numbers[0], std::ldexp(1e300, -997));
  EXPECT_TRUE(std::isnan(numbers[300]));
}

TEST(ScaleByPowerOfTwo, KeepsToTheTensor) {
  std::vector<float> memory(12, 1);
  scale_by_power_of_two({memory.data(), {DType::kFloat32, {2, 3}, {6, 2}}}, 3);
  EXPECT_EQ(memory, (std::vector<float>{8, 1, 8, 1, 8, 1, 8, 1, 8, 1, 8, 1}));
  scale_by_power_of_two({memory.data(), {DType::kFloat32, {1}, {1}}}, -200);
  EXPECT_EQ(memory[0], 0);
}

}  // namespace
}  // namespace einc
