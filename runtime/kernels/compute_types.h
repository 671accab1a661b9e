// What each compute dtype is calculated in.
#pragma once

#include <complex>
#include <cstdint>

namespace einc {

// A byte of a bool: "times" is and, "plus" is or.
enum class Boolean : uint8_t { kFalse, kTrue };

}  // namespace einc

// enumerator, what its values mean, the type of the arithmetic: unsigned integers, since those wrap
#define EINC_FOR_EACH_COMPUTE_DTYPE(ROW)                    \
  ROW(kBool, bool, Boolean)                                 \
  ROW(kInt32, int32_t, uint32_t)                            \
  ROW(kUInt32, uint32_t, uint32_t)                          \
  ROW(kInt64, int64_t, uint64_t)                            \
  ROW(kUInt64, uint64_t, uint64_t)                          \
  ROW(kFloat32, float, float)                               \
  ROW(kFloat64, double, double)                             \
  ROW(kComplex64, std::complex<float>, std::complex<float>) \
  ROW(kComplex128, std::complex<double>, std::complex<double>)
