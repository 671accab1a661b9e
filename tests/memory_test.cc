// What a run takes of memory, as the system sees it.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "einc/einc.h"

// Of which GCC defines macros, and Clang has features.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EINC_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EINC_SANITIZED
#endif
#endif

namespace einc {
namespace {

// A line of /proc/self/status, in bytes.
int64_t status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word)
    if (word == key + ":") {
      int64_t kibibytes = 0;
      file >> kibibytes;
      return kibibytes * 1024;
    }
  return -1;
}

// Forgets the largest resident set so far.
bool reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

Tensor ones(const TensorType& type) {
  Tensor tensor = *Tensor::zeros(type.dtype, type.extents);
  for (float& element : tensor.elements<float>()) element = 1;
  return tensor;
}

TEST(MemoryLimit, HoldsForTheResidentSet) {
#ifdef EINC_SANITIZED
  GTEST_SKIP() << "sanitizers take memory of their own";
#endif
  const std::vector<TensorType> types(4, *parse_type("float32[1024,1024]"));
  std::vector<Tensor> tensors;
  for (const TensorType& type : types) tensors.push_back(ones(type));
  const std::vector<TensorView> views(tensors.begin(), tensors.end());
  const Tensor output = ones(types[0]);
  // From small to large: what a run has taken stays with the process.
  for (const int64_t limit : {int64_t{2} << 20, int64_t{4} << 20, int64_t{16} << 20}) {
    const auto kernel = compile("ij,jk,kl,lm->im", types, {.memory_limit = limit, .threads = 1});
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_LE(kernel->scratch_bytes(), limit);
    const int64_t before = status("VmRSS");
    if (!reset_peak() || before < 0) GTEST_SKIP() << "this system does not tell";
    ASSERT_TRUE(kernel->run(views, output));
    constexpr int64_t kStacksAndPages = 256 << 10;
    EXPECT_LE(status("VmHWM") - before, limit + kStacksAndPages) << limit;
    EXPECT_EQ(output.elements<float>()[0], 0x1p+30F);
  }
}

}  // namespace
}  // namespace einc
