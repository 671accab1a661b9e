// Every way of computing an expression must agree with the oracle: compiled and precompiled, on
// every instruction set of this machine, operands fenced by pages without access, gaps of the
// output left untouched.

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdlib>
#include <memory>

#include "compiler/code_generator.h"
#include "compiler/engine.h"
#include "compiler/target.h"
#include "einc/einc.h"
#include "fenced_tensor.h"
#include "random_einsum.h"
#include "reference.h"

namespace einc::test {
namespace {

std::string describe(const Request& request) {
  std::string text = "'" + request.expression + "'";
  for (const TensorType& type : request.inputs) text += " '" + to_string(type) + "'";
  return text + " -> '" + to_string(request.output_type) + "'";
}

class Case {
 public:
  explicit Case(uint32_t seed) : rng_(seed) {
    request_ = random_request(rng_, one_in(rng_, 20) ? 3e5 : 2e4);
    const bool all_integers = info(request_.output_type.dtype).kind <= Kind::kUnsigned;
    const bool any_bits = all_integers && one_in(rng_, 3);
    for (const TensorType& type : request_.inputs) {
      inputs_.push_back(std::make_unique<FencedTensor>(type, fence()));
      views_.push_back(inputs_.back()->view());
      fill_random(views_.back(), rng_, any_bits);
    }
    expected_ = reference(request_, views_);
  }

  const Request& request() const { return request_; }

  // What is wrong with einc's result, empty if nothing is.
  std::string run(const Options& options) {
    const FencedTensor output(request_.output_type, fence());
    const auto done = einsum(request_.expression, views_, output.view(), options);
    if (!done) return render(done.error(), request_.expression);
    std::string text = difference(output.view(), expected_, request_.inputs.size());
    if (!gaps_are_untouched(output.view())) text += "wrote between the elements\n";
    return text;
  }

 private:
  FencedTensor::Fence fence() {
    return one_in(rng_, 2) ? FencedTensor::Fence::kAtEnd : FencedTensor::Fence::kAtBegin;
  }

  static bool gaps_are_untouched(const TensorView& output) {
    const OffsetRange range = offset_range(output.type);
    std::vector<bool> is_element(static_cast<size_t>(range.end - range.begin));
    for_each_element(output.type, [&](int64_t offset) {
      is_element[static_cast<size_t>(offset - range.begin)] = true;
    });
    const int64_t bytes = info(output.type.dtype).bytes;
    const auto* const data = static_cast<const unsigned char*>(output.data);
    for (int64_t offset = range.begin; offset < range.end; ++offset) {
      if (is_element[static_cast<size_t>(offset - range.begin)]) continue;
      for (int64_t byte = 0; byte < bytes; ++byte)
        if (data[offset * bytes + byte] != 0xA5) return false;
    }
    return true;
  }

  Rng rng_;
  Request request_;
  std::vector<std::unique_ptr<FencedTensor>> inputs_;
  std::vector<TensorView> views_;
  Expected expected_;
};

// Cases per shard; EINC_CASES_PERCENT scales it down for sanitized builds.
int cases_per_shard() {
  const char* const percent = std::getenv("EINC_CASES_PERCENT");
  return 300 * (percent != nullptr ? std::atoi(percent) : 100) / 100;
}

class Differential : public testing::TestWithParam<int> {
 protected:
  // Calls check(random case, its number) for each of the shard's cases.
  static void for_each_case(const auto& check) {
    for (int i = 0; i < cases_per_shard(); ++i) {
      const auto seed = static_cast<uint32_t>(GetParam() * 100000 + i);
      Case random_case(seed);
      SCOPED_TRACE(testing::Message()
                   << "seed " << seed << ": " << describe(random_case.request()));
      check(random_case, i);
    }
  }

  static Options options_of(int number) {
    Options options;
    options.threads = 1 + number % 2;
    options.path = number % 3 == 0 ? "greedy" : "auto";
    return options;
  }
};

TEST_P(Differential, CompiledCodeAgreesWithTheReference) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  for_each_case([](Case& random_case, int number) {
    Options options = options_of(number);
    options.tier = "jit";
    for (const Target& target : targets()) {
      if (find_target(target.name) == nullptr) continue;
      options.target = target.name;
      EXPECT_EQ(random_case.run(options), "") << "on " << target.name;
    }
  });
}

TEST_P(Differential, PrecompiledKernelsAgreeWithTheReference) {
  for_each_case([](Case& random_case, int number) {
    Options options = options_of(number);
    options.tier = "highway";
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      Engine::instance().clear();  // programs hold kernels of the target before
      EXPECT_EQ(random_case.run(options), "") << "on " << hwy::TargetName(target);
    }
    hwy::SetSupportedTargetsForTest(0);
  });
}

INSTANTIATE_TEST_SUITE_P(Shard, Differential, testing::Range(0, 12));

}  // namespace
}  // namespace einc::test
