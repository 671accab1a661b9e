// Which products of small integers may be taken two at a time.
#pragma once

#include "einc/dtype.h"

namespace einc {

// Whether sums of products of two integers, stored as `result`, may be computed from their signed
// 16-bit forms, in words of 32 bits. Taking an unsigned one for signed changes a product by a
// multiple of 65536, which results of 16 bits do not show.
inline bool may_multiply_as_halves(DType a, DType b, DType result) {
  const auto is_short = [](DType dtype) { return is_integer(dtype) && info(dtype).bytes <= 2; };
  const bool are_signed = a != DType::kUInt16 && b != DType::kUInt16;  // bytes are widened
  return is_short(a) && is_short(b) && is_integer(result) &&
         info(info(result).compute).bytes == 4 && (are_signed || info(result).bytes <= 2);
}

}  // namespace einc
