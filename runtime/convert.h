// One element from one dtype to another, as NumPy's astype does where that is defined: integers
// wrap, floats lose their fraction on the way to integers (NaN gives 0, what is too large the
// nearest integer), complex numbers lose their imaginary part on the way to real ones.
#pragma once

#include <complex>
#include <limits>
#include <type_traits>

#include "einc/half.h"

namespace einc {

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

template <class T>
struct IsComplex : std::false_type {};
template <class T>
struct IsComplex<std::complex<T>> : std::true_type {};
template <class T>
inline constexpr bool kIsComplex = IsComplex<T>::value;

// The nearest integer towards 0 that To has.
template <class To, class From>
constexpr To saturating(From value) {
  constexpr To kLeast = std::numeric_limits<To>::min();
  constexpr To kMost = std::numeric_limits<To>::max();
  // 2^digits, which a float has exactly, as opposed to kMost.
  constexpr From kBeyond = static_cast<From>(To{1} << (std::numeric_limits<To>::digits - 1)) * 2;
  if (!(value > static_cast<From>(kLeast))) return value == value ? kLeast : To{0};
  return value >= kBeyond ? kMost : static_cast<To>(value);
}

template <class To, class From>
constexpr To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (kIsHalf<From>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (kIsHalf<To>) {
    return To(convert<float>(value));
  } else if constexpr (kIsComplex<From> && kIsComplex<To>) {
    return To(convert<typename To::value_type>(value.real()),
              convert<typename To::value_type>(value.imag()));
  } else if constexpr (kIsComplex<From>) {
    return convert<To>(value.real());
  } else if constexpr (kIsComplex<To>) {
    return To(convert<typename To::value_type>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return saturating<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace einc
