// Compiled with -ffp-contract=fast: a * b + c is one instruction where there is one.
#include "fma.h"

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "einc/aot.h"

namespace einc::bench {
namespace {

constexpr int kSteps = 20000;

// What the compiler may not know at compile time.
volatile int one = 1;

// Each chain waits for itself only; as many as registers hold hide the latency.
#define EINC_MULTIPLY_ADDS(name, isa, T, bytes, kChains)                   \
  __attribute__((target(isa))) T name() {                                  \
    typedef T V __attribute__((vector_size(bytes)));                       \
    V sums[kChains];                                                       \
    for (int c = 0; c < kChains; ++c) sums[c] = V{} + static_cast<T>(c);   \
    const V factor = V{} + static_cast<T>(one);                            \
    const V term = V{} + static_cast<T>(one);                              \
    for (int step = 0; step < kSteps; ++step) {                            \
      _Pragma("GCC unroll 24") for (int c = 0; c < kChains; ++c) sums[c] = \
          sums[c] * factor + term;                                         \
    }                                                                      \
    V total = V{};                                                         \
    for (int c = 0; c < kChains; ++c) total += sums[c];                    \
    return total[0];                                                       \
  }

#define EINC_MULTIPLY_ADDS_OF(T, suffix)                                                  \
  EINC_MULTIPLY_ADDS(chains_512_##suffix, "avx512f", T, 64, 24)                           \
  EINC_MULTIPLY_ADDS(chains_256_##suffix, "avx2,fma", T, 32, 12)                          \
  EINC_MULTIPLY_ADDS(chains_128_##suffix, "sse4.1", T, 16, 12)                            \
  double run_##suffix() {                                                                 \
    static volatile T sink = 0;                                                           \
    const bool has_512 = __builtin_cpu_supports("avx512f");                               \
    const bool has_256 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); \
    sink = has_512   ? chains_512_##suffix()                                              \
           : has_256 ? chains_256_##suffix()                                              \
                     : chains_128_##suffix();                                             \
    static_cast<void>(sink);                                                              \
    const double vector = has_512 ? 64 : has_256 ? 32 : 16;                               \
    return 2.0 * kSteps * (has_512 ? 24 : 12) * vector / sizeof(T);                       \
  }

EINC_MULTIPLY_ADDS_OF(float, f32)
EINC_MULTIPLY_ADDS_OF(double, f64)
EINC_MULTIPLY_ADDS_OF(uint32_t, i32)

__attribute__((target("avx512f,avx512bf16"))) double run_pairs_bf16() {
  constexpr int kChains = 24;
  static volatile float sink = 0;
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  const auto factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(one << 14));
  for (int step = 0; step < kSteps; ++step) {
    _Pragma("GCC unroll 24") for (__m512& sum : sums) sum = _mm512_dpbf16_ps(sum, factor, factor);
  }
  for (const __m512& sum : sums) sink = sink + sum[0];
  constexpr double kPairs = 16;
  return 2.0 * kSteps * kChains * 2 * kPairs;
}

__attribute__((target("amx-tile,amx-bf16"))) double run_matrices_bf16() {
  constexpr double kSide = 16;
  struct alignas(64) Configuration {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  static constexpr Configuration whole;
  _tile_loadconfig(&whole);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  for (int step = 0; step < kSteps; ++step) {
    _tile_dpbf16ps(0, 4, 5);
    _tile_dpbf16ps(1, 4, 5);
    _tile_dpbf16ps(2, 4, 5);
    _tile_dpbf16ps(3, 4, 5);
  }
  _tile_release();
  return 2.0 * kSteps * 4 * 2 * kSide * kSide * kSide;
}

// By einc, which asks the system for them.
bool gives_matrices() {
  const auto targets = known_targets();
  return std::any_of(targets.begin(), targets.end(), [](const TargetInfo& target) {
    return target.runs_here && target.name.ends_with("-amx");
  });
}

}  // namespace

double run_multiply_adds_f32() { return run_f32(); }
double run_multiply_adds_f64() { return run_f64(); }
double run_multiply_adds_i32() { return run_i32(); }
double run_multiply_adds_bf16() {
  static const bool has_matrices = gives_matrices();
  if (has_matrices) return run_matrices_bf16();
  return __builtin_cpu_supports("avx512bf16") ? run_pairs_bf16() : run_f32();
}

}  // namespace einc::bench
