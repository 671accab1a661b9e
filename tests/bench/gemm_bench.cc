// einc_bench [--tier jit|highway] [FILTER...]: prints, for matrix products and their kin, GFLOP/s
// and the fraction of this core's measured multiply-add peak; for steps bound by memory GB/s, each
// operand's bytes counted once; and what compiling cost. Filters are substrings of the cases'
// names.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "einc/einc.h"
#include "peak.h"

namespace {

struct Case {
  const char* name;
  const char* expression;
  std::vector<std::string> types;
  double multiply_adds;  // 0 of one that is bound by memory
};

std::vector<Case> cases() {
  return {
      {"gemm/512/f32", "ij,jk->ik", {"float32[512,512]", "float32[512,512]"}, 512.0 * 512 * 512},
      {"gemm/512/f32/bt", "ik,jk->ij", {"float32[512,512]", "float32[512,512]"}, 512.0 * 512 * 512},
      {"gemm/512/f32/at", "ki,kj->ij", {"float32[512,512]", "float32[512,512]"}, 512.0 * 512 * 512},
      {"gemm/512/f64", "ij,jk->ik", {"float64[512,512]", "float64[512,512]"}, 512.0 * 512 * 512},
      {"gemm/512/f16", "ij,jk->ik", {"float16[512,512]", "float16[512,512]"}, 512.0 * 512 * 512},
      {"gemm/512/bf16", "ij,jk->ik", {"bfloat16[512,512]", "bfloat16[512,512]"}, 512.0 * 512 * 512},
      {"gemm/1024/f32",
       "ij,jk->ik",
       {"float32[1024,1024]", "float32[1024,1024]"},
       1024.0 * 1024 * 1024},
      {"gemm/2048/f32",
       "ij,jk->ik",
       {"float32[2048,2048]", "float32[2048,2048]"},
       2048.0 * 2048 * 2048},
      {"gemm/500x300x700/f32",
       "ij,jk->ik",
       {"float32[500,700]", "float32[700,300]"},
       500.0 * 300 * 700},
      {"batched/64/f32",
       "bij,bjk->bik",
       {"float32[256,64,64]", "float32[256,64,64]"},
       256.0 * 64 * 64 * 64},
      {"batched/23/f32",
       "bij,bjk->bik",
       {"float32[1024,23,23]", "float32[1024,23,23]"},
       1024.0 * 23 * 23 * 23},
      {"tensor/abcd-ebad-ce",
       "ebad,ce->abcd",
       {"float32[48,36,24,40]", "float32[36,48]"},
       48.0 * 36 * 24 * 40 * 36},
      {"attention/scores",
       "bhqd,bhkd->bhqk",
       {"float32[4,8,256,64]", "float32[4,8,256,64]"},
       4.0 * 8 * 256 * 256 * 64},
      // 64 MiB each
      {"memory/ij->ji", "ij->ji", {"float32[4096,4096]"}, 0},
      {"memory/abcd->dcba", "abcd->dcba", {"float32[64,64,64,64]"}, 0},
      {"memory/ij->i", "ij->i", {"float32[4096,4096]"}, 0},
      {"memory/ij->j", "ij->j", {"float32[4096,4096]"}, 0},
      {"memory/ij->i/f16", "ij->i", {"float16[4096,4096]"}, 0},
      {"memory/ij->i/bf16", "ij->i", {"bfloat16[4096,4096]"}, 0},
  };
}

// The fastest run within the budget: noise only ever adds time.
template <class Run>
double best_seconds(Run run, double budget) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  const auto stop = Clock::now() + std::chrono::duration<double>(budget);
  do {
    const auto start = Clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < stop);
  return best;
}

void fill(const einc::Tensor& tensor) {
  const auto numbers = *einc::Tensor::zeros(einc::DType::kFloat32, tensor.extents());
  for (size_t i = 0; i < static_cast<size_t>(numbers.size()); ++i)
    numbers.elements<float>()[i] = 0.5F + 0.001F * static_cast<float>(i % 97);
  einc::Options options;
  options.tier = "highway";
  (void)einc::einsum("...->...", {numbers}, tensor, options);
}

double megabytes(const einc::TensorType& type) {
  return 1e-6 *
         static_cast<double>(einc::element_count(type.extents) * einc::info(type.dtype).bytes);
}

int run_case(const Case& item, const std::string& tier, double peak_f32) {
  einc::Options options;
  options.threads = 1;
  options.tier = tier;
  std::vector<einc::Tensor> tensors;
  std::vector<einc::TensorView> views;
  std::vector<einc::TensorType> types;
  for (const std::string& text : item.types) {
    types.push_back(*einc::parse_type(text));
    tensors.push_back(*einc::Tensor::zeros(types.back().dtype, types.back().extents));
    fill(tensors.back());
    views.push_back(tensors.back());
  }
  const auto start = std::chrono::steady_clock::now();
  const auto kernel = einc::compile(item.expression, types, options);
  const double compile_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!kernel) {
    std::fprintf(stderr, "%s: %s\n", item.name,
                 einc::render(kernel.error(), item.expression).c_str());
    return 1;
  }
  const auto output =
      *einc::Tensor::zeros(kernel->output_type().dtype, kernel->output_type().extents);
  bool failed = false;
  const double seconds = best_seconds([&] { failed |= !kernel->run(views, output); }, 0.4);
  std::printf("%-24s %9.3f ms ", item.name, seconds * 1e3);
  if (item.multiply_adds > 0) {
    const double gflops = 2e-9 * item.multiply_adds / seconds;
    const double peak = types[0].dtype == einc::DType::kFloat64 ? peak_f32 / 2 : peak_f32;
    std::printf("%8.1f GFLOP/s %5.1f %% of peak", gflops, 100 * gflops / peak);
  } else {
    double moved = megabytes(kernel->output_type());
    for (const einc::TensorType& type : types) moved += megabytes(type);
    std::printf("%8.1f GB/s                ", 1e-3 * moved / seconds);
  }
  std::printf("   compiled in %5.2f ms\n", compile_seconds * 1e3);
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> filters(argv + 1, argv + argc);
  std::string tier = "auto";
  if (filters.size() >= 2 && filters[0] == "--tier") {
    tier = filters[1];
    filters.erase(filters.begin(), filters.begin() + 2);
  }
  const double peak = einc::bench::peak_gflops_f32();
  std::printf("peak %.1f GFLOP/s in float32 (multiply-adds from registers, one core)\n", peak);
  int failures = 0;
  for (const Case& item : cases()) {
    const bool wanted =
        filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
          return std::string(item.name).find(filter) != std::string::npos;
        });
    if (wanted) failures += run_case(item, tier, peak);
  }
  return failures;
}
