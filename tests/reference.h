// The oracle: einsum as nested loops over every label, in long double or wrapping 64-bit integers.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "einc/tensor.h"

namespace einc::test {

// A request whose labels are single characters, with the spelling that einc is given.
struct Request {
  std::string expression;
  std::vector<std::string> terms;  // one character per dim, ellipses spelled out
  std::string output;
  std::vector<TensorType> inputs;
  TensorType output_type;
};

struct Expected {
  std::vector<std::complex<long double>>
      values;                           // row-major over the output; integers as they wrap
  std::vector<long double> magnitudes;  // sum of the products of absolute values
  double terms = 1;                     // products summed per element
};

// Dims of extent 1 broadcast against their label. Elements of repeated output labels off the
// diagonal are 0.
Expected reference(const Request& request, const std::vector<TensorView>& inputs);

// Whether `actual` is within the rounding that einc promises: gamma_m times the magnitude, plus one
// rounding of the result; exactly, for integers and bool. The text says where it is not.
std::string difference(const TensorView& actual, const Expected& expected, size_t operands);

// Element access for tests, converted.
std::complex<long double> get_element(const TensorView& tensor, int64_t offset);
void set_element(const TensorView& tensor, int64_t offset, std::complex<long double> value);

// Calls visit(offset of the element in `type`) in row-major order.
template <class Visit>
void for_each_element(const TensorType& type, Visit visit) {
  const int64_t count = element_count(type.extents);
  for (int64_t flat = 0; flat < count; ++flat) {
    int64_t rest = flat;
    int64_t offset = 0;
    for (size_t d = type.extents.size(); d-- > 0;) {
      offset += rest % type.extents[d] * type.strides[d];
      rest /= type.extents[d];
    }
    visit(offset);
  }
}

}  // namespace einc::test
