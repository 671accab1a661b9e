// tf.tensordot and a softmax whose exponentials would overflow if it did not subtract the largest.

#include <cmath>
#include <cstdio>

#include "einc/einc.h"
#include "einc/tf.h"

int main() {
  // v[b,t,a] = 100 (b+1) + 10 (t+1) + (a+1)
  auto v = *einc::Tensor::zeros(einc::DType::kFloat32, {2, 3, 4});
  for (size_t i = 0; i < 24; ++i)
    v.elements<float>()[i] =
        static_cast<float>(100 * (i / 12 + 1) + 10 * (i / 4 % 3 + 1) + (i % 4 + 1));
  const auto ones = einc::Tensor::of<float>({4}, {1, 1, 1, 1});

  const auto scores = einc::tf::tensordot(v, ones, 1);
  if (!scores) return 1;
  std::printf("tensordot(v, ones, axes=1)  %s %s\n", to_string(scores->type()).c_str(),
              elements_to_string(*scores).c_str());
  std::printf("exp(%g) in float32          %g\n", scores->elements<float>()[0],
              std::exp(scores->elements<float>()[0]));

  const auto weights = einc::tf::nn::softmax(*scores);
  if (!weights) return 1;
  std::printf("softmax                     %s %s\n", to_string(weights->type()).c_str(),
              elements_to_string(*weights).c_str());
  return 0;
}
