#include "compiler/dims.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/plan.h"

namespace einc {
namespace {

// Outermost first by the stride of `operand`, then by the others', so that equal sets of dims come
// in one order, whatever the order of their labels.
void sort_by_stride(std::vector<Dim>& dims, size_t operand) {
  const auto key = [operand](const Dim& dim) {
    return std::tuple(std::abs(dim.strides[operand]), dim.strides, dim.extent);
  };
  std::sort(dims.begin(), dims.end(), [&](const Dim& x, const Dim& y) { return key(x) > key(y); });
}

// Merges neighbours that one stride walks in every operand.
std::vector<Dim> fuse(std::vector<Dim> dims) {
  std::vector<Dim> fused;
  for (Dim& inner : dims) {
    if (!fused.empty()) {
      Dim& outer = fused.back();
      bool contiguous = true;
      for (size_t o = 0; o < inner.strides.size(); ++o)
        contiguous &= outer.strides[o] == inner.strides[o] * inner.extent;
      if (contiguous) {
        inner.name = outer.name + inner.name;
        inner.extent *= outer.extent;
        outer = std::move(inner);
        continue;
      }
    }
    fused.push_back(std::move(inner));
  }
  return fused;
}

}  // namespace

std::vector<Dim> sorted_and_fused(std::vector<Dim> dims, size_t operand) {
  sort_by_stride(dims, operand);
  return fuse(std::move(dims));
}

}  // namespace einc
