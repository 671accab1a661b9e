#include "peak.h"

#include <algorithm>
#include <chrono>

namespace einc::bench {
namespace {

constexpr int kChains = 24;
constexpr int kSteps = 200000;

// Each chain waits for itself only; enough of them hide the latency.
#define EINC_PEAK_LOOP(bytes)                                                                     \
  typedef float V __attribute__((vector_size(bytes)));                                            \
  V sums[kChains];                                                                                \
  for (int c = 0; c < kChains; ++c) sums[c] = V{} + static_cast<float>(c);                        \
  V factor = V{} + 0.999999F;                                                                     \
  V term = V{} + 1e-9F;                                                                           \
  for (int step = 0; step < kSteps; ++step) {                                                     \
    _Pragma("GCC unroll 24") for (int c = 0; c < kChains; ++c) sums[c] = sums[c] * factor + term; \
  }                                                                                               \
  V total = V{};                                                                                  \
  for (int c = 0; c < kChains; ++c) total += sums[c];                                             \
  return total[0]

__attribute__((target("avx512f"))) float run_512() { EINC_PEAK_LOOP(64); }
__attribute__((target("avx2,fma"))) float run_256() { EINC_PEAK_LOOP(32); }
float run_128() { EINC_PEAK_LOOP(16); }

}  // namespace

double peak_gflops_f32() {
  const bool has_512 = __builtin_cpu_supports("avx512f");
  const bool has_256 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const double lanes = has_512 ? 16 : has_256 ? 8 : 4;
  volatile float sink = 0;
  double best = 1e30;
  for (int repeat = 0; repeat < 30; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    sink = has_512 ? run_512() : has_256 ? run_256() : run_128();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  static_cast<void>(sink);
  return 2e-9 * lanes * kChains * kSteps / best;
}

}  // namespace einc::bench
