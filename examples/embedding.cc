// einc inside a host: compiled once for a type, run many times on memory of the host's own, with
// the host's strides and the host's threads.

#include <cstdio>
#include <vector>

#include "einc/einc.h"

namespace {

// A host's way of running parallel loops; this one has a single thread.
void run_serially(void*, int64_t tasks, void (*fn)(void* context, int64_t task), void* context) {
  for (int64_t task = 0; task < tasks; ++task) fn(context, task);
}

}  // namespace

int main() {
  // Matrices of 2 x 2 at the front of rows of four floats.
  const einc::TensorType type{einc::DType::kFloat32, {2, 2}, {4, 1}};
  einc::Options options;
  options.executor = {nullptr, run_serially, 1};
  const auto kernel = einc::compile("ij,jk->ik", {type, type}, type, options);
  if (!kernel) {
    std::fprintf(stderr, "%s\n", einc::render(kernel.error(), "ij,jk->ik").c_str());
    return 1;
  }
  std::vector<float> a{1, 2, -1, -1, 3, 4, -1, -1};
  std::vector<float> b{5, 6, -1, -1, 7, 8, -1, -1};
  std::vector<float> c(8, -1);
  for (int round = 0; round < 3; ++round) {
    const std::vector<einc::TensorView> inputs{{a.data(), type}, {b.data(), type}};
    if (!kernel->run(inputs, {c.data(), type})) return 1;
  }
  for (const float element : c) std::printf("%g ", element);  // the gaps are untouched
  std::printf("\n");
  return c == std::vector<float>{19, 22, -1, -1, 43, 50, -1, -1} ? 0 : 1;
}
