// Kernels that are there before their machine code is: tier "auto".

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "compiler/code_generator.h"
#include "compiler/engine.h"
#include "einc/einc.h"
#include "runtime/background.h"

namespace einc {
namespace {

// A step of this costs far less than its compilation.
constexpr const char* kExpression = "ij,jk->ik";
TensorType type(int64_t extent) { return TensorType::row_major(DType::kInt32, {extent, extent}); }
Kernel kernel_of(int64_t extent) {
  return *compile(kExpression, std::vector<TensorType>{type(extent), type(extent)});
}

struct Operands {
  Tensor a, b, c;
  std::vector<TensorView> views{a, b};

  explicit Operands(int64_t extent)
      : a(*Tensor::zeros(DType::kInt32, {extent, extent})),
        b(*Tensor::zeros(DType::kInt32, {extent, extent})),
        c(*Tensor::zeros(DType::kInt32, {extent, extent})) {
    for (int64_t i = 0; i < a.size(); ++i) {
      a.elements<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(i % 7);
      b.elements<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(i % 5);
    }
  }
  // By code that is not compiled.
  std::string expected() const {
    return elements_to_string(*einsum(kExpression, views, {.tier = "highway"}));
  }
  std::string result_of(const Kernel& kernel) const {
    return kernel.run(views, c) ? elements_to_string(c) : "failed";
  }
};

bool is_compiled(const Kernel& kernel, const Operands& operands) {
  return kernel.profile(operands.views, operands.c)->front().step.is_compiled;
}

class Compiling : public testing::Test {
 protected:
  void SetUp() override {
    if (!code_generator()) GTEST_SKIP() << "built without a compiler";
    Engine::instance().clear();
  }
};

TEST_F(Compiling, DoesNotKeepTheFirstRunWaiting) {
  const Operands operands(13);
  // What is compiled has to wait for this.
  std::atomic<bool> may_end = false;
  const auto before = Background::instance().post([&] { may_end.wait(false); });
  const Kernel kernel = kernel_of(13);
  EXPECT_FALSE(is_compiled(kernel, operands));
  EXPECT_EQ(operands.result_of(kernel), operands.expected());
  may_end = true;
  may_end.notify_all();
  kernel.wait_until_compiled();
  EXPECT_TRUE(is_compiled(kernel, operands));
  EXPECT_EQ(operands.result_of(kernel), operands.expected());
  // Later requests find the better program alone.
  EXPECT_TRUE(is_compiled(kernel_of(13), operands));
  Background::instance().finish(before);
}

TEST_F(Compiling, IsDoneByWhoeverWaitsIfNobodyHasBegun) {
  const Operands operands(14);
  std::atomic<bool> may_end = false;
  const auto before = Background::instance().post([&] { may_end.wait(false); });
  const Kernel kernel = kernel_of(14);
  kernel.wait_until_compiled();
  EXPECT_TRUE(is_compiled(kernel, operands));
  may_end = true;
  may_end.notify_all();
  Background::instance().finish(before);
}

TEST_F(Compiling, PassesWhileThreadsRunTheKernel) {
  const Operands operands(15);
  const std::string expected = operands.expected();
  for (int round = 0; round < 3; ++round) {
    Engine::instance().clear();
    const Kernel kernel = kernel_of(15);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        const Operands own(15);
        for (int i = 0; i < 50; ++i)
          if (own.result_of(kernel) != expected) ++wrong;
      });
    kernel.wait_until_compiled();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

TEST_F(Compiling, WaitsWhereTheFirstRunWouldTakeLonger) {
  const int64_t before = Engine::instance().counters().kernels_compiled;
  const auto matrix = TensorType::row_major(DType::kFloat64, {8192, 8192});
  const auto many = TensorType::row_major(DType::kFloat64, {8192, 3});
  const auto kernel = compile("ij,jk->ik", std::vector<TensorType>{matrix, many});
  ASSERT_TRUE(kernel);
  EXPECT_EQ(Engine::instance().counters().kernels_compiled, before + 1);
}

// How a child process ends that does this.
template <typename Work>
int status_of_child(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST_F(Compiling, LetsTheProcessEndAtAnyTime) {
  const Operands operands(16);
  for (int64_t i = 0; i < 12; ++i)
    EXPECT_EQ(status_of_child([&] {
                for (int64_t extent = 16; extent < 20; ++extent) (void)kernel_of(extent);
                usleep(static_cast<useconds_t>(3000 * i));
                std::exit(0);
              }),
              0);
}

TEST_F(Compiling, GoesOnInAForkedProcess) {
  const Operands operands(21);
  const std::string expected = operands.expected();
  for (int64_t i = 0; i < 8; ++i) {
    Engine::instance().clear();
    std::vector<Kernel> kernels;
    for (int64_t extent = 20; extent < 24; ++extent) kernels.push_back(kernel_of(extent));
    usleep(static_cast<useconds_t>(2000 * i));
    EXPECT_EQ(status_of_child([&] {
                for (const Kernel& kernel : kernels) kernel.wait_until_compiled();
                if (!is_compiled(kernels[1], operands)) _exit(1);
                if (operands.result_of(kernels[1]) != expected) _exit(2);
              }),
              0);
    for (const Kernel& kernel : kernels) kernel.wait_until_compiled();
    EXPECT_TRUE(is_compiled(kernels[1], operands));
  }
}

}  // namespace
}  // namespace einc
