// Keras's merge layer Dot with normalize=True: the cosine of the angle between two vectors.

#include <cstdio>

#include "einc/einc.h"
#include "einc/keras.h"

int main() {
  // One pair of vectors a sample: the same direction, a right angle, the opposite direction.
  const auto x = einc::Tensor::of<float>({3, 2}, {3, 4, 0, 2, 3, 4});
  const auto y = einc::Tensor::of<float>({3, 2}, {6, 8, 7, 0, -3, -4});
  const auto cosine = einc::keras::layers::dot(x, y, -1, true);
  if (!cosine) {
    std::fprintf(stderr, "%s\n", render(cosine.error()).c_str());
    return 1;
  }
  std::printf("%s %s\n", to_string(cosine->type()).c_str(), elements_to_string(*cosine).c_str());
  return 0;
}
