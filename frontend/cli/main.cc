#include <cstdio>
#include "einc/einc.h"
int main() {
  auto a = einc::Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  auto b = einc::Tensor::of<float>({2, 2}, {5, 6, 7, 8});
  auto c = einc::einsum("ij,jk->ik", {a, b});
  std::puts(c ? einc::elements_to_string(*c).c_str() : einc::render(c.error(), "ij,jk->ik").c_str());
}
