// Every way of computing an expression must agree with the oracle: compiled and precompiled, on
// every instruction set of this machine, operands fenced by pages without access, gaps of the
// output left untouched. aot_test.cc does the same for objects.

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include "case_count.h"
#include "compiler/code_generator.h"
#include "compiler/engine.h"
#include "compiler/target.h"
#include "einc/einc.h"
#include "random_case.h"
#include "small_integers.h"

namespace einc::test {
namespace {

std::string run(RandomCase& random_case, Options options) {
  const Request& request = random_case.request();
  if (options.memory_limit) {
    const auto kernel = compile(request.expression, request.inputs, request.output_type, options);
    if (!kernel) options.memory_limit = sufficient_memory_limit(kernel.error());
  }
  return random_case.check([&](const std::vector<TensorView>& inputs, const TensorView& output) {
    const auto done = einsum(request.expression, inputs, output, options);
    return done ? std::string() : render(done.error(), request.expression);
  });
}

const int kCasesPerShard = case_count(300);

class Differential : public testing::TestWithParam<int> {
 protected:
  // Calls check(random case, its number) for each of the shard's cases.
  static void for_each_case(const auto& check) {
    for (int i = 0; i < kCasesPerShard; ++i) {
      const auto seed = static_cast<uint32_t>(GetParam() * 100000 + i);
      RandomCase random_case(seed);
      SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << random_case.description());
      check(random_case, i);
    }
  }

  static Options options_of(int number) {
    Options options;
    options.threads = 1 + number % 2;
    options.path = number % 3 == 0 ? "greedy" : "auto";
    // As little as will do, so that all that can be sliced is.
    if (number % 4 == 1) options.memory_limit = 1;
    return options;
  }
};

TEST_P(Differential, CompiledCodeAgreesWithTheReference) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  for_each_case([](RandomCase& random_case, int number) {
    Options options = options_of(number);
    options.tier = "jit";
    for (const Target& target : targets()) {
      if (find_target(target.name) == nullptr) continue;
      options.target = target.name;
      EXPECT_EQ(run(random_case, options), "") << "on " << target.name;
    }
  });
}

// Of the precompiled kernels, for each instruction set.
void check_everywhere(RandomCase& random_case, Options options) {
  options.tier = "highway";
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    Engine::instance().clear();  // programs hold kernels of the target before
    EXPECT_EQ(run(random_case, options), "") << "on " << hwy::TargetName(target);
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST_P(Differential, PrecompiledKernelsAgreeWithTheReference) {
  for_each_case([](RandomCase& random_case, int number) {
    check_everywhere(random_case, options_of(number));
  });
}

INSTANTIATE_TEST_SUITE_P(Shard, Differential, testing::Range(0, 12));

TEST(PrecompiledKernels, MultiplySmallIntegersOfAllKinds) {
  for (const SmallIntegers& integers : kSmallIntegers)
    for (const char* const expression : {"mk,kn->mn", "km,nk->nm"})
      for (const int64_t terms : {1, 36, 299}) {
        RandomCase random_case = case_of(integers, expression, terms);
        SCOPED_TRACE(random_case.description());
        check_everywhere(random_case, {});
      }
}

}  // namespace
}  // namespace einc::test
