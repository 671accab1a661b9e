#include "streams.h"

#include <immintrin.h>

namespace einc::bench {
namespace {

// The addresses of what is read, so that reading is not optimized away.
volatile char sink;

// A block is read into registers and then used: loads are not held up by what follows them.
#define EINC_STREAMS(isa, name, V, kVectors, kLoad, kStore, kStream, kZero, kAdd)                  \
  struct name {                                                                                    \
    __attribute__((target(isa))) static void read(const char* from, size_t bytes) {                \
      V sums[kVectors];                                                                            \
      for (V & sum : sums) sum = kZero();                                                          \
      for (const char* end = from + bytes; from != end; from += sizeof(V) * kVectors) {            \
        _Pragma("GCC unroll 16") for (int i = 0; i < kVectors; ++i) sums[i] =                      \
            kAdd(sums[i], kLoad(reinterpret_cast<const V*>(from) + i));                            \
      }                                                                                            \
      for (int i = 1; i < kVectors; ++i) sums[0] = kAdd(sums[0], sums[i]);                         \
      char result[sizeof(V)];                                                                      \
      __builtin_memcpy(result, &sums[0], sizeof(V));                                               \
      sink = result[0];                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void write(char* to, size_t bytes) {                       \
      for (const char* end = to + bytes; to != end; to += sizeof(V) * kVectors) {                  \
        _Pragma("GCC unroll 16") for (int i = 0; i < kVectors; ++i)                                \
            kStore(reinterpret_cast<V*>(to) + i, kZero());                                         \
        __asm__ volatile("" ::: "memory"); /* or it would become a memset */                       \
      }                                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void write_past(char* to, size_t bytes) {                  \
      for (const char* end = to + bytes; to != end; to += sizeof(V) * kVectors) {                  \
        _Pragma("GCC unroll 16") for (int i = 0; i < kVectors; ++i)                                \
            kStream(reinterpret_cast<V*>(to) + i, kZero());                                        \
      }                                                                                            \
      _mm_sfence();                                                                                \
    }                                                                                              \
    __attribute__((target(isa))) static void copy(char* to, const char* from, size_t bytes) {      \
      for (const char* end = to + bytes; to != end;                                                \
           to += sizeof(V) * kVectors, from += sizeof(V) * kVectors) {                             \
        _Pragma("GCC unroll 16") for (int i = 0; i < kVectors; ++i)                                \
            kStore(reinterpret_cast<V*>(to) + i, kLoad(reinterpret_cast<const V*>(from) + i));     \
        __asm__ volatile("" ::: "memory"); /* or it would become a memcpy */                       \
      }                                                                                            \
    }                                                                                              \
    __attribute__((target(isa))) static void copy_past(char* to, const char* from, size_t bytes) { \
      for (const char* end = to + bytes; to != end;                                                \
           to += sizeof(V) * kVectors, from += sizeof(V) * kVectors) {                             \
        _Pragma("GCC unroll 16") for (int i = 0; i < kVectors; ++i)                                \
            kStream(reinterpret_cast<V*>(to) + i, kLoad(reinterpret_cast<const V*>(from) + i));    \
      }                                                                                            \
      _mm_sfence();                                                                                \
    }                                                                                              \
    static constexpr Streams kAll = {read, write, write_past, copy, copy_past};                    \
  };

EINC_STREAMS("avx512f", Streams512, __m512i, 8, _mm512_load_si512, _mm512_store_si512,
             _mm512_stream_si512, _mm512_setzero_si512, _mm512_add_epi64)
EINC_STREAMS("avx2", Streams256, __m256i, 8, _mm256_load_si256, _mm256_store_si256,
             _mm256_stream_si256, _mm256_setzero_si256, _mm256_add_epi64)
EINC_STREAMS("sse2", Streams128, __m128i, 8, _mm_load_si128, _mm_store_si128, _mm_stream_si128,
             _mm_setzero_si128, _mm_add_epi64)

}  // namespace

const Streams& streams() {
  if (__builtin_cpu_supports("avx512f")) return Streams512::kAll;
  if (__builtin_cpu_supports("avx2")) return Streams256::kAll;
  return Streams128::kAll;
}

}  // namespace einc::bench
