// Prints how long, from the start of the process's first request, a kernel takes to be there: the
// first of the process (which loads LLVM), then, for several shapes, further ones.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "einc/einc.h"

int main() {
  const struct {
    const char* expression;
    std::vector<const char*> types;
  } requests[] = {
      {"ij,jk->ik", {"float32[512,512]", "float32[512,512]"}},
      {"ij,jk->ik", {"float32[100,200]", "float32[200,300]"}},
      {"ik,jk->ij", {"float32[64,64]", "float32[64,64]"}},
      {"bij,bjk->bik", {"float64[16,32,32]", "float64[16,32,32]"}},
      {"ij->ji", {"float32[1000,1000]"}},
      {"ijk->j", {"float32[40,50,60]"}},
      {"i,j->ij", {"float32[1000]", "float32[1000]"}},
      {"bhqd,bhkd->bhqk", {"float32[2,8,128,64]", "float32[2,8,128,64]"}},
      {"ij,jk->ik", {"complex64[64,64]", "complex64[64,64]"}},
      {"abc,cd->abd", {"int8[20,30,40]", "int8[40,50]"}},
  };
  std::vector<double> later;
  for (const auto& request : requests) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<einc::TensorType> types;
    for (const char* type : request.types) types.push_back(*einc::parse_type(type));
    const auto kernel = einc::compile(request.expression, types);
    const double milliseconds =
        1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!kernel) return 1;
    std::printf("%-18s %-24s %6.2f ms\n", request.expression, request.types[0], milliseconds);
    if (&request != requests) later.push_back(milliseconds);
  }
  std::sort(later.begin(), later.end());
  std::printf("later kernels: median %.2f ms, worst %.2f ms\n", later[later.size() / 2],
              later.back());
  return 0;
}
