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

// Words of 32 bits, of which an instruction multiplies so many numbers. In assembler, as GCC copies
// registers to and fro around intrinsics that add to one.
#define EINC_WORDS(name, isa, words, kChains, kTerms, instructions) \
  __attribute__((target(isa))) double name() {                      \
    typedef int V __attribute__((vector_size(4 * words)));          \
    V sums[kChains];                                                \
    for (int c = 0; c < kChains; ++c) sums[c] = V{} + c;            \
    const V factor = V{} + (one << 14);                             \
    V product = factor;                                             \
    for (int step = 0; step < kSteps; ++step) {                     \
      _Pragma("GCC unroll 24") for (int c = 0; c < kChains; ++c) {  \
        V sum = sums[c];                                            \
        asm(instructions : "+v"(sum), "+v"(product) : "v"(factor)); \
        sums[c] = sum;                                              \
      }                                                             \
    }                                                               \
    V total = product;                                              \
    for (int c = 0; c < kChains; ++c) total += sums[c];             \
    static volatile int sink = 0;                                   \
    sink = total[0];                                                \
    static_cast<void>(sink);                                        \
    return 2.0 * kSteps * kChains * kTerms * words;                 \
  }

EINC_WORDS(run_words_bf16, "avx512f", 16, 24, 2, "vdpbf16ps %2, %2, %0")
EINC_WORDS(run_words_i8, "avx512f", 16, 24, 4, "vpdpbusd %2, %2, %0")
EINC_WORDS(run_words_i16, "avx512f", 16, 24, 2, "vpdpwssd %2, %2, %0")
EINC_WORDS(run_words_i16_512, "avx512f", 16, 24, 2, "vpmaddwd %2, %2, %1\n\tvpaddd %1, %0, %0")
EINC_WORDS(run_words_i16_256, "avx2", 8, 12, 2, "vpmaddwd %2, %2, %1\n\tvpaddd %1, %0, %0")
EINC_WORDS(run_words_i16_128, "sse4.1", 4, 12, 2, "movdqa %2, %1\n\tpmaddwd %2, %1\n\tpaddd %1, %0")

struct alignas(64) WholeRegisters {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

#define EINC_MATRICES(name, isa, kTerms, multiply_add)        \
  __attribute__((target(isa))) double name() {                \
    constexpr double kSide = 16;                              \
    static constexpr WholeRegisters whole;                    \
    _tile_loadconfig(&whole);                                 \
    _tile_zero(0);                                            \
    _tile_zero(1);                                            \
    _tile_zero(2);                                            \
    _tile_zero(3);                                            \
    _tile_zero(4);                                            \
    _tile_zero(5);                                            \
    for (int step = 0; step < kSteps; ++step) {               \
      multiply_add(0, 4, 5);                                  \
      multiply_add(1, 4, 5);                                  \
      multiply_add(2, 4, 5);                                  \
      multiply_add(3, 4, 5);                                  \
    }                                                         \
    _tile_release();                                          \
    return 2.0 * kSteps * 4 * kTerms * kSide * kSide * kSide; \
  }

EINC_MATRICES(run_matrices_bf16, "amx-tile,amx-bf16", 2, _tile_dpbf16ps)
EINC_MATRICES(run_matrices_i8, "amx-tile,amx-int8", 4, _tile_dpbssd)

// By einc, which asks the system for them.
bool has_matrices() {
  static const bool has = [] {
    const auto targets = known_targets();
    return std::any_of(targets.begin(), targets.end(), [](const TargetInfo& target) {
      return target.runs_here && target.name.ends_with("-amx");
    });
  }();
  return has;
}

}  // namespace

double run_multiply_adds_f32() { return run_f32(); }
double run_multiply_adds_f64() { return run_f64(); }
double run_multiply_adds_i32() { return run_i32(); }
double run_multiply_adds_bf16() {
  if (has_matrices()) return run_matrices_bf16();
  return __builtin_cpu_supports("avx512bf16") ? run_words_bf16() : run_f32();
}
double run_multiply_adds_i16() {
  if (__builtin_cpu_supports("avx512vnni")) return run_words_i16();
  if (__builtin_cpu_supports("avx512bw")) return run_words_i16_512();
  return __builtin_cpu_supports("avx2") ? run_words_i16_256() : run_words_i16_128();
}
double run_multiply_adds_i8() {
  if (has_matrices()) return run_matrices_i8();
  return __builtin_cpu_supports("avx512vnni") ? run_words_i8() : run_multiply_adds_i16();
}

}  // namespace einc::bench
