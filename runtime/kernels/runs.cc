// Plain loops, compiled once per instruction set by foreach_target.h: the compiler turns them into
// vector code, and what it cannot (gathers, transpositions) is bound by loads and stores anyway.

#include "runtime/kernels/runs.h"

#include <complex>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "einc/dtype.h"
#include "einc/half.h"
#include "runtime/check.h"
#include "runtime/convert.h"
#include "runtime/kernels/compute_types.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/runs.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace einc {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_INLINE T plus(T a, T b) {
  if constexpr (std::is_same_v<T, Boolean>) {
    return static_cast<Boolean>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
  } else {
    return a + b;
  }
}

template <class T>
HWY_INLINE T times(T a, T b) {
  if constexpr (std::is_same_v<T, Boolean>) {
    return static_cast<Boolean>(static_cast<uint8_t>(a) & static_cast<uint8_t>(b));
  } else if constexpr (kIsComplex<T>) {  // the plain formula, without std::complex's care for NaN
    return T(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  } else {
    return a * b;
  }
}

// Meaning is what the dtype's values are, T what they are calculated with.
template <class Storage, bool kIsBool, class Meaning, class T>
HWY_INLINE T to_compute(Storage value, bool conjugate) {
  if constexpr (std::is_same_v<Meaning, bool>) {
    if constexpr (kIsHalf<Storage>) {
      return static_cast<T>(static_cast<float>(value) != 0);
    } else {
      return static_cast<T>(value != Storage{});
    }
  } else if constexpr (kIsBool) {
    return static_cast<T>(value != 0 ? 1 : 0);
  } else if constexpr (kIsComplex<Storage> && kIsComplex<T>) {
    const T result = convert<T>(value);
    return T(result.real(), conjugate ? -result.imag() : result.imag());
  } else {
    return static_cast<T>(convert<Meaning>(value));
  }
}

// The instructions for float16 that come with AVX2.
#if HWY_TARGET <= HWY_AVX2
constexpr bool kHasFloat16 = true;
#else
constexpr bool kHasFloat16 = false;
#endif

// Of the first elements, as many as make whole vectors; returns how many.
template <class Storage, class T>
HWY_INLINE int64_t load_float16([[maybe_unused]] const Storage* from, [[maybe_unused]] int64_t n,
                                [[maybe_unused]] T* to) {
  int64_t i = 0;
  if constexpr (kHasFloat16 && std::is_same_v<Storage, Float16> && std::is_same_v<T, float>) {
    const hn::CappedTag<float, 8> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> halves;
    for (; i + 8 <= n; i += 8) {
      const auto vector = hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(from + i));
      hn::StoreU(hn::PromoteTo(d, vector), d, to + i);
    }
  }
  return i;
}

template <class T, class Storage>
HWY_INLINE int64_t store_float16([[maybe_unused]] const T* from, [[maybe_unused]] int64_t n,
                                 [[maybe_unused]] Storage* to) {
  int64_t i = 0;
  if constexpr (kHasFloat16 && std::is_same_v<Storage, Float16> && std::is_same_v<T, float>) {
    const hn::CappedTag<float, 8> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> halves;
    for (; i + 8 <= n; i += 8)
      hn::StoreU(hn::DemoteTo(halves, hn::LoadU(d, from + i)), halves,
                 reinterpret_cast<hwy::float16_t*>(to + i));
  }
  return i;
}

template <class Storage, bool kIsBool, class Meaning, class T>
void load_run(const void* from, int64_t stride, int64_t n, bool conjugate, void* to) {
  const auto* const HWY_RESTRICT source = static_cast<const Storage*>(from);
  T* const HWY_RESTRICT target = static_cast<T*>(to);
  const auto element = [&](int64_t i) HWY_ATTR {
    return to_compute<Storage, kIsBool, Meaning, T>(source[i], conjugate);
  };
  if (stride == 1) {
    for (int64_t i = load_float16(source, n, target); i < n; ++i) target[i] = element(i);
  } else if (stride == 0) {
    const T value = element(0);
    for (int64_t i = 0; i < n; ++i) target[i] = value;
  } else {
    for (int64_t i = 0; i < n; ++i) target[i] = element(i * stride);
  }
}

template <class T, class Storage>
void store_run(const void* from, int64_t n, void* to, int64_t stride) {
  const T* const HWY_RESTRICT source = static_cast<const T*>(from);
  auto* const HWY_RESTRICT target = static_cast<Storage*>(to);
  const auto element = [&](int64_t i) HWY_ATTR {
    if constexpr (std::is_same_v<T, Boolean>) {
      return static_cast<Storage>(source[i]);
    } else {
      return convert<Storage>(source[i]);
    }
  };
  if (stride == 1) {
    for (int64_t i = store_float16(source, n, target); i < n; ++i) target[i] = element(i);
  } else {
    for (int64_t i = 0; i < n; ++i) target[i * stride] = element(i);
  }
}

template <class T>
void multiply(void* x, const void* y, int64_t n) {
  T* const HWY_RESTRICT a = static_cast<T*>(x);
  const T* const HWY_RESTRICT b = static_cast<const T*>(y);
  for (int64_t i = 0; i < n; ++i) a[i] = times(a[i], b[i]);
}

template <class T>
void add(void* x, const void* y, int64_t n) {
  T* const HWY_RESTRICT a = static_cast<T*>(x);
  const T* const HWY_RESTRICT b = static_cast<const T*>(y);
  for (int64_t i = 0; i < n; ++i) a[i] = plus(a[i], b[i]);
}

// Element i goes to partial sum i % kPartials, so that sums wait for no other, and are short.
template <class T, class Term>
HWY_INLINE T sum_of_terms(int64_t n, Term term) {
  constexpr int64_t kPartials = 256 / sizeof(T);
  T partials[kPartials] = {};
  int64_t i = 0;
  for (; i + kPartials <= n; i += kPartials)
    for (int64_t p = 0; p < kPartials; ++p) partials[p] = plus(partials[p], term(i + p));
  for (int64_t p = 0; i < n; ++i, ++p) partials[p] = plus(partials[p], term(i));
  for (int64_t half = kPartials / 2; half > 0; half /= 2)
    for (int64_t p = 0; p < half; ++p) partials[p] = plus(partials[p], partials[p + half]);
  return partials[0];
}

// The same for floats, the partial sums being the lanes of a vector that takes four at a time.
// Measured on Zen 4: wider vectors, or more sums at once, read memory more slowly than this.
template <class T, class Term>
HWY_INLINE T sum_of_vectors(int64_t n, Term term) {
  const hn::CappedTag<T, 32 / sizeof(T)> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes)
    sum = hn::Add(sum, hn::Add(hn::Add(term(d, i), term(d, i + lanes)),
                               hn::Add(term(d, i + 2 * lanes), term(d, i + 3 * lanes))));
  for (; i + lanes <= n; i += lanes) sum = hn::Add(sum, term(d, i));
  const hn::CappedTag<T, 1> one;
  auto rest = hn::Zero(one);
  for (; i < n; ++i) rest = hn::Add(rest, term(one, i));
  return hn::GetLane(hn::SumOfLanes(d, sum)) + hn::GetLane(rest);
}

template <class T>
void add_sum(const void* x, int64_t n, void* sum) {
  const T* const HWY_RESTRICT a = static_cast<const T*>(x);
  T& total = *static_cast<T*>(sum);
  if constexpr (std::is_floating_point_v<T>) {
    total += sum_of_vectors<T>(n, [a](auto d, int64_t i) HWY_ATTR { return hn::LoadU(d, a + i); });
  } else {
    total = plus(total, sum_of_terms<T>(n, [a](int64_t i) HWY_ATTR { return a[i]; }));
  }
}

template <class T>
void add_dot(const void* x, const void* y, int64_t n, void* sum) {
  const T* const HWY_RESTRICT a = static_cast<const T*>(x);
  const T* const HWY_RESTRICT b = static_cast<const T*>(y);
  T& total = *static_cast<T*>(sum);
  if constexpr (std::is_floating_point_v<T>) {
    total += sum_of_vectors<T>(n, [a, b](auto d, int64_t i) HWY_ATTR {
      return hn::Mul(hn::LoadU(d, a + i), hn::LoadU(d, b + i));
    });
  } else {
    total =
        plus(total, sum_of_terms<T>(n, [a, b](int64_t i) HWY_ATTR { return times(a[i], b[i]); }));
  }
}

// By squares of 8, so that what is read across stays in as many cache lines.
template <class T>
void transpose(const void* from, int64_t rows, int64_t columns, void* to) {
  const T* const HWY_RESTRICT source = static_cast<const T*>(from);
  T* const HWY_RESTRICT target = static_cast<T*>(to);
  constexpr int64_t kSquare = 8;
  int64_t i = 0;
  for (; i + kSquare <= rows; i += kSquare)
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t k = 0; k < kSquare; ++k)
        target[j * rows + i + k] = source[(i + k) * columns + j];
  for (; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) target[j * rows + i] = source[i * columns + j];
}

template <class Meaning, class T>
LoadRun find_load_of(DType storage) {
  switch (storage) {
#define EINC_ROW(id, type, kind, name, npy, dlpack, compute) \
  case DType::id:                                            \
    return load_run < type, DType::id == DType::kBool, Meaning, T > ;
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
  return nullptr;
}

LoadRun load_for(DType storage, DType compute) {
#define EINC_ROW(id, meaning, type) \
  if (compute == DType::id) return find_load_of<meaning, type>(storage);
  EINC_FOR_EACH_COMPUTE_DTYPE(EINC_ROW)
#undef EINC_ROW
  return nullptr;
}

// A result is stored in its compute dtype or one that has it as its compute dtype.
StoreRun store_for(DType storage) {
  switch (storage) {
    case DType::kBool:
      return store_run<Boolean, uint8_t>;
    case DType::kInt8:
    case DType::kUInt8:
      return store_run<uint32_t, uint8_t>;
    case DType::kInt16:
    case DType::kUInt16:
      return store_run<uint32_t, uint16_t>;
    case DType::kInt32:
    case DType::kUInt32:
      return store_run<uint32_t, uint32_t>;
    case DType::kInt64:
    case DType::kUInt64:
      return store_run<uint64_t, uint64_t>;
    case DType::kFloat16:
      return store_run<float, Float16>;
    case DType::kBFloat16:
      return store_run<float, BFloat16>;
    case DType::kFloat32:
      return store_run<float, float>;
    case DType::kFloat64:
      return store_run<double, double>;
    case DType::kComplex64:
      return store_run<std::complex<float>, std::complex<float>>;
    case DType::kComplex128:
      return store_run<std::complex<double>, std::complex<double>>;
  }
  return nullptr;
}

template <class T>
const RunArithmetic* arithmetic_of() {
  static constexpr RunArithmetic kArithmetic{multiply<T>, add<T>, add_sum<T>, add_dot<T>,
                                             transpose<T>};
  return &kArithmetic;
}

const RunArithmetic* arithmetic_for(DType compute) {
#define EINC_ROW(id, meaning, type) \
  if (compute == DType::id) return arithmetic_of<type>();
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

HWY_EXPORT(load_for);
HWY_EXPORT(store_for);
HWY_EXPORT(arithmetic_for);

}  // namespace

LoadRun find_load(DType storage, DType compute) {
  const LoadRun found = HWY_DYNAMIC_DISPATCH(load_for)(storage, compute);
  EINC_CHECK(found != nullptr);
  return found;
}

StoreRun find_store(DType compute, DType storage) {
  EINC_CHECK(info(storage).compute == compute || storage == compute);
  const StoreRun found = HWY_DYNAMIC_DISPATCH(store_for)(storage);
  EINC_CHECK(found != nullptr);
  return found;
}

const RunArithmetic& run_arithmetic(DType compute) {
  const RunArithmetic* const found = HWY_DYNAMIC_DISPATCH(arithmetic_for)(compute);
  EINC_CHECK(found != nullptr);
  return *found;
}

}  // namespace einc
#endif  // HWY_ONCE
