// The element types einc knows, one table row each. Everything that depends on a dtype derives
// from the columns: names, sizes, promotion, what sums are kept in, and the code that is emitted.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "einc/export.h"
#include "einc/half.h"

//  enumerator   storage type           kind      NumPy name    .npy descr  DLPack  compute type
#define EINC_FOR_EACH_DTYPE(ROW)                                                   \
  ROW(kBool, uint8_t, kBoolean, "bool", "b1", 6, kBool)                            \
  ROW(kInt8, int8_t, kSigned, "int8", "i1", 0, kInt32)                             \
  ROW(kInt16, int16_t, kSigned, "int16", "i2", 0, kInt32)                          \
  ROW(kInt32, int32_t, kSigned, "int32", "i4", 0, kInt32)                          \
  ROW(kInt64, int64_t, kSigned, "int64", "i8", 0, kInt64)                          \
  ROW(kUInt8, uint8_t, kUnsigned, "uint8", "u1", 1, kUInt32)                       \
  ROW(kUInt16, uint16_t, kUnsigned, "uint16", "u2", 1, kUInt32)                    \
  ROW(kUInt32, uint32_t, kUnsigned, "uint32", "u4", 1, kUInt32)                    \
  ROW(kUInt64, uint64_t, kUnsigned, "uint64", "u8", 1, kUInt64)                    \
  ROW(kFloat16, Float16, kReal, "float16", "f2", 2, kFloat32)                      \
  ROW(kBFloat16, BFloat16, kReal, "bfloat16", "V2", 4, kFloat32)                   \
  ROW(kFloat32, float, kReal, "float32", "f4", 2, kFloat32)                        \
  ROW(kFloat64, double, kReal, "float64", "f8", 2, kFloat64)                       \
  ROW(kComplex64, std::complex<float>, kComplex, "complex64", "c8", 5, kComplex64) \
  ROW(kComplex128, std::complex<double>, kComplex, "complex128", "c16", 5, kComplex128)

namespace einc {

enum class DType : uint8_t {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) id,
  EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
};

enum class Kind : uint8_t { kBoolean, kSigned, kUnsigned, kReal, kComplex };

struct DTypeInfo {
  DType dtype;
  Kind kind;
  int bytes;              // of one element in memory
  std::string_view name;  // as NumPy spells it
  std::string_view npy;   // the descr of a .npy file without its byte order
  int dlpack;             // DLPack's type code
  DType compute;          // what products and sums of this result type are kept in; wrapping
                          // integers give the same result in any width that is at least as wide
};

EINC_EXPORT const DTypeInfo& info(DType dtype);

inline bool is_integer(DType dtype) {
  return info(dtype).kind == Kind::kSigned || info(dtype).kind == Kind::kUnsigned;
}

// Floats whose sums are kept in a wider float.
inline bool is_narrow_float(DType dtype) {
  return info(dtype).kind == Kind::kReal && info(dtype).compute != dtype;
}

inline std::string_view to_string(DType dtype) { return info(dtype).name; }
EINC_EXPORT std::optional<DType> dtype_from_name(std::string_view name);
EINC_EXPORT std::optional<DType> dtype_from_npy(std::string_view descr);

// The smallest dtype both convert to without loss of kind or range, as numpy.result_type:
// int32 and float32 give float64, uint64 and int64 give float64, complex64 and float64 give
// complex128; float16 and bfloat16 give float32.
EINC_EXPORT DType promote(DType a, DType b);

// The dtype whose elements are stored as T; uint8_t is kUInt8, though bool is a byte too.
template <class T>
constexpr DType dtype_of() {
  DType result = DType::kBool;
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  if (std::is_same_v<T, storage>) result = DType::id;
  EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  return result;
}

}  // namespace einc
