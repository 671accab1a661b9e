#include "runtime/kernels/softmax.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace einc {
namespace {

// Once for every instruction set this machine has, not only the best one.
class SoftmaxOn : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

template <class T>
void run(const SoftmaxDescription& description, const T* input, T* output) {
  const auto code = softmax_code(description);
  std::vector<char> scratch(static_cast<size_t>(code->task_scratch_bytes));
  const void* const inputs[] = {input};
  EincArgs args{inputs, output, nullptr, scratch.data(), nullptr, &description};
  for (int64_t task = 0; task < code->phase_tasks[0]; ++task) code->entry(&args, 0, task);
}

template <class T>
void check_rows(int64_t rows, int64_t n, double scale) {
  std::mt19937 rng(static_cast<unsigned>(rows * 1000 + n));
  std::uniform_real_distribution<double> uniform(-scale, scale);
  std::vector<T> input(static_cast<size_t>(rows * n));
  for (T& element : input) element = static_cast<T>(uniform(rng));
  std::vector<T> output(input.size(), T{-7});
  run<T>({dtype_of<T>(), {{rows, n, n}}, {n, 1, 1}}, input.data(), output.data());
  // Strided: the transpose in, the transpose out
  std::vector<T> columns(input.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < n; ++i)
      columns[static_cast<size_t>(i * rows + r)] = input[static_cast<size_t>(r * n + i)];
  run<T>({dtype_of<T>(), {{rows, 1, 1}}, {n, rows, rows}}, columns.data(), columns.data());
  for (int64_t r = 0; r < rows; ++r) {
    const T* const row = input.data() + r * n;
    const long double largest = *std::max_element(row, row + n);
    long double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<long double>(row[i]) - largest);
    for (int64_t i = 0; i < n; ++i) {
      const long double expected = std::exp(static_cast<long double>(row[i]) - largest) / sum;
      // A few roundings of exp and of the division, and those of the sum.
      const long double bound = std::numeric_limits<T>::epsilon() * expected *
                                    (8 + static_cast<long double>(n) / 16 + 2 * scale) +
                                std::numeric_limits<T>::min();
      ASSERT_NEAR(static_cast<double>(output[static_cast<size_t>(r * n + i)]),
                  static_cast<double>(expected), static_cast<double>(bound));
      ASSERT_EQ(columns[static_cast<size_t>(i * rows + r)], output[static_cast<size_t>(r * n + i)]);
    }
  }
}

TEST_P(SoftmaxOn, AgreesWithTheFormula) {
  for (const int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 33, 100, 1000, 40000}) {
    check_rows<float>(n > 1000 ? 2 : 5, n, 10);
    check_rows<double>(n > 1000 ? 2 : 5, n, 10);
  }
}

TEST_P(SoftmaxOn, DoesNotOverflow) {
  const std::vector<float> input{1000, 960, 920, 1000};
  std::vector<float> output(4);
  run<float>({DType::kFloat32, {}, {4, 1, 1}}, input.data(), output.data());
  EXPECT_NEAR(output[0], 0.5F, 1e-6F);
  EXPECT_NEAR(output[1], 0.5F * std::exp(-40.0F), 1e-20F);
  EXPECT_EQ(output[0], output[3]);
}

TEST_P(SoftmaxOn, WhatIsNotFiniteMakesTheRowNan) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const double bad : {kInf, -kInf, std::nan("")})
    for (const size_t n : {1U, 5U, 20U}) {
      std::vector<double> row(2 * n, 1.0);
      row[n - 1] = bad;
      run<double>({DType::kFloat64,
                   {{2, static_cast<int64_t>(n), static_cast<int64_t>(n)}},
                   {static_cast<int64_t>(n), 1, 1}},
                  row.data(), row.data());
      // A lone -inf among finite ones is just a weight of 0.
      const bool poisons = bad != -kInf || n == 1;
      for (size_t i = 0; i < n; ++i) {
        EXPECT_EQ(std::isnan(row[i]), poisons) << bad << ' ' << n;
        EXPECT_EQ(row[n + i], 1.0 / static_cast<double>(n));
      }
      if (!poisons) {
        EXPECT_EQ(row[n - 1], 0.0);
      }
    }
}

TEST_P(SoftmaxOn, NothingToDo) {
  float untouched = 5;
  run<float>({DType::kFloat32, {{0, 1, 1}}, {3, 1, 1}}, &untouched, &untouched);
  run<float>({DType::kFloat32, {{2, 1, 1}}, {0, 1, 1}}, &untouched, &untouched);
  EXPECT_EQ(untouched, 5);
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, SoftmaxOn,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& param) {
                           return std::string(hwy::TargetName(param.param));
                         });

}  // namespace
}  // namespace einc
