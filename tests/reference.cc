#include "reference.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <map>
#include <sstream>

namespace einc::test {
namespace {

using Complex = std::complex<long double>;

bool is_integer(DType dtype) { return info(dtype).kind <= Kind::kUnsigned; }

template <class T>
Complex load(const void* element) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<long double>(*static_cast<const T*>(element));
  } else {
    const T value = *static_cast<const T*>(element);
    return {value.real(), value.imag()};
  }
}

template <class T>
void store(void* element, Complex value) {
  if constexpr (std::is_integral_v<T>) {
    // Through 64 bits, so that what does not fit wraps; unsigned values beyond int64 keep theirs.
    const auto bits = value.real() >= 0x1p63L
                          ? static_cast<uint64_t>(value.real())
                          : static_cast<uint64_t>(static_cast<int64_t>(value.real()));
    *static_cast<T*>(element) = static_cast<T>(bits);
  } else if constexpr (std::is_floating_point_v<T>) {
    *static_cast<T*>(element) = static_cast<T>(value.real());
  } else {
    using R = typename T::value_type;
    *static_cast<T*>(element) = T(static_cast<R>(value.real()), static_cast<R>(value.imag()));
  }
}

void* address(const TensorView& tensor, int64_t offset) {
  return static_cast<char*>(tensor.data) + offset * info(tensor.type.dtype).bytes;
}

int64_t offset_at(const TensorType& type, const std::string& term,
                  const std::map<char, int64_t>& index) {
  int64_t offset = 0;
  for (size_t d = 0; d < term.size(); ++d)
    if (type.extents[d] != 1) offset += index.at(term[d]) * type.strides[d];
  return offset;
}

template <class T>
long double wrapped_as(uint64_t bits) {
  if constexpr (std::is_integral_v<T>) return static_cast<long double>(static_cast<T>(bits));
  return 0;
}

// An integer result in its type, as a wrapping conversion makes it.
long double wrapped(uint64_t bits, DType dtype) {
  switch (dtype) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return wrapped_as<storage>(bits);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
  return 0;
}

}  // namespace

Complex get_element(const TensorView& tensor, int64_t offset) {
  const void* const element = address(tensor, offset);
  switch (tensor.type.dtype) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute)                               \
  case DType::id:                                                                             \
    if (DType::id == DType::kBool) return *static_cast<const uint8_t*>(element) != 0 ? 1 : 0; \
    return load<storage>(element);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
  return 0;
}

void set_element(const TensorView& tensor, int64_t offset, Complex value) {
  void* const element = address(tensor, offset);
  switch (tensor.type.dtype) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return store<storage>(element, value);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
}

Expected reference(const Request& request, const std::vector<TensorView>& inputs) {
  std::map<char, int64_t> extents;
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t d = 0; d < request.terms[i].size(); ++d) {
      int64_t& extent = extents.try_emplace(request.terms[i][d], 1).first->second;
      if (inputs[i].type.extents[d] != 1) extent = inputs[i].type.extents[d];
    }
  double terms = 1;
  int64_t points = 1;
  for (const auto& [label, extent] : extents) {
    points *= extent;
    if (request.output.find(label) == std::string::npos) terms *= static_cast<double>(extent);
  }
  const DType dtype = request.output_type.dtype;
  const int64_t count = element_count(request.output_type.extents);
  const std::vector<int64_t> strides = row_major_strides(request.output_type.extents);
  const TensorType dense = TensorType::row_major(dtype, request.output_type.extents);
  std::vector<Complex> sums(static_cast<size_t>(count));
  std::vector<uint64_t> integers(static_cast<size_t>(count));
  std::vector<long double> magnitudes(static_cast<size_t>(count));
  std::map<char, int64_t> index;
  for (int64_t point = 0; point < points; ++point) {
    int64_t rest = point;
    for (auto& [label, extent] : extents) {
      index[label] = rest % extent;
      rest /= extent;
    }
    Complex product = 1;
    uint64_t integer = 1;
    long double magnitude = 1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int64_t offset = offset_at(inputs[i].type, request.terms[i], index);
      const Complex value = get_element(inputs[i], offset);
      product *= value;
      magnitude *= std::abs(value);
      integer *= value.real() >= 0x1p63L
                     ? static_cast<uint64_t>(value.real())
                     : static_cast<uint64_t>(static_cast<int64_t>(value.real()));
    }
    const auto place = static_cast<size_t>(offset_at(dense, request.output, index));
    sums[place] += product;
    magnitudes[place] += magnitude;
    integers[place] = dtype == DType::kBool ? (integers[place] | (integer != 0 ? 1U : 0U))
                                            : integers[place] + integer;
  }
  if (is_integer(dtype))
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = wrapped(integers[i], dtype);
  return {std::move(sums), std::move(magnitudes), terms};
}

std::string difference(const TensorView& actual, const Expected& expected, size_t operands) {
  const DTypeInfo& row = info(actual.type.dtype);
  const bool is_complex = row.kind == Kind::kComplex;
  const bool is_single = row.bytes == (is_complex ? 8 : 4);
  const long double unit = is_single ? FLT_EPSILON / 2 : DBL_EPSILON / 2;
  // Each operand adds a product, and each step a sum of at most all terms.
  const long double m = (is_complex ? 4 : 1) * (static_cast<long double>(expected.terms) + 2) *
                        static_cast<long double>(operands);
  std::ostringstream text;
  size_t i = 0;
  for_each_element(actual.type, [&](int64_t offset) {
    const Complex value = get_element(actual, offset);
    const long double bound = is_integer(actual.type.dtype)
                                  ? 0
                                  : m * unit / (1 - m * unit) * expected.magnitudes[i] +
                                        unit * std::abs(expected.values[i]);
    const long double error = std::abs(value - expected.values[i]);
    if (!(error <= bound) && text.tellp() < 400)
      text << "element " << i << " is " << value << ", expected " << expected.values[i]
           << ", bound " << bound << '\n';
    ++i;
  });
  return text.str();
}

}  // namespace einc::test
