// Every kind of einsum string, on small operands.

#include <cstdio>
#include <vector>

#include "einc/einc.h"

namespace {

int failures = 0;

void evaluate(const char* meaning, const char* expression, std::vector<einc::TensorView> operands) {
  const auto result = einc::einsum(expression, operands);
  if (!result) {
    std::printf("%s\n", einc::render(result.error(), expression).c_str());
    ++failures;
    return;
  }
  std::printf("%-34s %-26s %s\n", meaning, expression, einc::elements_to_string(*result).c_str());
}

}  // namespace

int main() {
  const auto a = einc::Tensor::of<double>({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto b = einc::Tensor::of<double>({3, 2}, {1, 0, 0, 1, 1, 1});
  const auto s = einc::Tensor::of<double>({2, 2}, {1, 2, 3, 4});
  const auto v = einc::Tensor::of<double>({3}, {1, 10, 100});
  const auto two = einc::Tensor::of<double>({}, {2});
  const auto batch = einc::Tensor::of<double>({2, 1, 3}, {1, 1, 1, 2, 2, 2});

  evaluate("matrix product", "ij,jk->ik", {a, b});
  evaluate("the output in order of the labels", "ij,jk", {a, b});
  evaluate("blanks anywhere", " i j , j k -> k i ", {a, b});
  evaluate("transposition", "ij->ji", {a});
  evaluate("sum over columns", "ij->i", {a});
  evaluate("sum of everything", "ij->", {a});
  evaluate("trace", "ii->", {s});
  evaluate("diagonal", "ii->i", {s});
  evaluate("write a diagonal", "i->ii", {v});
  evaluate("outer product", "i,j->ij", {v, v});
  evaluate("elementwise product", "ij,ij->ij", {a, a});
  evaluate("a label in three operands", "i,i,i->i", {v, v, v});
  evaluate("a scalar operand", ",ij->ij", {two, a});
  evaluate("the product of scalars", ",->", {two, two});
  evaluate("ellipsis and broadcasting", "...ij,jk->...ik", {batch, b});
  evaluate("extents of 1 broadcast", "bij,bij->bij", {batch, batch});
  evaluate("letters of any script", "βγ,γδ->βδ", {a, b});
  evaluate("names", "[row][in],[in][col]->[col][row]", {a, b});

  const auto interleaved = einc::einsum({{a, {0, 1}}, {b, {1, 2}}}, std::vector<int64_t>{0, 2});
  if (!interleaved) return 1;
  std::printf("%-34s %-26s %s\n", "integers for labels", "[0,1] [1,2] -> [0,2]",
              einc::elements_to_string(*interleaved).c_str());

  // What goes wrong is said with a caret.
  const auto wrong = einc::einsum("ij,jk->ik", {a, s});
  if (wrong) return 1;
  std::printf("%s\n", einc::render(wrong.error(), "ij,jk->ik").c_str());
  return failures;
}
