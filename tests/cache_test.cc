// The second call of a shape compiles nothing; equal loop nests share machine code.

#include <gtest/gtest.h>

#include "compiler/code_generator.h"
#include "compiler/engine.h"
#include "einc/einc.h"
#include "frontend/request.h"
#include "runtime/lru_cache.h"

namespace einc {
namespace {

TensorType type(const char* text) { return *parse_type(text); }

const Options kJit = {.tier = "jit"};

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    Engine::instance().clear();
    before_ = Engine::instance().counters();
  }
  Engine::Counters since() const {
    const Engine::Counters now = Engine::instance().counters();
    return {now.request_hits - before_.request_hits, now.program_hits - before_.program_hits,
            now.kernel_hits - before_.kernel_hits, now.kernels_compiled - before_.kernels_compiled};
  }

 private:
  Engine::Counters before_;
};

class CompiledCache : public Cache {
 protected:
  void SetUp() override {
    if (!code_generator()) GTEST_SKIP() << "built without a compiler";
    Cache::SetUp();
  }
};

TEST_F(Cache, SecondRequestOfPrecompiledKernelsIsFound) {
  Options options;
  options.tier = "highway";
  for (const char* const expression : {"ij,jk->ik", "ij,jk->ik", "ab,bc->ac"})
    ASSERT_TRUE(compile(expression, {type("float32[7,5]"), type("float32[5,6]")}, options));
  EXPECT_EQ(since().kernels_compiled, 0);
  EXPECT_EQ(since().request_hits, 1);
  EXPECT_EQ(since().program_hits, 1);
}

TEST_F(CompiledCache, TiersAreDifferentRequests) {
  Options options;
  for (const char* const tier : {"highway", "jit"}) {
    options.tier = tier;
    ASSERT_TRUE(compile("ij,jk->ik", {type("float32[7,5]"), type("float32[5,6]")}, options));
  }
  EXPECT_EQ(since().kernels_compiled, 1);
  EXPECT_EQ(since().program_hits, 0);
}

TEST_F(CompiledCache, SecondRequestCompilesNothing) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(compile("ij,jk->ik", {type("float32[7,5]"), type("float32[5,6]")}, kJit));
  EXPECT_EQ(since().kernels_compiled, 1);
  EXPECT_EQ(since().request_hits, 2);
}

TEST_F(CompiledCache, AnotherShapeOrTargetIsAnotherRequest) {
  ASSERT_TRUE(compile("ij->ji", {type("float32[7,5]")}, kJit));
  ASSERT_TRUE(compile("ij->ji", {type("float32[5,7]")}, kJit));
  Options options = kJit;
  options.target = "x86-64-v2";
  ASSERT_TRUE(compile("ij->ji", {type("float32[7,5]")}, options));
  EXPECT_EQ(since().kernels_compiled, 3);
  EXPECT_EQ(since().request_hits, 0);
}

TEST_F(CompiledCache, NamesOfLabelsDoNotMatter) {
  ASSERT_TRUE(compile("ij,jk->ik", {type("float32[7,5]"), type("float32[5,6]")}, kJit));
  ASSERT_TRUE(compile("ab, bc -> ac", {type("float32[7,5]"), type("float32[5,6]")}, kJit));
  EXPECT_EQ(since().kernels_compiled, 1);
  EXPECT_EQ(since().program_hits, 1);
}

TEST_F(CompiledCache, DifferentExpressionsWithEqualNestsShareCode) {
  ASSERT_TRUE(compile("ij,jk->ik", {type("float32[7,12]"), type("float32[12,6]")}, kJit));
  // The same loops: (xy) is one dim of 12
  ASSERT_TRUE(compile("ixy,xyk->ik", {type("float32[7,3,4]"), type("float32[3,4,6]")}, kJit));
  EXPECT_EQ(since().kernels_compiled, 1);
  EXPECT_EQ(since().kernel_hits, 1);
  EXPECT_EQ(since().program_hits, 0);
}

TEST_F(CompiledCache, MachineCodeOutlivesTheCache) {
  const auto kernel = compile("ij,jk->ik", {type("float32[2,2]"), type("float32[2,2]")}, kJit);
  ASSERT_TRUE(kernel);
  Engine::instance().clear();
  const auto a = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const auto c = *Tensor::zeros(DType::kFloat32, {2, 2});
  ASSERT_TRUE(kernel->run(std::vector<TensorView>{a, a}, c));
  EXPECT_EQ(elements_to_string(c), "[[7, 10], [15, 22]]");
}

// No interpreter hides behind the JIT: the entry lies in executable memory that belongs to no file.
TEST_F(CompiledCache, MachineCodeRan) {
  const std::vector<TensorType> types{type("float32[5,5]"), type("float32[5,5]")};
  ASSERT_TRUE(compile("ij,jk->ik", types, kJit));
  const auto program =
      Engine::instance().find(request_key("ij,jk->ik", types, std::nullopt, std::nullopt, kJit));
  ASSERT_NE(program, nullptr);
  ASSERT_EQ(program->steps.size(), 1U);
  const auto entry = reinterpret_cast<uintptr_t>(program->steps[0].code->entry);
  std::FILE* const maps = std::fopen("/proc/self/maps", "r");
  ASSERT_NE(maps, nullptr);
  char line[512];
  bool found = false;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char access[8] = "";
    char path[400] = "";
    std::sscanf(line, "%lx-%lx %7s %*s %*s %*s %399s", &begin, &end, access, path);
    if (entry < begin || entry >= end) continue;
    found = true;
    EXPECT_EQ(std::string(access), "r-xp");
    EXPECT_EQ(std::string(path), "");
  }
  std::fclose(maps);
  EXPECT_TRUE(found);
}

TEST(LruCache, ForgetsTheLeastRecentlyUsed) {
  LruCache<int, int> cache(2);
  EXPECT_EQ(cache.insert(1, 10), 10);
  EXPECT_EQ(cache.insert(2, 20), 20);
  EXPECT_EQ(cache.insert(1, 11), 10);  // the first one stays
  EXPECT_EQ(cache.find(1), 10);
  cache.insert(3, 30);
  EXPECT_EQ(cache.find(2), std::nullopt);
  EXPECT_EQ(cache.find(1), 10);
  EXPECT_EQ(cache.find(3), 30);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.counters().hits, 3);
  EXPECT_EQ(cache.counters().misses, 1);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace einc
