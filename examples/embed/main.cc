#include <einc/einc.h>

#include <cstdio>

int main() {
  const auto x = einc::Tensor::of<float>({1, 2, 2}, {1, 2, 3, 4});
  const auto product = einc::einsum("bij,bjk->bik", {x, x});
  if (!product) {
    std::fprintf(stderr, "%s\n", einc::render(product.error(), "bij,bjk->bik").c_str());
    return 1;
  }
  std::printf("%s\n", einc::elements_to_string(*product).c_str());
  return einc::elements_to_string(*product) == "[[[7, 10], [15, 22]]]" ? 0 : 1;
}
