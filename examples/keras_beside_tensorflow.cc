// The same operands through Keras's and TensorFlow's products: where they agree, and where the same
// name has meant two things.

#include <cstdio>

#include "einc/einc.h"
#include "einc/keras.h"
#include "einc/tf.h"

namespace {

einc::Tensor random(std::vector<int64_t> extents) {
  auto tensor = *einc::Tensor::zeros(einc::DType::kFloat32, std::move(extents));
  unsigned state = 1;
  for (float& element : tensor.elements<float>()) {
    state = state * 1664525 + 1013904223;
    element = static_cast<float>(state >> 8) * 0x1p-24F - 0.5F;
  }
  return tensor;
}

bool equal(const einc::Tensor& x, const einc::Tensor& y) {
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto index = static_cast<size_t>(i);
    if (x.elements<float>()[index] != y.elements<float>()[index]) return false;
  }
  return x.extents() == y.extents();
}

bool show(const char* call, const einc::Result<einc::Tensor>& result) {
  std::printf("%-48s %s\n", call,
              result ? to_string(result->type()).c_str() : render(result.error()).c_str());
  return static_cast<bool>(result);
}

}  // namespace

int main() {
  namespace backend = einc::keras::backend;

  std::printf("matrices (3,4) and (4,5)\n");
  const auto a = random({3, 4});
  const auto b = random({4, 5});
  const auto dot = backend::dot(a, b);
  const auto matmul = einc::tf::matmul(a, b);
  if (!show("  K.dot(a, b)", dot) || !show("  tf.matmul(a, b)", matmul)) return 1;

  std::printf("K.dot takes the last axis and the second-to-last: (2,3,4) and (7,4,5)\n");
  if (!show("  K.dot(x, y)", backend::dot(random({2, 3, 4}), random({7, 4, 5})))) return 1;

  std::printf("(9,8,7,4,2) and (9,8,7,2,5): three batch axes, or one\n");
  const auto x = random({9, 8, 7, 4, 2});
  const auto y = random({9, 8, 7, 2, 5});
  const auto old_form = backend::batch_dot(x, y, einc::None{}, einc::keras::BatchDotForm::kOld);
  const auto new_form = backend::batch_dot(x, y);
  const auto batches = einc::tf::matmul(x, y);
  if (!show("  K.batch_dot(x, y), up to Keras 2.2.4", old_form)) return 1;
  if (!show("  tf.matmul(x, y)", batches)) return 1;
  if (!show("  K.batch_dot(x, y), since", new_form)) return 1;

  const bool agree = equal(*dot, *matmul) && equal(*old_form, *batches);
  std::printf("%s\n", agree ? "equal where the shapes are" : "the results differ");
  return agree ? 0 : 1;
}
