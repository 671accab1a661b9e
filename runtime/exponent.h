// Powers of two taken out of tensors, so that products of many of them stay within range.
#pragma once

#include <cstdint>

#include "einc/dtype.h"
#include "einc/executor.h"
#include "einc/tensor.h"

namespace einc {

// float32, float64 and the complex numbers of these.
bool has_exponents(DType dtype);

// Of the binary floats of so many bytes.
struct FloatBits {
  int64_t mantissa;  // bits, without the leading one
  int64_t bias;      // of the exponent
};
constexpr FloatBits float_bits(int64_t bytes) {
  return bytes == 4 ? FloatBits{23, 127} : FloatBits{52, 1023};
}

// Products of two numbers whose exponents are nearer to 0 stay within range.
constexpr int64_t far_from_one(int64_t bytes) { return bytes == 4 ? 16 : 256; }

// Far below that of any number: whatever is added to zeros has a larger one.
constexpr int64_t kExponentOfZero = -(int64_t{1} << 40);

// Divides so many numbers, side by side, by a power of two that makes the largest part of any of
// them nearly 1, and returns its exponent. Where that part is not far from 1 anyway, or
// infinite, returns 0 and changes nothing; what is no number is passed over. Of zeros alone returns
// kExponentOfZero.
int64_t strip_exponent(void* data, int64_t count, DType dtype, const Executor& executor);

// Multiplies every element by 2^exponent, rounding where that leaves the range.
void scale_by_power_of_two(const TensorView& tensor, int64_t exponent);

}  // namespace einc
