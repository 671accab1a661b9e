// The public functions: results, errors as a user reads them, and outputs untouched by failures.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <thread>

#include "compiler/code_generator.h"
#include "compiler/target.h"
#include "einc/einc.h"
#include "random_case.h"
#include "reference.h"

namespace einc {
namespace {

std::string result_of(const Result<Tensor>& result, std::string_view expression = {}) {
  if (!result) return render(result.error(), expression);
  return to_string(result->type()) + " " + elements_to_string(*result);
}

const Tensor& matrix() {
  static const Tensor tensor = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  return tensor;
}

TEST(Einsum, MeansWhatNumPyMeans) {
  const auto v = Tensor::of<int32_t>({3}, {1, 2, 3});
  const auto two = Tensor::of<float>({1, 1}, {2});
  const struct {
    const char* expression;
    std::vector<TensorView> operands;
    const char* result;
  } kCases[] = {
      {"ij,jk->ik", {matrix(), matrix()}, "float32[2,2] [[7, 10], [15, 22]]"},
      {"ij,jk->ki", {matrix(), matrix()}, "float32[2,2] [[7, 15], [10, 22]]"},
      {"ii", {matrix()}, "float32[] 5"},
      {"ij->j", {matrix()}, "float32[2] [4, 6]"},
      {"i,j->ij", {v, v}, "int32[3,3] [[1, 2, 3], [2, 4, 6], [3, 6, 9]]"},
      {"i->ii", {v}, "int32[3,3] [[1, 0, 0], [0, 2, 0], [0, 0, 3]]"},
      {"i,ij->ij", {v, two}, "float64[3,1] [[2], [4], [6]]"},
  };
  for (const auto& item : kCases)
    EXPECT_EQ(result_of(einsum(item.expression, item.operands), item.expression), item.result)
        << item.expression;
}

TEST(Einsum, IntegersWrapAndBoolIsOrOfAnd) {
  const auto ones = *Tensor::zeros(DType::kInt8, {300});
  for (int8_t& element : ones.elements<int8_t>()) element = 1;
  EXPECT_EQ(result_of(einsum("i->", {ones})), "int8[] 44");
  const auto flags = *Tensor::zeros(DType::kBool, {3});
  flags.elements<uint8_t>()[1] = 7;  // any nonzero byte is true
  EXPECT_EQ(result_of(einsum("i,i->i", {flags, flags})), "bool[3] [false, true, false]");
  EXPECT_EQ(result_of(einsum("i->", {flags})), "bool[] true");
  EXPECT_EQ(result_of(einsum("i,->i", {flags, Tensor::of<int64_t>({}, {5})})),
            "int64[3] [0, 5, 0]");
}

TEST(Einsum, ZeroExtentsGiveZeros) {
  const auto empty = *Tensor::zeros(DType::kFloat32, {2, 0});
  EXPECT_EQ(result_of(einsum("ij,kj->ik", {empty, empty})), "float32[2,2] [[0, 0], [0, 0]]");
  EXPECT_EQ(result_of(einsum("ij->j", {empty})), "float32[0] []");
  auto out = Tensor::of<float>({2}, {5, 5});
  ASSERT_TRUE(einsum("ij->i", {empty}, out));
  EXPECT_EQ(elements_to_string(out), "[0, 0]");
}

TEST(Einsum, InfinityAndNanPropagate) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const auto v = *Tensor::zeros(DType::kFloat32, {19});
  for (float& element : v.elements<float>()) element = 1;
  // One infinity for every element: the lanes that mask off the end of v must not make 0 * inf.
  const auto inf = Tensor::of<float>({}, {kInf});
  const TensorView infinities{inf.data(), {DType::kFloat32, {19}, {0}}};
  EXPECT_EQ(result_of(einsum("i,i->", {v, infinities})), "float32[] inf");
  v.elements<float>()[18] = 0;
  const auto sum = einsum("i,i->", {v, infinities});
  ASSERT_TRUE(sum);
  EXPECT_TRUE(std::isnan(sum->elements<float>()[0]));
}

TEST(Einsum, LongSumsStayWithinTheBound) {
  const auto v = *Tensor::zeros(DType::kFloat32, {1000003});
  for (float& element : v.elements<float>()) element = 0.1F;
  const auto sum = einsum("i->", {v});
  ASSERT_TRUE(sum);
  EXPECT_NEAR(sum->elements<float>()[0], 1000003 * static_cast<double>(0.1F), 20);
}

TEST(Einsum, LongSumsAndLargeOperandsAreExact) {
  const auto typed = [](DType dtype, std::vector<int64_t> extents) {
    return TensorType::row_major(dtype, std::move(extents));
  };
  const struct {
    std::vector<std::string> terms;
    std::string output;
    std::vector<TensorType> inputs;
    std::optional<TensorType> output_type;
    bool in_parts = true;
  } kCases[] = {
      {{"i", "i"}, "", std::vector(2, typed(DType::kFloat64, {1 << 20})), {}},
      {{"ij"}, "j", {typed(DType::kInt32, {1 << 18, 5})}, {}},
      {{"ijk"}, "j", {typed(DType::kComplex64, {300, 3, 1200})}, {}},
      {{"kbi", "bkj"},
       "jbi",
       {typed(DType::kFloat32, {27000, 2, 7}), typed(DType::kFloat32, {2, 27000, 13})},
       {}},
      {{"ki", "klj"},
       "ij",
       {typed(DType::kFloat16, {4096, 9}), typed(DType::kFloat32, {4096, 8, 31})},
       TensorType{DType::kFloat32, {9, 31}, {3, 40}}},
      {{"ij"}, "j", {typed(DType::kFloat64, {4096, 1000})}, {}},
      // Rows from different pages; operands in runs, interleaved, and asked for ahead.
      {{"ij"}, "i", {typed(DType::kFloat32, {4096, 96})}, {}, false},
      {{"dca", "bd"},
       "abc",
       {typed(DType::kFloat32, {192, 40, 64}), typed(DType::kFloat32, {24, 192})},
       {},
       false},
      {{"ni", "ij"},
       "nj",
       {typed(DType::kFloat32, {200000, 3}), typed(DType::kFloat32, {3, 3})},
       {},
       false},
      {{"bij", "bjk"}, "bik", std::vector(2, typed(DType::kFloat32, {300, 33, 33})), {}, false},
  };
  for (const auto& item : kCases) {
    // Small integers, so that every order of additions is exact.
    std::vector<Tensor> operands;
    for (const TensorType& type : item.inputs) {
      operands.push_back(*Tensor::zeros(type.dtype, type.extents));
      for (int64_t i = 0; i < element_count(type.extents); ++i)
        test::set_element(operands.back(), i, static_cast<long double>(i * 7 % 5 - 2));
    }
    const std::vector<TensorView> views(operands.begin(), operands.end());
    const std::string text =
        item.terms[0] + (item.terms.size() > 1 ? "," + item.terms[1] : "") + "->" + item.output;
    for (const char* const tier : {"highway", "auto"}) {
      const auto kernel =
          compile(text, item.inputs, item.output_type, {.tier = tier, .threads = 3});
      ASSERT_TRUE(kernel) << render(kernel.error(), text);
      EXPECT_EQ(kernel->scratch_bytes() > 0, item.in_parts) << text;
      const TensorType& type = kernel->output_type();
      const Tensor storage = *Tensor::zeros(type.dtype, {offset_range(type).end});
      const TensorView output{TensorView(storage).data, type};
      ASSERT_TRUE(kernel->run(views, output));
      const test::Request request{text, item.terms, item.output, item.inputs, type};
      EXPECT_EQ(test::difference(output, test::reference(request, views), views.size()), "")
          << text << " on " << tier;
    }
  }
}

TEST(Einsum, KernelsRunAtAddresses) {
  const TensorType type = matrix().type();
  // One step, and several with intermediates.
  for (const std::string expression : {"ij,jk->ik", "ij,jk,kl->il", "ij->j"}) {
    const auto operands =
        static_cast<size_t>(1 + std::count(expression.begin(), expression.end(), ','));
    const auto kernel = compile(expression, std::vector<TensorType>(operands, type));
    ASSERT_TRUE(kernel) << expression;
    std::vector<const void*> addresses(operands, matrix().data());
    const auto expected =
        *einsum(expression, std::vector<TensorView>(operands, TensorView(matrix())));
    auto result = *Tensor::zeros(DType::kFloat32, kernel->output_type().extents);
    ASSERT_TRUE(kernel->run_at(addresses, result.data())) << expression;
    EXPECT_EQ(elements_to_string(result), elements_to_string(expected)) << expression;

    const auto message = [&](std::span<const void* const> inputs, void* output) {
      const auto done = kernel->run_at(inputs, output);
      return done ? std::string("ok") : done.error().message;
    };
    EXPECT_EQ(message(std::vector<const void*>(operands + 1, matrix().data()), result.data()),
              "the kernel takes " + std::to_string(operands) + " operands, not " +
                  std::to_string(operands + 1));
    EXPECT_EQ(message(addresses, nullptr), "the output has no data");
    EXPECT_EQ(message(addresses, matrix().data()), "the output overlaps operand 0 in memory");
    addresses.back() = nullptr;
    EXPECT_EQ(message(addresses, result.data()),
              "operand " + std::to_string(operands - 1) + " has no data");
  }
}

TEST(Einsum, NothingOverlapsWhatIsEmpty) {
  const auto kernel = compile("ij,jk->ik", {*parse_type("float32[0,2]"), matrix().type()});
  ASSERT_TRUE(kernel);
  const Tensor all = matrix();
  const std::vector<const void*> inputs{nullptr, all.data()};
  EXPECT_TRUE(kernel->run_at(inputs, static_cast<float*>(all.data()) + 1));
  EXPECT_TRUE(kernel->run_at(inputs, nullptr));
}

TEST(Einsum, ErrorsNameTheCulpritAndWriteNothing) {
  const auto three = *Tensor::zeros(DType::kFloat32, {3, 2});
  auto out = Tensor::of<float>({2, 2}, {9, 9, 9, 9});
  const auto message = [&](std::string_view expression, const std::vector<TensorView>& operands,
                           const TensorView& output) {
    const auto done = einsum(expression, operands, output);
    EXPECT_EQ(elements_to_string(out), "[[9, 9], [9, 9]]");
    return done ? std::string("ok") : render(done.error(), expression);
  };
  EXPECT_EQ(message("ij,jk->ik", {matrix(), three}, out),
            "shape error: label 'j' is 2 in operand 0 but 3 in operand 1\n  ij,jk->ik\n     ^");
  EXPECT_EQ(message("ij->ji", {three}, out),
            "shape error: the output is float32[2,2] but the result is float32[2,3]");
  EXPECT_EQ(message("ij->ji", {out}, out),
            "argument error: the output overlaps operand 0 in memory");
  EXPECT_EQ(message("ij->ji", {TensorView{nullptr, matrix().type()}}, out),
            "argument error: operand 0 has no data");
  EXPECT_EQ(
      message("ij->ji", {TensorView{matrix().data(), {DType::kFloat32, {2, -2}, {2, 1}}}}, out),
      "shape error: operand 0: extent -2 of dimension 1 is negative");
  EXPECT_EQ(message("ij->ji", {TensorView{matrix().data(), {DType::kFloat32, {2, 2}, {2}}}}, out),
            "shape error: operand 0: the type has 2 extents but 1 strides");
}

TEST(Einsum, OptionsAreChecked) {
  const auto message = [](const Options& options) {
    const auto result = einsum("ij->ji", {matrix()}, options);
    return result ? std::string("ok") : render(result.error());
  };
  EXPECT_EQ(message({.dialect = "pytorch"}),
            "argument error: no dialect 'pytorch'; there are einc, numpy, numpy_opt, torch, tf, "
            "opt_einsum");
  EXPECT_EQ(
      message({.path = "best"}),
      "argument error: no path finder 'best'; there are auto, exact, greedy, elimination, sweep, "
      "bisection, reconfigure, anneal, or give a path such as [[0, 1], [0, 1]]");
  EXPECT_EQ(message({.target = "vax"}),
            "argument error: no target 'vax'; there are host, x86-64-v2, x86-64-v3, x86-64-v4, "
            "x86-64-v4-bf16, x86-64-v4-fp16, x86-64-v4-fp16-amx");
}

TEST(Einsum, MemoryLimitIsKept) {
  const std::vector<TensorType> types{TensorType::row_major(DType::kFloat64, {40, 50, 3}),
                                      TensorType::row_major(DType::kFloat64, {50, 60, 4}),
                                      TensorType::row_major(DType::kFloat64, {60, 40, 5})};
  const char* const expression = "abx,bcy,caz->xyz";
  const auto unlimited = compile(expression, types);
  ASSERT_TRUE(unlimited);
  const int64_t all = unlimited->scratch_bytes();
  ASSERT_GT(all, 50'000);
  for (const int64_t limit : {all + (1 << 20), all / 2, all / 8, all / 64}) {
    Options options;
    options.memory_limit = limit;
    auto kernel = compile(expression, types, options);
    if (!kernel) {  // precompiled kernels need some scratch of their own
      ASSERT_EQ(kernel.error().code, ErrorCode::kMemory);
      options.memory_limit = test::sufficient_memory_limit(kernel.error());
      kernel = compile(expression, types, options);
    }
    ASSERT_TRUE(kernel) << render(kernel.error());
    EXPECT_LE(kernel->scratch_bytes(), *options.memory_limit);
  }
}

TEST(Einsum, MemoryLimitThatCannotBeKeptIsRefused) {
  const std::vector<TensorType> types{TensorType::row_major(DType::kFloat64, {40, 50, 3}),
                                      TensorType::row_major(DType::kFloat64, {50, 60, 4}),
                                      TensorType::row_major(DType::kFloat64, {60, 40, 5})};
  const auto message = [&](int64_t limit) {
    Options options;
    options.memory_limit = limit;
    const auto kernel = compile("abx,bcy,caz->xyz", types, options);
    return kernel ? std::string("ok") : render(kernel.error());
  };
  EXPECT_EQ(message(0), "argument error: a memory limit of 0 bytes leaves no memory");
  const std::string refusal = message(1);
  constexpr std::string_view kBegin =
      "out of memory: no slicing keeps the memory limit of 1 bytes; ";
  ASSERT_TRUE(refusal.starts_with(kBegin)) << refusal;
  EXPECT_EQ(message(std::stoll(refusal.substr(kBegin.size()))), "ok");
}

TEST(Einsum, TooLargeAnIntermediateIsRefused) {
  // Four vectors of stride 0 whose outer product is the only way.
  const TensorType type{DType::kFloat32, {100000}, {0}};
  float one = 1;
  const TensorView v{&one, type};
  const std::vector<TensorView> operands(4, v);
  const auto result = einsum("a,b,c,d->abcd", operands);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the extents and strides reach 2^60 bytes or more");
}

TEST(Kernel, ChecksWhatItIsGiven) {
  const auto kernel = compile("ij,jk->ik", {matrix().type(), matrix().type()});
  ASSERT_TRUE(kernel);
  EXPECT_EQ(to_string(kernel->output_type()), "float32[2,2]");
  EXPECT_EQ(kernel->scratch_bytes(), 0);
  const auto c = *Tensor::zeros(DType::kFloat32, {2, 2});
  const auto run = [&](const std::vector<TensorView>& operands, const TensorView& output) {
    const auto done = kernel->run(operands, output);
    return done ? std::string("ok") : render(done.error());
  };
  EXPECT_EQ(run({matrix(), matrix()}, c), "ok");
  EXPECT_EQ(run({matrix()}, c), "argument error: the kernel takes 2 operands, not 1");
  EXPECT_EQ(run({matrix(), *Tensor::zeros(DType::kFloat64, {2, 2})}, c),
            "dtype error: operand 1 is float64[2,2] but the kernel takes float32[2,2]");
  EXPECT_EQ(run({matrix(), matrix()}, *Tensor::zeros(DType::kFloat32, {2, 3})),
            "shape error: the output is float32[2,3] but the kernel takes float32[2,2]");
}

// Of what runs a step; without a compiler there is one.
std::vector<std::string> tiers() {
  if (!code_generator()) return {"highway"};
  return {"highway", "jit"};
}

TEST(Kernel, ResultsDoNotDependOnThreads) {
  const auto a = *Tensor::zeros(DType::kFloat32, {301, 257});
  const auto b = *Tensor::zeros(DType::kFloat32, {257, 333});
  for (const Tensor* tensor : {&a, &b})
    for (size_t i = 0; i < tensor->elements<float>().size(); ++i)
      tensor->elements<float>()[i] = std::sin(static_cast<float>(i));
  for (const std::string& tier : tiers())
    for (const char* const expression : {"ij,jk->ki", "ij,jk->i", "ij,jk->"}) {
      std::string first;
      for (const int threads : {1, 2, 3, 8}) {
        const auto c = einsum(expression, {a, b}, {.tier = tier, .threads = threads});
        ASSERT_TRUE(c);
        const auto bytes =
            std::string(static_cast<const char*>(c->data()), static_cast<size_t>(c->size()) * 4);
        if (first.empty()) first = bytes;
        EXPECT_EQ(bytes, first) << expression << " on " << tier << ", " << threads << " threads";
      }
    }
}

TEST(Kernel, RunsFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(6);
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&wrong, t] {
      for (int i = 0; i < 40; ++i) {
        const auto v = *Tensor::zeros(DType::kFloat64, {20 + i % 7, 30});
        for (double& element : v.elements<double>()) element = t;
        for (const std::string& tier : tiers()) {
          const auto sums = einsum("ij,kj->ik", {v, v}, {.tier = tier});
          if (!sums || sums->elements<double>().back() != 30.0 * t * t)
            ++wrong[static_cast<size_t>(t)];
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(6));
}

std::string stages_of(const std::string& tier) {
  std::string stages;
  Options options;
  options.tier = tier;
  options.trace = [&](std::string_view stage, const std::string& text) {
    stages.append(stage).append(text.empty() ? "(empty) " : " ");
  };
  EXPECT_TRUE(compile("ij,jk->ik", {matrix().type(), matrix().type()}, options));
  return stages;
}

TEST(Trace, ShowsEveryStageInOrder) {
  EXPECT_EQ(stages_of("highway"), "parse bind simplify path layout lower kernel ");
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  EXPECT_EQ(stages_of("jit"), "parse bind simplify path layout lower schedule llvm assembly ");
  EXPECT_EQ(stages_of("auto"), stages_of("jit"));
}

TEST(Options, UnknownTierIsAnError) {
  Options options;
  options.tier = "abacus";
  const auto kernel = compile("ij->ji", {matrix().type()}, options);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(render(kernel.error()),
            "argument error: no tier 'abacus'; there are auto, jit, highway");
}

}  // namespace
}  // namespace einc
