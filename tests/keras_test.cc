#include "einc/keras.h"

#include <gtest/gtest.h>

#include <limits>

namespace einc {
namespace {

using keras::activations::softmax;
using keras::layers::dot;

std::string text(const Result<Tensor>& result) {
  if (!result) return render(result.error()) + " [" + std::string(result.error().rule) + "]";
  return to_string(result->type()) + " " + elements_to_string(*result);
}

Tensor ones(std::vector<int64_t> extents) {
  auto tensor = *Tensor::zeros(DType::kFloat32, std::move(extents));
  for (float& element : tensor.elements<float>()) element = 1;
  return tensor;
}

TEST(KerasDot, AttentionExample) {
  const auto u = Tensor::of<float>({2, 3}, {1, 2, 3, 2, 3, 3});
  const auto y = Tensor::of<float>({2, 2, 3}, {3, 2, 3, 4, 2, 3, 5, 2, 3, 6, 2, 3});
  EXPECT_EQ(text(dot(y, u, -1)), "float32[2,2] [[16, 17], [25, 27]]");
  EXPECT_EQ(text(dot(u, y, -1)), "float32[2,2] [[16, 17], [25, 27]]");
  const auto alpha = softmax(*dot(y, u, -1));
  ASSERT_TRUE(alpha);
  const float expected_alpha[] = {0.26894143F, 0.7310586F, 0.11920291F, 0.880797F};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(alpha->elements<float>()[i], expected_alpha[i], 2e-7F);
  const float expected_z[] = {3.7310586F, 2, 3, 5.880797F, 2, 3};
  for (const auto& z : {dot(y, *alpha, 1), dot(*alpha, y, 1)}) {
    ASSERT_TRUE(z);
    EXPECT_EQ(z->extents(), (std::vector<int64_t>{2, 3}));
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(z->elements<float>()[i], expected_z[i], 2e-6F);
  }
}

TEST(KerasDot, ShapesOfEveryRank) {
  const auto shape = [](const Result<Tensor>& result) {
    return result ? result->extents() : std::vector<int64_t>{-1};
  };
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(shape(dot(ones({5, 4}), ones({5, 4}), 1)), (Shape{5, 1}));
  EXPECT_EQ(shape(dot(ones({5, 3, 4}), ones({5, 4}), std::vector<int64_t>{2, 1})), (Shape{5, 3}));
  EXPECT_EQ(shape(dot(ones({5, 3, 4}), ones({5, 4, 2}), std::vector<int64_t>{2, 1})),
            (Shape{5, 3, 2}));
  EXPECT_EQ(shape(dot(ones({9, 8, 7, 4, 2}), ones({9, 8, 7, 2, 5}), std::vector<int64_t>{4, 3})),
            (Shape{9, 8, 7, 4, 8, 7, 5}));
  EXPECT_EQ(shape(dot(ones({2, 0}), ones({2, 0}), -1)), (Shape{2, 1}));
}

TEST(KerasDot, ErrorsNameAxesAndExtents) {
  const auto x = ones({2, 3, 4});
  EXPECT_EQ(text(dot(x, ones({2, 5}), -1)),
            "shape error: keras.layers.dot: axis 2 of x is 4 but axis 1 of y is 5 (x is "
            "float32[2,3,4], y is float32[2,5]) [dim-mismatch]");
  EXPECT_EQ(
      text(dot(x, ones({7, 4}), -1)),
      "shape error: keras.layers.dot: axis 0 of x is 2 but axis 0 of y is 7, and a batch does "
      "not broadcast here (x is float32[2,3,4], y is float32[7,4]) [batch-mismatch]");
  EXPECT_EQ(text(dot(x, ones({2, 4}), -3)),
            "argument error: keras.layers.dot: axis -3 is out of range for y of rank 2 "
            "[axis-out-of-range]");
  EXPECT_EQ(text(dot(x, ones({2, 4}), 0)),
            "argument error: keras.layers.dot: axis 0 is the batch axis and cannot be contracted; "
            "add a batch axis with expand_dims [axis-zero]");
  EXPECT_EQ(text(dot(x, ones({2, 4}), std::vector<int64_t>{1})),
            "argument error: keras.layers.dot: axes is [1]; give an int or a pair of ints "
            "[axes-format]");
  EXPECT_EQ(
      text(dot(x, ones({2}), -1)),
      "shape error: keras.layers.dot: y is float32[2] of rank 1 but needs rank 2 or more; axis "
      "0 is the batch; add an axis with expand_dims [rank]");
  EXPECT_EQ(
      text(dot(x, *Tensor::zeros(DType::kFloat64, {2, 4}), -1)),
      "dtype error: keras.layers.dot: the operands do not promote to a common dtype here; cast "
      "one (x is float32[2,3,4], y is float64[2,4]) [dtype]");
}

TEST(KerasSoftmax, AnyAxisAndStrides) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto x = Tensor::of<double>({2, 2}, {0, -kInf, 0, 0});
  EXPECT_EQ(text(softmax(x)), "float64[2,2] [[1, 0], [0.5, 0.5]]");
  EXPECT_EQ(text(softmax(x, 0)), "float64[2,2] [[0.5, 0], [0.5, 1]]");
  const TensorView transposed{x.data(), {DType::kFloat64, {2, 2}, {1, 2}}};
  EXPECT_EQ(text(softmax(transposed, 1)), "float64[2,2] [[0.5, 0.5], [0, 1]]");
  EXPECT_EQ(text(softmax(ones({3, 1}))), "float32[3,1] [[1], [1], [1]]");
  EXPECT_EQ(text(softmax(ones({0, 4}))), "float32[0,4] []");
}

TEST(KerasSoftmax, Errors) {
  EXPECT_EQ(text(softmax(ones({}))),
            "shape error: keras.activations.softmax: x is float32[] of rank 0 but needs rank 1 or "
            "more [rank]");
  EXPECT_EQ(text(softmax(ones({2, 3}), 2)),
            "argument error: keras.activations.softmax: axis 2 is out of range for x of rank 2 "
            "[axis-out-of-range]");
  EXPECT_EQ(text(softmax(*Tensor::zeros(DType::kInt32, {2}))),
            "dtype error: keras.activations.softmax: x is int32; cast it to float32 or float64 "
            "[dtype]");
}

}  // namespace
}  // namespace einc
