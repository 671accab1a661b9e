#include "streams.h"

#include <immintrin.h>

namespace einc::bench {
namespace {

// The addresses of what is read, so that reading is not optimized away.
volatile char sink;

// How far ahead read_ahead() fetches; nearer and further were slower on Zen 1.
constexpr size_t kAhead = 1024;

#define EINC_STREAMS(isa, name, V, kLoad, kStore, kStream, kZero, kAdd)                            \
  struct name {                                                                                    \
    static constexpr int kVectors = 8;                                                             \
    static constexpr size_t kStep = kVectors * sizeof(V);                                          \
    __attribute__((target(isa))) static void add_up(const V* sums) {                               \
      V total = sums[0];                                                                           \
      for (int i = 1; i < kVectors; ++i) total = kAdd(total, sums[i]);                             \
      char result[sizeof(V)];                                                                      \
      __builtin_memcpy(result, &total, sizeof(V));                                                 \
      sink = result[0];                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void read(const char* from, size_t bytes) {                \
      V sums[kVectors];                                                                            \
      for (V & sum : sums) sum = kZero();                                                          \
      for (const char* end = from + bytes; from != end; from += kStep)                             \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i) sums[i] =                       \
            kAdd(sums[i], kLoad(reinterpret_cast<const V*>(from) + i));                            \
      add_up(sums);                                                                                \
    }                                                                                              \
    __attribute__((target(isa))) static void read_ahead(const char* from, size_t bytes) {          \
      V sums[kVectors];                                                                            \
      for (V & sum : sums) sum = kZero();                                                          \
      for (const char* end = from + bytes; from != end; from += kStep) {                           \
        for (size_t line = 0; line < kStep; line += 64)                                            \
          _mm_prefetch(from + kAhead + line, _MM_HINT_NTA);                                        \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i) sums[i] =                       \
            kAdd(sums[i], kLoad(reinterpret_cast<const V*>(from) + i));                            \
      }                                                                                            \
      add_up(sums);                                                                                \
    }                                                                                              \
    __attribute__((target(isa))) static void read_in_four(const char* from, size_t bytes) {        \
      V sums[kVectors];                                                                            \
      for (V & sum : sums) sum = kZero();                                                          \
      const size_t quarter = bytes / 4;                                                            \
      for (size_t offset = 0; offset < quarter; offset += 2 * sizeof(V))                           \
        _Pragma("GCC unroll 8") for (size_t i = 0; i < kVectors; ++i) sums[i] =                    \
            kAdd(sums[i],                                                                          \
                 kLoad(reinterpret_cast<const V*>(from + offset + quarter * (i / 2)) + i % 2));    \
      add_up(sums);                                                                                \
    }                                                                                              \
    __attribute__((target(isa))) static void write(char* to, size_t bytes) {                       \
      for (const char* end = to + bytes; to != end; to += kStep) {                                 \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i)                                 \
            kStore(reinterpret_cast<V*>(to) + i, kZero());                                         \
        __asm__ volatile("" ::: "memory"); /* or it would become a memset */                       \
      }                                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void write_past(char* to, size_t bytes) {                  \
      for (const char* end = to + bytes; to != end; to += kStep)                                   \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i)                                 \
            kStream(reinterpret_cast<V*>(to) + i, kZero());                                        \
      _mm_sfence();                                                                                \
    }                                                                                              \
    __attribute__((target(isa))) static void copy(char* to, const char* from, size_t bytes) {      \
      for (const char* end = to + bytes; to != end; to += kStep, from += kStep) {                  \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i)                                 \
            kStore(reinterpret_cast<V*>(to) + i, kLoad(reinterpret_cast<const V*>(from) + i));     \
        __asm__ volatile("" ::: "memory"); /* or it would become a memcpy */                       \
      }                                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void copy_past(char* to, const char* from, size_t bytes) { \
      for (const char* end = to + bytes; to != end; to += kStep, from += kStep)                    \
        _Pragma("GCC unroll 8") for (int i = 0; i < kVectors; ++i)                                 \
            kStream(reinterpret_cast<V*>(to) + i, kLoad(reinterpret_cast<const V*>(from) + i));    \
      _mm_sfence();                                                                                \
    }                                                                                              \
    static constexpr Streams kAll = {read,       read_ahead, read_in_four, write,                  \
                                     write_past, copy,       copy_past};                           \
  };

EINC_STREAMS("avx512f", Streams512, __m512i, _mm512_load_si512, _mm512_store_si512,
             _mm512_stream_si512, _mm512_setzero_si512, _mm512_add_epi64)
EINC_STREAMS("avx2", Streams256, __m256i, _mm256_load_si256, _mm256_store_si256,
             _mm256_stream_si256, _mm256_setzero_si256, _mm256_add_epi64)
EINC_STREAMS("sse2", Streams128, __m128i, _mm_load_si128, _mm_store_si128, _mm_stream_si128,
             _mm_setzero_si128, _mm_add_epi64)

}  // namespace

const Streams& streams() {
  if (__builtin_cpu_supports("avx512f")) return Streams512::kAll;
  if (__builtin_cpu_supports("avx2")) return Streams256::kAll;
  return Streams128::kAll;
}

}  // namespace einc::bench
