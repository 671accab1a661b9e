// Dot-product attention by Keras's names: scores of a query u against every step of y, their
// softmax, and the steps of y summed by those weights.

#include <cstdio>

#include "einc/einc.h"
#include "einc/keras.h"

namespace {

// Prints the result, or says what went wrong and tells main() to stop.
bool print(const char* name, const einc::Result<einc::Tensor>& result) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", name, einc::render(result.error()).c_str());
    return false;
  }
  std::printf("%-8s %-16s %s\n", name, einc::to_string(result->type()).c_str(),
              einc::elements_to_string(*result).c_str());
  return true;
}

}  // namespace

int main() {
  namespace layers = einc::keras::layers;
  const auto u = einc::Tensor::of<float>({2, 3}, {1, 2, 3, 2, 3, 3});  // (B, F)
  const auto y =
      einc::Tensor::of<float>({2, 2, 3}, {3, 2, 3, 4, 2, 3, 5, 2, 3, 6, 2, 3});  // (B, T, F)
  if (!print("u", u) || !print("y", y)) return 1;

  const auto alpha1 = layers::dot(y, u, -1);
  if (!print("alpha1", alpha1)) return 1;
  const auto alpha = einc::keras::activations::softmax(*alpha1);
  if (!print("alpha", alpha)) return 1;
  const auto z = layers::dot(y, *alpha, 1);
  if (!print("z", z)) return 1;

  // The other order of the operands contracts the same axes.
  const auto alpha1_swapped = layers::dot(u, y, -1);
  if (!print("alpha1'", alpha1_swapped)) return 1;
  return print("z'", layers::dot(*alpha, y, 1)) ? 0 : 1;
}
