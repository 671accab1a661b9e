// Arithmetic on logarithms to base 2: costs of contraction orders exceed what doubles hold.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace einc {

// log2 of a sum of numbers whose logarithms are given.
class Log2Sum {
 public:
  void add(double log2_term) {
    if (log2_term > scale_) {
      sum_ *= std::exp2(scale_ - log2_term);
      scale_ = log2_term;
    }
    sum_ += std::exp2(log2_term - scale_);
  }
  // Minus infinity where nothing was added.
  double value() const { return sum_ == 0 ? scale_ : scale_ + std::log2(sum_); }

 private:
  double scale_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
};

// 2^x to four digits, for x in [-126, 126].
inline float fast_exp2(float x) {
  x = std::clamp(x, -126.0F, 126.0F);
  const int32_t whole = static_cast<int32_t>(x + 128.0F) - 128;
  const float part = x - static_cast<float>(whole);
  const float mantissa =
      1.0F + part * (0.695556856F + part * (0.226173572F + part * 0.0781455737F));
  return std::bit_cast<float>(std::bit_cast<int32_t>(mantissa) + (whole << 23));
}

// 2^x to seven digits; 0 and infinity where that is out of range.
inline double exp2_of(double x) {
  if (x < -1000) return 0;
  if (x > 1000) return std::numeric_limits<double>::infinity();
  const int64_t whole = static_cast<int64_t>(x + 1024) - 1024;
  const double part = x - static_cast<double>(whole);
  double mantissa = 1.5403530393381606e-4;
  for (const double coefficient :
       {1.3333558146428443e-3, 9.6181291076284772e-3, 5.5504108664821580e-2, 2.4022650695910071e-1,
        6.9314718055994531e-1, 1.0})
    mantissa = mantissa * part + coefficient;
  return mantissa * std::bit_cast<double>((whole + 1023) << 52);
}

// log2(x) to three decimals, for normal x > 0.
inline float fast_log2(float x) {
  const auto bits = std::bit_cast<int32_t>(x);
  const auto exponent = static_cast<float>((bits >> 23) - 127);
  const float m = std::bit_cast<float>((bits & 0x007FFFFF) | 0x3F800000);
  return exponent +
         (m - 1.0F) * (2.61252411F + m * (-1.74579336F + m * (0.68099649F - m * 0.10565924F)));
}

// log2(2^a + 2^b).
inline float log2_add(float a, float b) {
  const float high = std::max(a, b);
  const float gap = std::min(a, b) - high;
  if (!(gap > -24.0F)) return high;
  return high + fast_log2(1.0F + fast_exp2(gap));
}

}  // namespace einc
