// A network of tensors: what its contraction order costs, and the same sum in an eighth of the
// memory.

#include <cmath>
#include <cstdio>
#include <vector>

#include "einc/einc.h"
#include "einc/path.h"

int main() {
  // A ring of six tensors, each with a leg that stays open.
  const char* const expression = "abu,bcv,cdw,dex,efy,faz->uvwxyz";
  const einc::TensorType type = einc::TensorType::row_major(einc::DType::kFloat64, {96, 96, 3});
  const std::vector<einc::TensorType> types(6, type);

  const auto found = einc::find_path(expression, types);
  if (!found) return 1;
  std::printf("steps %zu, multiply-adds 10^%.2f\n", found->steps.size(), found->log10_flops);

  std::vector<double> numbers(96 * 96 * 3);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<double>(i));
  const std::vector<einc::TensorView> operands(6, einc::TensorView{numbers.data(), type});

  const auto kernel = einc::compile(expression, types);
  einc::Options options;
  if (kernel) options.memory_limit = kernel->scratch_bytes() / 8;
  const auto whole = einc::einsum(expression, operands);
  const auto sliced = einc::einsum(expression, operands, options);
  if (!whole || !sliced) {
    std::fprintf(stderr, "%s\n", einc::render((!whole ? whole : sliced).error()).c_str());
    return 1;
  }
  double largest = 0;
  double furthest = 0;
  for (int64_t i = 0; i < 729; ++i) {
    const double x = static_cast<const double*>(whole->data())[i];
    const double y = static_cast<const double*>(sliced->data())[i];
    largest = std::fmax(largest, std::fabs(x));
    furthest = std::fmax(furthest, std::fabs(x - y));
  }
  std::printf("equal to the last digits: %s\n", furthest < 1e-13 * largest ? "yes" : "no");

  options.memory_limit = 1;
  const auto refused = einc::einsum(expression, operands, options);
  std::printf("%s\n", refused ? "computed in a byte" : einc::render(refused.error()).c_str());
  return 0;
}
