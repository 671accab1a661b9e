// Products of integers of few bits, which are multiplied several at a time as signed or unsigned
// ones, and whose sums are as wide as the result.
#pragma once

#include <cstdint>

#include "bound_request.h"
#include "einc/dtype.h"
#include "random_case.h"

namespace einc::test {

struct SmallIntegers {
  DType a, b, result;
};

constexpr SmallIntegers kSmallIntegers[] = {
    {DType::kInt8, DType::kInt8, DType::kInt32},
    {DType::kUInt8, DType::kUInt8, DType::kUInt32},
    {DType::kUInt8, DType::kInt8, DType::kInt16},
    {DType::kInt8, DType::kUInt8, DType::kInt32},
    {DType::kUInt8, DType::kInt8, DType::kInt64},
    {DType::kInt16, DType::kUInt16, DType::kInt32},
    {DType::kUInt16, DType::kUInt16, DType::kInt64},
    {DType::kUInt16, DType::kUInt8, DType::kUInt16},
    {DType::kInt16, DType::kInt8, DType::kInt32},
    {DType::kUInt16, DType::kUInt16, DType::kUInt32},
    {DType::kBool, DType::kInt8, DType::kInt8},
};

// Of an expression over m, k and n, with operands of any bits.
inline RandomCase case_of(const SmallIntegers& integers, const char* expression, int64_t terms) {
  Request request = request_of(expression, integers.a, [&](char label) {
    return label == 'm' ? int64_t{19} : label == 'k' ? terms : int64_t{21};
  });
  request.inputs[1].dtype = integers.b;
  request.output_type.dtype = integers.result;
  constexpr uint32_t kOfAnyBits = 5;
  return {request, kOfAnyBits};
}

}  // namespace einc::test
