// Kernels ahead of time: objects and headers go through the C compiler and the linker, and what
// comes out must agree with the oracle.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>

#include "case_count.h"
#include "compiler/aot.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/path.h"
#include "compiler/target.h"
#include "einc/aot.h"
#include "einc/einc.h"
#include "folder.h"
#include "random_case.h"

namespace einc::test {
namespace {

const std::string kCompiler = std::string("'") + EINC_CXX + "'";

using Call = int64_t (*)(const void* const* in, void* out, void* scratch);

// Objects in one library, which the C compiler and the linker make.
class Library {
 public:
  // Functions of any number of operands, behind one signature that the header's own declares.
  void add(const std::string& name, size_t inputs, const AotKernel& kernel, bool returns = false) {
    folder_.write(name + ".o", kernel.object);
    folder_.write(name + ".h", kernel.header);
    const std::string signature =
        "int64_t call_" + name + "(const void* const* in, void* out, void* scratch)";
    source_ += "#include \"" + name + ".h\"\n" + signature + ";\n" + signature + " {\n  ";
    source_ += (returns ? "return " : "") + name + "(";
    for (size_t i = 0; i < inputs; ++i) source_ += "in[" + std::to_string(i) + "], ";
    source_ += std::string("out, scratch);\n") + (returns ? "" : "  return 0;\n") + "}\n";
  }
  void link() {
    folder_.write("calls.c", "#include <stddef.h>\n" + source_);
    const std::string flags = " -x c -std=c99 -Wall -Wextra -Werror -pedantic -fPIC";
    EXPECT_EQ(folder_.run(kCompiler + flags + " -c calls.c -o calls.o"), "");
    EXPECT_EQ(folder_.run(kCompiler + " -shared -o calls.so *.o"), "");
    library_ = dlopen(folder_.path("calls.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) ADD_FAILURE() << dlerror();
  }
  // Null, and a failure, if there is none.
  Call call(const std::string& name) const {
    if (library_ == nullptr) return nullptr;
    const auto function = reinterpret_cast<Call>(dlsym(library_, ("call_" + name).c_str()));
    EXPECT_NE(function, nullptr) << name;
    return function;
  }

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (library_ != nullptr) dlclose(library_);
  }

 private:
  const Folder folder_;
  std::string source_;
  void* library_ = nullptr;
};

// ---- Many objects in one library

std::vector<const Target*> runnable_targets() {
  std::vector<const Target*> runnable;
  for (const Target& target : targets())
    if (find_target(target.name) != nullptr) runnable.push_back(&target);
  return runnable;
}

const int kCasesPerBatch = case_count(50);

class AotBatch : public testing::TestWithParam<int> {};

TEST_P(AotBatch, AgreesWithTheReference) {
  Library library;
  const std::vector<const Target*> runnable = runnable_targets();
  std::vector<std::unique_ptr<RandomCase>> cases;
  std::vector<int64_t> scratch_bytes;
  for (int i = 0; i < kCasesPerBatch; ++i) {
    const auto seed = static_cast<uint32_t>(5'000'000 + GetParam() * 100000 + i);
    cases.push_back(std::make_unique<RandomCase>(seed));
    const Request& request = cases.back()->request();
    const std::string name = "f" + std::to_string(i);
    Options options;
    options.target = runnable[static_cast<size_t>(i) % runnable.size()]->name;
    const auto compiled = [&] {
      return compile_ahead(request.expression, request.inputs, name, request.output_type, options);
    };
    // As little memory as will do, so that all that can be sliced is.
    if (i % 3 == 0) options.memory_limit = 1;
    auto kernel = compiled();
    if (!kernel && options.memory_limit) {
      options.memory_limit = sufficient_memory_limit(kernel.error());
      kernel = compiled();
    }
    ASSERT_TRUE(kernel) << render(kernel.error(), request.expression);
    scratch_bytes.push_back(kernel->scratch_bytes);
    library.add(name, request.inputs.size(), *kernel);
  }
  library.link();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message()
                 << "batch " << GetParam() << " case " << i << ": " << cases[i]->description());
    const Call call = library.call("f" + std::to_string(i));
    ASSERT_NE(call, nullptr);
    const auto scratch_type = TensorType::row_major(DType::kUInt8, {scratch_bytes[i]});
    const FencedTensor scratch(scratch_type, FencedTensor::Fence::kAtEnd);
    EXPECT_EQ(cases[i]->check([&](const std::vector<TensorView>& inputs, const TensorView& output) {
      std::vector<const void*> pointers;
      for (const TensorView& input : inputs) pointers.push_back(input.data);
      call(pointers.data(), output.data, scratch_bytes[i] > 0 ? scratch.view().data : nullptr);
      return std::string();
    }),
              "");
  }
}

INSTANTIATE_TEST_SUITE_P(Batch, AotBatch, testing::Range(0, 6));

// ---- One object

Result<AotKernel> kernel_of(const char* expression, const std::vector<const char*>& types,
                            const std::string& name, const Options& options = {}) {
  std::vector<TensorType> inputs;
  for (const char* const type : types) inputs.push_back(*parse_type(type));
  return compile_ahead(expression, inputs, name, options);
}

TEST(Aot, ObjectsNeedNothingButMemcpyAndMemset) {
  const Folder folder;
  const struct {
    const char* expression;
    std::vector<const char*> types;
  } kCases[] = {
      {"ij,jk->ik", {"float32[100,100]", "float32[100,100]"}},
      {"ij,jk->ik", {"float16[100,100]", "bfloat16[100,100]"}},
      {"ij,jk->ik", {"uint64[33,65]", "uint64[65,3]"}},
      {"ij,jk->ik", {"int8[33,65]", "bool[65,3]"}},
      {"ij,jk->ik", {"bfloat16[100,100]", "bfloat16[100,100]"}},
      {"ij->ji", {"float16[300,500]"}},
      {"ij->j", {"bfloat16[300,500]"}},
      {"i,ij,j->", {"complex128[300]", "complex128[300,500]", "float32[500]"}},
      {"i->ii", {"int16[99]"}},
  };
  int objects = 0;
  for (const Target& target : targets())
    for (const auto& [expression, types] : kCases) {
      const std::string name = "f" + std::to_string(objects++);
      const auto kernel = kernel_of(expression, types, name, {.target = std::string(target.name)});
      ASSERT_TRUE(kernel) << render(kernel.error());
      folder.write(name + ".o", kernel->object);
    }
  std::istringstream symbols(folder.run("nm -A --undefined-only *.o"));
  std::set<std::string> undefined;
  for (std::string line; std::getline(symbols, line);)
    undefined.insert(line.substr(line.rfind(' ') + 1));
  for (const std::string& symbol : undefined)
    EXPECT_TRUE(symbol == "memcpy" || symbol == "memset") << symbol;
  std::istringstream defined(folder.run("nm -A --defined-only --extern-only *.o"));
  int functions = 0;
  for (std::string line; std::getline(defined, line); ++functions)
    EXPECT_NE(line.find(" T f"), std::string::npos) << line;
  EXPECT_EQ(functions, objects);
}

// Of which two tasks share what is packed.
TEST(Aot, LargeProductsAreThoseOfTheJit) {
  const auto kernel = kernel_of("ij,jk->ik", {"float32[1030,1000]", "float32[1000,1050]"}, "f");
  ASSERT_TRUE(kernel) << render(kernel.error());
  EXPECT_GT(kernel->scratch_bytes, 1030 * 1000 * 4);  // a whole operand
  Library library;
  library.add("f", 2, *kernel);
  library.link();
  const Call call = library.call("f");
  ASSERT_NE(call, nullptr);

  Tensor a = *Tensor::zeros(DType::kFloat32, {1030, 1000});
  Tensor b = *Tensor::zeros(DType::kFloat32, {1000, 1050});
  for (Tensor* const tensor : {&a, &b})
    for (int64_t i = 0; i < element_count(tensor->type().extents); ++i)
      static_cast<float*>(tensor->data())[i] = static_cast<float>(i % 1009) / 1009;
  Options compiled;
  compiled.tier = "jit";
  const Tensor expected = *einsum("ij,jk->ik", {a.view(), b.view()}, compiled);
  Tensor result = *Tensor::zeros(DType::kFloat32, {1030, 1050});
  const FencedTensor scratch(TensorType::row_major(DType::kUInt8, {kernel->scratch_bytes}),
                             FencedTensor::Fence::kAtEnd);
  const void* const inputs[] = {a.data(), b.data()};
  call(inputs, result.data(), scratch.view().data);
  EXPECT_EQ(std::memcmp(result.data(), expected.data(), 1030 * 1050 * sizeof(float)), 0);
}

// In a program of its own, for which nobody else asks the system for registers. An odd sum comes in
// parts of its operands.
TEST(Aot, ProgramsMultiplyMatricesOfBFloat16) {
  constexpr struct {
    const char* terms;
    const char* sum;  // as bfloat16
  } kCases[] = {{"96", "0x42c0"}, {"131", "0x4303"}};
  for (const auto& [terms, sum] : kCases) {
    const std::string k = terms;
    const std::string a = "bfloat16[100," + k + "]";
    const std::string b = "bfloat16[" + k + ",90]";
    const auto kernel = kernel_of("ij,jk->ik", {a.c_str(), b.c_str()}, "f");
    ASSERT_TRUE(kernel) << render(kernel.error());
    const Folder folder;
    folder.write("f.o", kernel->object);
    folder.write("f.h", kernel->header);
    folder.write("main.c", "#define K " + k + "\n#define SUM " + sum + R"(
#include <stdio.h>
#include <stdlib.h>
#include "f.h"
static uint16_t a[100 * K], b[K * 90], c[100 * 90];
int main(void) {
  int i, wrong = 0;
  for (i = 0; i < 100 * K; ++i) a[i] = 0x3f80; /* 1 */
  for (i = 0; i < K * 90; ++i) b[i] = 0x3f80;
  f(a, b, c, malloc(f_scratch_bytes + 1));
  for (i = 0; i < 100 * 90; ++i) wrong += c[i] != SUM;
  printf("%d wrong\n", wrong);
  return 0;
}
)");
    EXPECT_EQ(folder.run(kCompiler + " -x c -std=c99 main.c -x none f.o -o main && ./main"),
              "0 wrong\n");
  }
}

// A ring of matrices of large numbers, and of one whose rows differ by more than the range, so that
// slices have exponents of their own.
struct Ring {
  std::string expression;
  std::vector<TensorType> types;
  std::vector<Tensor> tensors;
};

template <typename Real>
Ring make_ring(DType dtype, bool is_open) {
  constexpr int kSize = 7;
  constexpr int64_t kExtent = 20;
  constexpr bool kIsDouble = sizeof(Real) == 8;
  Ring ring;
  for (int t = 0; t < kSize; ++t) {
    const auto label = [&](int at) { return std::string(1, static_cast<char>('a' + at % kSize)); };
    ring.expression += (t > 0 ? "," : "") + label(t) + label(t + 1);
    ring.types.push_back(TensorType::row_major(dtype, {kExtent, kExtent}));
    ring.tensors.push_back(*Tensor::zeros(dtype, {kExtent, kExtent}));
    const auto row = kExtent * info(dtype).bytes / static_cast<int64_t>(sizeof(Real));
    for (int64_t i = 0; i < kExtent * row; ++i) {
      const int64_t less = t == 2 ? i / row * (kIsDouble ? 70 : 10) : 0;
      static_cast<Real*>(ring.tensors.back().data())[i] =
          std::ldexp(1 + static_cast<Real>((i * 7919 + t) % 1009) / 1009,
                     static_cast<int>((kIsDouble ? 400 : 50) - less));
    }
  }
  ring.expression += is_open ? "->af" : "->";
  return ring;
}

// Less than an intermediate takes, and more than slices of it do.
Options stripping_options(bool is_sliced) {
  Options options{.strip_exponents = true, .tier = "jit"};
  if (is_sliced) options.memory_limit = 1024;
  return options;
}

void check_exponents(const Ring& ring, const Options& options) {
  const std::vector<TensorView> views(ring.tensors.begin(), ring.tensors.end());
  const auto kernel = compile(ring.expression, ring.types, options);
  ASSERT_TRUE(kernel) << render(kernel.error());
  const TensorType& type = kernel->output_type();
  const Tensor expected = *Tensor::zeros(type.dtype, type.extents);
  const auto exponent = kernel->run_scaled(views, expected);
  ASSERT_TRUE(exponent);
  EXPECT_GT(*exponent, 300);
  const auto profile = kernel->profile(views, *Tensor::zeros(type.dtype, type.extents));
  ASSERT_TRUE(profile);
  const bool is_sliced = std::any_of(profile->begin(), profile->end(),
                                     [](const StepTime& step) { return step.runs > 1; });
  EXPECT_EQ(is_sliced, options.memory_limit.has_value());

  const auto ahead = compile_ahead(ring.expression, ring.types, "f", options);
  ASSERT_TRUE(ahead) << render(ahead.error());
  Library library;
  library.add("f", views.size(), *ahead, true);
  library.link();
  const Call call = library.call("f");
  ASSERT_NE(call, nullptr);
  std::vector<const void*> addresses;
  for (const TensorView& view : views) addresses.push_back(view.data);
  std::vector<char> scratch(static_cast<size_t>(ahead->scratch_bytes));
  const Tensor result = *Tensor::zeros(type.dtype, type.extents);
  EXPECT_EQ(call(addresses.data(), result.data(), scratch.data()), *exponent);
  const auto bytes = static_cast<size_t>(element_count(type.extents) * info(type.dtype).bytes);
  EXPECT_EQ(std::memcmp(result.data(), expected.data(), bytes), 0);
}

TEST(Aot, ExponentsAreThoseOfTheJit) {
  const auto check = [](const Ring& ring) {
    for (const bool is_sliced : {false, true}) {
      SCOPED_TRACE(ring.expression + " of " + to_string(ring.types[0]));
      check_exponents(ring, stripping_options(is_sliced));
    }
  };
  check(make_ring<float>(DType::kFloat32, true));
  check(make_ring<double>(DType::kFloat64, false));
  check(make_ring<float>(DType::kComplex64, true));
}

TEST(Aot, HeaderIsCAndCxx) {
  const Folder folder;
  const auto kernel = kernel_of("i,ij,->j", {"complex64[3]", "float16[3,4]", "bool[]"}, "mixed_1");
  ASSERT_TRUE(kernel);
  EXPECT_NE(kernel->header.find("out = i,ij,->j\n *   in0: complex64[3] (pairs, the real part "
                                "first)\n *   in1: float16[3,4]"),
            std::string::npos)
      << kernel->header;
  EXPECT_NE(
      kernel->header.find("void mixed_1(const float* in0, const uint16_t* in1, const uint8_t* "
                          "in2, float* out, void* scratch);"),
      std::string::npos)
      << kernel->header;
  EXPECT_NE(kernel->header.find("static const int64_t mixed_1_in1_extents[2] = {3, 4};"),
            std::string::npos);
  folder.write("mixed_1.h", kernel->header);
  folder.write("includes.c", "#include \"mixed_1.h\"\n#include \"mixed_1.h\"\n");
  const std::string check = " -Wall -Wextra -Werror -pedantic -fsyntax-only includes.c";
  EXPECT_EQ(folder.run(kCompiler + " -x c -std=c99" + check), "");
  EXPECT_EQ(folder.run(kCompiler + " -x c++ -std=c++11" + check), "");
}

TEST(Aot, EmptyTensorsAreLegal) {
  EXPECT_TRUE(kernel_of("ij,jk->ik", {"float32[0,3]", "float32[3,4]"}, "f"));
  EXPECT_TRUE(kernel_of("ij,jk->ik", {"float32[2,0]", "float32[0,4]"}, "f"));
}

TEST(Aot, Errors) {
  const auto text = [](const Result<AotKernel>& kernel) {
    return kernel ? std::string("compiled")
                  : render(kernel.error()) + " [" + std::string(kernel.error().rule) + "]";
  };
  for (const char* const name : {"", "1st", "a-b", "a b", "int", "class", "memcpy", "é"})
    EXPECT_EQ(text(kernel_of("i->i", {"float32[3]"}, name)),
              "argument error: '" + std::string(name) +
                  "' is no name for a function in C and C++ [name]");
  EXPECT_EQ(text(kernel_of("i->i", {"float32[3]"}, "f", {.target = "vax"})),
            "argument error: no target 'vax'; there are host, x86-64-v2, x86-64-v3, x86-64-v4, "
            "x86-64-v4-bf16, x86-64-v4-fp16, x86-64-v4-fp16-amx [unknown-argument]");
  EXPECT_EQ(text(kernel_of("ij->i", {"float32[3]"}, "f")).substr(0, 12), "shape error:");
}

TEST(Aot, RefusesWhatOnlyPrecompiledKernelsRun) {
  Einsum einsum{.labels = {{"i", 4}},
                .inputs = {{.dtype = DType::kFloat32, .labels = {0}, .strides = {1}}},
                .output = {.dtype = DType::kFloat32, .labels = {0}, .strides = {1}},
                .softmax = 0};
  const auto request = plan_request({}, einsum);
  const Target& target = targets()[0];
  const auto softmax = schedule_ahead(einsum, "f", *request, target);
  ASSERT_FALSE(softmax);
  EXPECT_EQ(render(softmax.error()), "unsupported: a softmax cannot be compiled ahead of time");
  einsum.softmax.reset();
  einsum.inputs[0].normalize = Normalization{0, 1e-12};
  const auto normalized = schedule_ahead(einsum, "f", *request, target);
  ASSERT_FALSE(normalized);
  EXPECT_EQ(render(normalized.error()),
            "unsupported: a normalization cannot be compiled ahead of time");
}

TEST(Aot, KnowsTheTargets) {
  const std::vector<TargetInfo> infos = known_targets();
  EXPECT_EQ(infos.front().name, "x86-64-v2");
  EXPECT_EQ(std::count_if(infos.begin(), infos.end(),
                          [](const TargetInfo& target) { return target.is_host; }),
            1);
}

}  // namespace
}  // namespace einc::test
