// The only file that says how a multiply-add of the precompiled tier is done. Compiled once per
// instruction set by foreach_target.h.

#include "runtime/kernels/microkernel.h"

#include <complex>
#include <cstdint>
#include <type_traits>

#include "einc/dtype.h"
#include "runtime/check.h"
#include "runtime/kernels/compute_types.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/microkernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace einc {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows times two vectors of sums, two vectors of B and one of A: 27 of AVX-512's 32 registers, 15
// of the 16 that the others have. A complex sum takes two.
#if HWY_TARGET <= HWY_AVX3
constexpr int64_t kRows = 12;
#else
constexpr int64_t kRows = 6;
#endif
constexpr int64_t kVectors = 2;

// Arrays hold the sums, so vectors have a size known here.
template <class T>
using Tag = hn::CappedTag<T, HWY_MAX_BYTES / sizeof(T)>;

// Multiplication modulo 2^64, where there is no instruction for it.
template <class D, class V>
HWY_INLINE V multiply_words(D d, V a, V b) {
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR
  (void)d;
  return a * b;
#else
  const hn::Repartition<uint32_t, D> halves;
  const auto a_halves = hn::BitCast(halves, a);
  const auto b_halves = hn::BitCast(halves, b);
  const auto crossed = hn::BitCast(d, hn::Mul(a_halves, hn::Shuffle2301(b_halves)));
  const auto high = hn::ShiftLeft<32>(hn::Add(crossed, hn::ShiftRight<32>(crossed)));
  return hn::Add(hn::MulEven(a_halves, b_halves), high);
#endif
}

// a * b + sum. Highway has no fused form for integers; bytes are truth values.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V multiply_add([[maybe_unused]] D d, V a, V b, V sum) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    return hn::Or(sum, hn::And(a, b));
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return hn::Add(sum, multiply_words(d, a, b));
  } else if constexpr (std::is_integral_v<T>) {
    return hn::Add(sum, hn::Mul(a, b));
  } else {
    return hn::MulAdd(a, b, sum);
  }
}

// The products of the lower and of the upper halves, and `sum`.
template <class D, class V>
HWY_INLINE V multiply_add_halves(D d, V a, V b, V sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  const hn::RebindToSigned<D> words;
  const hn::Repartition<int16_t, D> halves;
  auto unused = hn::Zero(words);  // other processors keep a second sum
  return hn::BitCast(
      d, hn::ReorderWidenMulAccumulate(words, hn::BitCast(halves, a), hn::BitCast(halves, b),
                                       hn::BitCast(words, sum), unused));
#else
  const hn::RebindToSigned<D> words;
  const auto low = [&](V v) {
    return hn::ShiftRight<16>(hn::BitCast(words, hn::ShiftLeft<16>(v)));
  };
  const auto high = [&](V v) { return hn::ShiftRight<16>(hn::BitCast(words, v)); };
  const auto both = hn::Add(hn::Mul(low(a), low(b)), hn::Mul(high(a), high(b)));
  return hn::Add(sum, hn::BitCast(d, both));
#endif
}

template <class T, bool kInHalves = false>
void run_real(int64_t k, const void* a_panel, const void* b_panel, void* tile) {
  const Tag<T> d;
  using V = hn::Vec<Tag<T>>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* HWY_RESTRICT a = static_cast<const T*>(a_panel);
  const T* HWY_RESTRICT b = static_cast<const T*>(b_panel);
  V sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int64_t i = 0; i < kRows; ++i) sums[i][0] = sums[i][1] = hn::Zero(d);
  const auto add_product = [&](V x, V y, V sum) HWY_ATTR {
    if constexpr (kInHalves)
      return multiply_add_halves(d, x, y, sum);
    else
      return multiply_add(d, x, y, sum);
  };
  for (int64_t p = 0; p < k; ++p, a += kRows, b += kVectors * lanes) {
    const V b0 = hn::Load(d, b);
    const V b1 = hn::Load(d, b + lanes);
#pragma GCC unroll 16
    for (int64_t i = 0; i < kRows; ++i) {
      const V element = hn::Set(d, a[i]);
      sums[i][0] = add_product(element, b0, sums[i][0]);
      sums[i][1] = add_product(element, b1, sums[i][1]);
    }
  }
  T* const HWY_RESTRICT to = static_cast<T*>(tile);
#pragma GCC unroll 16
  for (int64_t i = 0; i < kRows; ++i) {
    hn::Store(sums[i][0], d, to + i * kVectors * lanes);
    hn::Store(sums[i][1], d, to + (i * kVectors + 1) * lanes);
  }
}

// Half as many rows; real and imaginary parts in vectors of their own.
template <class T>
void run_complex(int64_t k, const void* a_panel, const void* b_panel, void* tile) {
  constexpr int64_t kComplexRows = kRows / 2;
  const Tag<T> d;
  using V = hn::Vec<Tag<T>>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* HWY_RESTRICT a = static_cast<const T*>(a_panel);
  const T* HWY_RESTRICT b = static_cast<const T*>(b_panel);
  V re[kComplexRows][kVectors];
  V im[kComplexRows][kVectors];
#pragma GCC unroll 16
  for (int64_t i = 0; i < kComplexRows; ++i)
    re[i][0] = re[i][1] = im[i][0] = im[i][1] = hn::Zero(d);
  for (int64_t p = 0; p < k; ++p, a += 2 * kComplexRows, b += 2 * kVectors * lanes) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v) {
      const V b_re = hn::Load(d, b + v * lanes);
      const V b_im = hn::Load(d, b + (kVectors + v) * lanes);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kComplexRows; ++i) {
        const V a_re = hn::Set(d, a[i]);
        const V a_im = hn::Set(d, a[kComplexRows + i]);
        re[i][v] = hn::NegMulAdd(a_im, b_im, hn::MulAdd(a_re, b_re, re[i][v]));
        im[i][v] = hn::MulAdd(a_im, b_re, hn::MulAdd(a_re, b_im, im[i][v]));
      }
    }
  }
  T* const HWY_RESTRICT to = static_cast<T*>(tile);
#pragma GCC unroll 16
  for (int64_t i = 0; i < kComplexRows; ++i)
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v)
      hn::StoreInterleaved2(re[i][v], im[i][v], d, to + 2 * (i * kVectors + v) * lanes);
}

// ---- Panels

template <class T>
struct Parts {
  using Part = T;
  static constexpr bool kAreTwo = false;
};
template <class R>
struct Parts<std::complex<R>> {
  using Part = R;
  static constexpr bool kAreTwo = true;
};

template <class T>
HWY_INLINE void put(const T& value, int64_t width, typename Parts<T>::Part* to) {
  if constexpr (Parts<T>::kAreTwo) {
    to[0] = value.real();
    to[width] = value.imag();
  } else {
    to[0] = value;
  }
}

// to[0 .. n) = from[0 .. n)
template <class T>
HWY_INLINE void copy(const T* HWY_RESTRICT from, int64_t n, T* HWY_RESTRICT to) {
  int64_t i = 0;
  const auto copy_vectors = [&](auto d) HWY_ATTR {
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  };
  copy_vectors(Tag<T>());
  copy_vectors(hn::CappedTag<T, 16 / sizeof(T)>());
  for (; i < n; ++i) to[i] = from[i];
}

template <class T>
void pack_rows(const void* from, const int64_t* k_offsets, int64_t k, int64_t n, int64_t fill,
               int64_t width, void* panel) {
  constexpr int64_t kParts = Parts<T>::kAreTwo ? 2 : 1;
  auto* HWY_RESTRICT to = static_cast<typename Parts<T>::Part*>(panel);
  for (int64_t p = 0; p < k; ++p, to += kParts * width) {
    const T* const HWY_RESTRICT source = static_cast<const T*>(from) + k_offsets[p];
    if constexpr (Parts<T>::kAreTwo) {
      for (int64_t i = 0; i < n; ++i) put(source[i], width, to + i);
    } else {
      copy(source, n, to);
    }
    for (int64_t i = n; i < n + fill; ++i) put(T{}, width, to + i);
  }
}

// As many positions as fit 16 bytes, at as many p: a square in registers.
template <class T>
constexpr int64_t kSquare = HWY_TARGET == HWY_SCALAR || Parts<T>::kAreTwo || sizeof(T) < 4
                                ? 0
                                : 16 / static_cast<int64_t>(sizeof(T));

template <class T>
HWY_INLINE void pack_square([[maybe_unused]] const T* HWY_RESTRICT from,
                            [[maybe_unused]] const int64_t* offsets, [[maybe_unused]] int64_t width,
                            [[maybe_unused]] T* HWY_RESTRICT to) {
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<T> d;
  if constexpr (kSquare<T> == 4) {
    const auto v0 = hn::LoadU(d, from + offsets[0]);
    const auto v1 = hn::LoadU(d, from + offsets[1]);
    const auto v2 = hn::LoadU(d, from + offsets[2]);
    const auto v3 = hn::LoadU(d, from + offsets[3]);
    const auto low01 = hn::InterleaveLower(d, v0, v1);
    const auto high01 = hn::InterleaveUpper(d, v0, v1);
    const auto low23 = hn::InterleaveLower(d, v2, v3);
    const auto high23 = hn::InterleaveUpper(d, v2, v3);
    hn::StoreU(hn::ConcatLowerLower(d, low23, low01), d, to);
    hn::StoreU(hn::ConcatUpperUpper(d, low23, low01), d, to + width);
    hn::StoreU(hn::ConcatLowerLower(d, high23, high01), d, to + 2 * width);
    hn::StoreU(hn::ConcatUpperUpper(d, high23, high01), d, to + 3 * width);
  } else if constexpr (kSquare<T> == 2) {
    const auto v0 = hn::LoadU(d, from + offsets[0]);
    const auto v1 = hn::LoadU(d, from + offsets[1]);
    hn::StoreU(hn::InterleaveLower(d, v0, v1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, v0, v1), d, to + width);
  }
#endif
}

template <class T>
void pack_columns(const void* from, const int64_t* offsets, int64_t k, int64_t n, int64_t fill,
                  int64_t width, void* panel) {
  constexpr int64_t kParts = Parts<T>::kAreTwo ? 2 : 1;
  const T* const HWY_RESTRICT source = static_cast<const T*>(from);
  auto* const HWY_RESTRICT to = static_cast<typename Parts<T>::Part*>(panel);
  int64_t squares = 0;  // positions that go as squares
  int64_t depth = 0;    // and how deep
  if constexpr (kSquare<T> > 0) {
    squares = n - n % kSquare<T>;
    depth = k - k % kSquare<T>;
    for (int64_t p = 0; p < depth; p += kSquare<T>)
      for (int64_t i = 0; i < squares; i += kSquare<T>)
        pack_square(source + p, offsets + i, width, to + p * width + i);
  }
  for (int64_t p = 0; p < k; ++p) {
    auto* const HWY_RESTRICT row = to + p * kParts * width;
    for (int64_t i = p < depth ? squares : 0; i < n; ++i)
      put(source[offsets[i] + p], width, row + i);
    for (int64_t i = n; i < n + fill; ++i) put(T{}, width, row + i);
  }
}

void join_halves(int64_t k, int64_t width, void* panel) {
  constexpr uint32_t kLow = 0xffff;
  const auto* from = static_cast<const uint32_t*>(panel);
  auto* to = static_cast<uint32_t*>(panel);
  for (int64_t p = 0; p + 1 < k; p += 2, from += 2 * width, to += width)
    for (int64_t i = 0; i < width; ++i) to[i] = (from[i] & kLow) | from[width + i] << 16;
  if (k % 2 != 0)
    for (int64_t i = 0; i < width; ++i) to[i] = from[i] & kLow;
}

// ---- Tiles

template <class T>
void store_tile(const void* tile, int64_t tile_columns, int64_t m, int64_t n, bool adds,
                const int64_t* row_offsets, void* c) {
  for (int64_t i = 0; i < m; ++i) {
    const T* const HWY_RESTRICT from = static_cast<const T*>(tile) + i * tile_columns;
    T* const HWY_RESTRICT to = static_cast<T*>(c) + row_offsets[i];
    if (!adds) {
      copy(from, n, to);
    } else if constexpr (std::is_same_v<T, uint8_t>) {
      for (int64_t j = 0; j < n; ++j) to[j] |= from[j];
    } else {
      for (int64_t j = 0; j < n; ++j) to[j] += from[j];
    }
  }
}

template <class T>
int64_t columns_of() {
  return kVectors * static_cast<int64_t>(hn::Lanes(Tag<T>()));
}

template <class T>
void store_real(const void* tile, int64_t m, int64_t n, bool adds, const int64_t* row_offsets,
                void* c) {
  store_tile<T>(tile, columns_of<T>(), m, n, adds, row_offsets, c);
}

// Pairs of real numbers, twice as many.
template <class T>
void store_complex(const void* tile, int64_t m, int64_t n, bool adds, const int64_t* row_offsets,
                   void* c) {
  int64_t offsets[kRows];
  for (int64_t i = 0; i < m; ++i) offsets[i] = 2 * row_offsets[i];
  store_tile<T>(tile, 2 * columns_of<T>(), m, 2 * n, adds, offsets, c);
}

template <class T>
const Microkernel* real_microkernel() {
  static const Microkernel microkernel{run_real<T>, pack_rows<T>, pack_columns<T>, store_real<T>,
                                       nullptr,     kRows,        columns_of<T>(), sizeof(T)};
  return &microkernel;
}

template <class T>
const Microkernel* complex_microkernel() {
  static const Microkernel microkernel{run_complex<T>,
                                       pack_rows<std::complex<T>>,
                                       pack_columns<std::complex<T>>,
                                       store_complex<T>,
                                       nullptr,
                                       kRows / 2,
                                       columns_of<T>(),
                                       sizeof(T)};
  return &microkernel;
}

template <class T>
const Microkernel* microkernel_of() {
  if constexpr (Parts<T>::kAreTwo) {
    return complex_microkernel<typename Parts<T>::Part>();
  } else if constexpr (std::is_same_v<T, Boolean>) {
    return real_microkernel<uint8_t>();
  } else {
    return real_microkernel<T>();
  }
}

const Microkernel* find_halves_microkernel() {
  using Word = uint32_t;
  static const Microkernel microkernel = [] {
    Microkernel by_twos = *real_microkernel<Word>();
    by_twos.run = run_real<Word, true>;
    by_twos.join = join_halves;
    return by_twos;
  }();
  return &microkernel;
}

const Microkernel* find_microkernel(DType compute) {
#define EINC_ROW(id, meaning, type) \
  if (compute == DType::id) return microkernel_of<type>();
  EINC_FOR_EACH_COMPUTE_DTYPE(EINC_ROW)
#undef EINC_ROW
  return nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace einc
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace einc {
namespace {

HWY_EXPORT(find_microkernel);
HWY_EXPORT(find_halves_microkernel);

}  // namespace

const Microkernel& microkernel(DType compute) {
  const Microkernel* const found = HWY_DYNAMIC_DISPATCH(find_microkernel)(compute);
  EINC_CHECK(found != nullptr);
  return *found;
}

const Microkernel& halves_microkernel() { return *HWY_DYNAMIC_DISPATCH(find_halves_microkernel)(); }

}  // namespace einc
#endif  // HWY_ONCE
