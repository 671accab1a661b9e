#include "runtime/kernels/softmax.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace einc {
namespace {

// Once for every instruction set this machine has, not only the best one.
class SoftmaxOn : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// Tasks in reverse, since their order must not matter.
template <class T>
void run(const SoftmaxDescription& description, const T* input, T* output) {
  const auto code = softmax_code(description);
  EXPECT_EQ(code->phase_tasks.size(), 1U);
  EXPECT_EQ(code->shared_scratch_bytes, 0);
  std::vector<char> scratch(static_cast<size_t>(code->task_scratch_bytes));
  const void* const inputs[] = {input};
  const EincArgs args{inputs, output, nullptr, scratch.data(), nullptr, nullptr, &description};
  for (int64_t task = code->phase_tasks[0]; task-- > 0;) code->entry(&args, 0, task);
}

template <class T>
std::vector<T> softmax_of(std::vector<T> row) {
  const auto n = static_cast<int64_t>(row.size());
  run<T>({dtype_of<T>(), {}, {n, 1, 1}}, row.data(), row.data());
  return row;
}

template <class T>
std::vector<T> random_elements(int64_t count, double scale, unsigned seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> uniform(-scale, scale);
  std::vector<T> elements(static_cast<size_t>(count));
  for (T& element : elements) element = static_cast<T>(uniform(rng));
  return elements;
}

// Of a row of finite elements. The difference is a T, as the formula has it: what rounding it does
// to exp is no error of the kernel's.
template <class T>
std::vector<long double> reference(const std::vector<T>& row) {
  const T largest = *std::max_element(row.begin(), row.end());
  std::vector<long double> result;
  long double sum = 0;
  for (const T element : row) {
    result.push_back(std::exp(static_cast<long double>(static_cast<T>(element - largest))));
    sum += result.back();
  }
  for (long double& element : result) element /= sum;
  return result;
}

// Distance in units of the last place of a T next to `expected`.
template <class T>
long double ulps(T actual, long double expected) {
  const T nearest = std::max(static_cast<T>(expected), std::numeric_limits<T>::min());
  const T next = std::nextafter(nearest, std::numeric_limits<T>::infinity());
  return std::abs(static_cast<long double>(actual) - expected) / (next - nearest);
}

// Measured: 3.3, and 4.2 in double without vectors or fused multiply-add.
constexpr long double kUlps = 4.5L;

// `actual` is within kUlps of the reference, and adds up to 1.
template <class T>
void expect_softmax(const std::vector<T>& row, const std::vector<T>& actual) {
  const std::vector<long double> expected = reference(row);
  ASSERT_EQ(actual.size(), expected.size());
  long double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_LE(ulps(actual[i], expected[i]), kUlps) << "element " << i << " is " << actual[i];
    sum += actual[i];
  }
  EXPECT_LE(std::abs(sum - 1), 2 * std::numeric_limits<T>::epsilon());
}

// ---- Rows

template <class T>
void check_lengths() {
  for (const int64_t n :
       {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 1000, 4095, 4096, 4097, 40000})
    for (const double scale : {0.1, 10.0, 80.0, 600.0}) {
      SCOPED_TRACE(testing::Message() << n << " elements up to " << scale);
      const auto row = random_elements<T>(n, scale, static_cast<unsigned>(n));
      expect_softmax(row, softmax_of(row));
    }
}

TEST_P(SoftmaxOn, AgreesWithTheFormula) {
  check_lengths<float>();
  check_lengths<double>();
}

TEST_P(SoftmaxOn, KeepsItsPrecisionOnALongAxis) {
  const auto row_f32 = random_elements<float>(1'000'003, 3, 1);
  expect_softmax(row_f32, softmax_of(row_f32));
  const auto row_f64 = random_elements<double>(1'000'003, 3, 1);
  expect_softmax(row_f64, softmax_of(row_f64));
  // Equal terms are the worst case of a running sum: each rounds the same way.
  for (const float weight : softmax_of(std::vector<float>(1 << 24, 0.1F)))
    ASSERT_EQ(weight, 1.0F / (1 << 24));
}

TEST_P(SoftmaxOn, OneElementIsOne) {
  EXPECT_EQ(softmax_of<float>({-3e38F})[0], 1.0F);
  EXPECT_EQ(softmax_of<double>({1e308})[0], 1.0);
}

// ---- Range

TEST_P(SoftmaxOn, DoesNotOverflow) {
  for (const std::vector<float>& row :
       {std::vector<float>{100, 40, 20}, {1000, 960, 920, 1000}, {-1000, -1040}, {3e38F, -3e38F}}) {
    SCOPED_TRACE(row[0]);
    expect_softmax(row, softmax_of(row));
    expect_softmax(std::vector<double>(row.begin(), row.end()),
                   softmax_of(std::vector<double>(row.begin(), row.end())));
  }
  EXPECT_EQ(softmax_of<double>({1e308, -1e308}), (std::vector<double>{1, 0}));
}

TEST_P(SoftmaxOn, ShiftingARowChangesNothing) {
  std::mt19937 rng(1);
  std::vector<float> row(77);
  // Multiples of 1/8: a shift by a whole number is exact.
  for (float& element : row) element = static_cast<float>(rng() % 256) / 8;
  const std::vector<float> expected = softmax_of(row);
  for (const float shift : {-5000.0F, -1.0F, 300.0F, 65536.0F}) {
    std::vector<float> shifted = row;
    for (float& element : shifted) element += shift;
    EXPECT_EQ(softmax_of(shifted), expected) << shift;
  }
}

// ---- What is not finite

// Checks both the row and its neighbour, along the lanes and across them.
template <class T>
void check_not_finite(T bad, int64_t n, int64_t at, bool poisons) {
  constexpr int64_t kRows = 9;
  for (const bool across : {false, true}) {
    SCOPED_TRACE(testing::Message() << bad << " at " << at << " of " << n << " across " << across);
    const int64_t row_stride = across ? 1 : n;
    const int64_t stride = across ? kRows : 1;
    std::vector<T> elements(static_cast<size_t>(kRows * n), T{1});
    elements[static_cast<size_t>(at * stride)] = bad;
    run<T>({dtype_of<T>(), {{kRows, row_stride, row_stride}}, {n, stride, stride}}, elements.data(),
           elements.data());
    for (int64_t i = 0; i < n; ++i) {
      const T weight = elements[static_cast<size_t>(i * stride)];
      if (poisons) {
        EXPECT_TRUE(std::isnan(weight)) << i;
      } else {
        EXPECT_EQ(weight, i == at ? T{0} : T{1} / static_cast<T>(n - 1)) << i;
      }
      for (int64_t row = 1; row < kRows; ++row)
        EXPECT_EQ(elements[static_cast<size_t>(row * row_stride + i * stride)],
                  T{1} / static_cast<T>(n));
    }
  }
}

template <class T>
void check_not_finite() {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  for (const int64_t n : {1, 5, 16, 37})
    for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
      check_not_finite<T>(kNan, n, at, true);
      check_not_finite<T>(-kNan, n, at, true);
      check_not_finite<T>(kInfinity, n, at, true);
      // A mask: weight 0, unless nothing is left.
      check_not_finite<T>(-kInfinity, n, at, n == 1);
    }
  for (const size_t n : {1U, 5U, 37U})
    for (const T weight : softmax_of(std::vector<T>(n, -kInfinity)))
      EXPECT_TRUE(std::isnan(weight)) << n;
  // The NaN meets a maximum on either side of it.
  for (const T weight : softmax_of(std::vector<T>{kInfinity, kNan, 3, -kInfinity, 2}))
    EXPECT_TRUE(std::isnan(weight));
}

TEST_P(SoftmaxOn, NanAndInfinityMakeTheRowNan) {
  check_not_finite<float>();
  check_not_finite<double>();
}

// ---- Layout

// Where the elements of a description lie, for one of its two strides.
struct Span {
  int64_t begin = 0;  // lowest offset
  int64_t size = 1;
};

Span span_of(const SoftmaxDescription& description, int64_t SoftmaxDim::* stride) {
  Span span;
  const auto add = [&](const SoftmaxDim& dim) {
    const int64_t reach = (dim.extent - 1) * (dim.*stride);
    span.begin += std::min(reach, int64_t{0});
    span.size += std::abs(reach);
  };
  for (const SoftmaxDim& dim : description.outer) add(dim);
  add(description.axis);
  return span;
}

// Calls visit(input offset, output offset) for the first element of each row.
template <class Visit>
void for_each_row(const SoftmaxDescription& description, const Visit& visit, size_t d = 0,
                  int64_t input = 0, int64_t output = 0) {
  if (d == description.outer.size()) return visit(input, output);
  const SoftmaxDim& dim = description.outer[d];
  for (int64_t i = 0; i < dim.extent; ++i)
    for_each_row(description, visit, d + 1, input + i * dim.input_stride,
                 output + i * dim.output_stride);
}

// Every row is exactly what it is alone and contiguous, and nothing else is written.
template <class T>
void check_layout(SoftmaxDescription description, bool in_place) {
  description.dtype = dtype_of<T>();
  const Span from = span_of(description, &SoftmaxDim::input_stride);
  const Span to = span_of(description, &SoftmaxDim::output_stride);
  const std::vector<T> input = random_elements<T>(from.size, 9, 3);
  constexpr T kUntouched = -7;
  std::vector<T> output =
      in_place ? input : std::vector<T>(static_cast<size_t>(to.size), kUntouched);
  std::vector<T> expected = output;
  const auto& [n, input_stride, output_stride] = description.axis;
  for_each_row(description, [&](int64_t first, int64_t output_first) {
    std::vector<T> row;
    for (int64_t i = 0; i < n; ++i)
      row.push_back(input[static_cast<size_t>(first + i * input_stride - from.begin)]);
    const std::vector<T> weights = softmax_of(row);
    expect_softmax(row, weights);
    for (int64_t i = 0; i < n; ++i)
      expected[static_cast<size_t>(output_first + i * output_stride - to.begin)] =
          weights[static_cast<size_t>(i)];
  });
  run<T>(description, (in_place ? output.data() : input.data()) - from.begin,
         output.data() - to.begin);
  EXPECT_EQ(output, expected);
}

TEST_P(SoftmaxOn, ALayoutNeverShowsInTheResult) {
  const struct {
    const char* name;
    std::vector<SoftmaxDim> outer;
    SoftmaxDim axis;
  } kCases[] = {
      // Axis along the lanes
      {"rows", {{7, 33, 33}}, {33, 1, 1}},
      {"rows far apart", {{7, 40, 50}}, {33, 1, 1}},
      {"one row", {}, {100, 1, 1}},
      {"many tasks", {{3, 12000, 12000}, {40, 300, 300}}, {300, 1, 1}},
      {"rows backwards", {{5, -20, 20}}, {20, 1, 1}},
      {"one row for all", {{5, 0, 20}}, {20, 1, 1}},
      // Rows across the lanes
      {"columns", {{37, 1, 1}}, {21, 37, 37}},
      {"columns of several blocks", {{9, 1, 1}}, {9000, 9, 9}},
      {"many tasks of columns", {{70, 1, 1}}, {2100, 70, 70}},
      {"columns of one", {{64, 1, 1}}, {1, 64, 64}},
      {"columns in the middle", {{3, 400, 400}, {40, 1, 1}, {2, 200, 200}}, {5, 40, 40}},
      {"columns backwards along the axis", {{33, 1, 1}}, {6, -33, 33}},
      {"one column repeated", {{16, 1, 1}}, {6, 0, 16}},
      // Gathered
      {"too few columns", {{3, 1, 1}}, {50, 3, 3}},
      {"transposed out", {{19, 40, 1}}, {40, 1, 19}},
      {"transposed in", {{19, 1, 40}}, {40, 19, 1}},
      {"axis backwards", {{4, 30, 30}}, {30, -1, -1}},
      {"every third", {{4, 90, 30}}, {30, 3, 1}},
      {"one element for all", {{4, 0, 30}}, {30, 0, 1}},
      {"all backwards", {{4, -90, -30}, {2, -400, -400}}, {30, -3, -1}},
      {"long axis", {{2, 1, 1}}, {20000, 2, 2}},
  };
  for (const auto& [name, outer, axis] : kCases) {
    SCOPED_TRACE(name);
    const SoftmaxDescription description{DType::kFloat32, outer, axis};
    check_layout<float>(description, false);
    check_layout<double>(description, false);
    const auto same = [](const SoftmaxDim& dim) { return dim.input_stride == dim.output_stride; };
    if (!same(axis) || !std::all_of(outer.begin(), outer.end(), same)) continue;
    check_layout<float>(description, true);
    check_layout<double>(description, true);
  }
}

TEST_P(SoftmaxOn, AnExtentOfZeroWritesNothing) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  const SoftmaxDescription kCases[] = {
      {DType::kFloat32, {{0, 1, 1}}, {3, 1, 1}},
      {DType::kFloat32, {{2, 1, 1}}, {0, 1, 1}},
      {DType::kFloat32, {}, {0, 1, 1}},
      {DType::kFloat32, {{20, 1, 1}, {0, 20, 20}}, {3, 20, 20}},
      {DType::kFloat32, {{kHuge, 1, 1}, {kHuge, 1, 1}, {0, 1, 1}}, {kHuge, 1, 1}},
  };
  for (const SoftmaxDescription& description : kCases) {
    float untouched = 5;
    run<float>(description, &untouched, &untouched);
    EXPECT_EQ(untouched, 5);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, SoftmaxOn,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& param) {
                           return std::string(hwy::TargetName(param.param));
                         });

TEST(SoftmaxCode, SplitsBySizeAlone) {
  const auto tasks = [](const std::vector<SoftmaxDim>& outer, const SoftmaxDim& axis) {
    return softmax_code({DType::kFloat32, outer, axis})->phase_tasks;
  };
  EXPECT_EQ(tasks({}, {1000000, 1, 1}), std::vector<int64_t>{1});
  EXPECT_EQ(tasks({{100, 1000000, 1000000}}, {1000000, 1, 1}), std::vector<int64_t>{100});
  EXPECT_EQ(tasks({{1024, 1024, 1024}}, {1024, 1, 1}), std::vector<int64_t>{32});
  EXPECT_EQ(tasks({{1024, 1, 1}}, {1024, 1024, 1024}), std::vector<int64_t>{32});
}

TEST(SoftmaxCodeDeathTest, OnlyRealDTypes) {
  EXPECT_DEATH(softmax_code({DType::kInt32, {}, {3, 1, 1}}), "dtype");
}

}  // namespace
}  // namespace einc
