#include "reference.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <sstream>

#include "runtime/convert.h"

namespace einc::test {
namespace {

using Complex = std::complex<long double>;

bool is_exact(DType dtype) { return info(dtype).kind <= Kind::kUnsigned; }

template <class T>
Complex load(const void* element) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<long double>(*static_cast<const T*>(element));
  } else if constexpr (kIsHalf<T>) {
    return static_cast<float>(*static_cast<const T*>(element));
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
  } else if constexpr (kIsHalf<T>) {
    *static_cast<T*>(element) = T(static_cast<float>(value.real()));
  } else {
    using R = typename T::value_type;
    *static_cast<T*>(element) = T(static_cast<R>(value.real()), static_cast<R>(value.imag()));
  }
}

void* address(const TensorView& tensor, int64_t offset) {
  return static_cast<char*>(tensor.data) + offset * info(tensor.type.dtype).bytes;
}

// What one step along each label moves in a tensor: nothing for dims of extent 1, which broadcast.
std::vector<int64_t> steps_of(const TensorType& type, const std::string& term,
                              const std::string& labels) {
  std::vector<int64_t> steps(labels.size());
  for (size_t d = 0; d < term.size(); ++d)
    if (type.extents[d] != 1) steps[labels.find(term[d])] += type.strides[d];
  return steps;
}

uint64_t integer_of(Complex value) {
  return value.real() >= 0x1p63L ? static_cast<uint64_t>(value.real())
                                 : static_cast<uint64_t>(static_cast<int64_t>(value.real()));
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
  std::string labels;
  std::vector<int64_t> extents;
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t d = 0; d < request.terms[i].size(); ++d) {
      const size_t known = labels.find(request.terms[i][d]);
      const size_t label = known == std::string::npos ? labels.size() : known;
      if (label == labels.size()) {
        labels += request.terms[i][d];
        extents.push_back(1);
      }
      if (inputs[i].type.extents[d] != 1) extents[label] = inputs[i].type.extents[d];
    }
  const DType dtype = request.output_type.dtype;
  const TensorType dense = TensorType::row_major(dtype, request.output_type.extents);
  const auto count = static_cast<size_t>(element_count(dense.extents));
  Expected expected{std::vector<Complex>(count), std::vector<long double>(count)};
  std::vector<uint64_t> integers(count);
  std::vector<std::vector<int64_t>> steps;  // of each input, then of the output
  for (size_t i = 0; i < inputs.size(); ++i)
    steps.push_back(steps_of(inputs[i].type, request.terms[i], labels));
  steps.push_back(steps_of(dense, request.output, labels));
  for (size_t l = 0; l < labels.size(); ++l)
    if (request.output.find(labels[l]) == std::string::npos)
      expected.terms *= static_cast<double>(extents[l]);

  const bool is_complex = info(dtype).kind == Kind::kComplex;
  std::vector<int64_t> offsets(steps.size());
  const std::function<void(size_t)> loop_over = [&](size_t l) {
    if (l < labels.size()) {
      const std::vector<int64_t> before = offsets;
      for (int64_t index = 0; index < extents[l]; ++index) {
        loop_over(l + 1);
        for (size_t o = 0; o < offsets.size(); ++o) offsets[o] += steps[o][l];
      }
      offsets = before;
      return;
    }
    Complex product = 1;
    long double real_product = 1;
    long double magnitude = 1;
    uint64_t integer = 1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Complex value = get_element(inputs[i], offsets[i]);
      if (is_exact(dtype)) {
        integer *= integer_of(value);
      } else if (is_complex) {
        product *= value;
        magnitude *= std::abs(value);
      } else {
        real_product *= value.real();
        magnitude *= std::fabs(value.real());
      }
    }
    if (!is_complex) product = real_product;
    const auto place = static_cast<size_t>(offsets.back());
    expected.values[place] += product;
    expected.magnitudes[place] += magnitude;
    integers[place] = dtype == DType::kBool ? (integers[place] | (integer != 0 ? 1U : 0U))
                                            : integers[place] + integer;
  };
  // Loops around one of no iterations could be long.
  if (std::find(extents.begin(), extents.end(), 0) == extents.end()) loop_over(0);
  if (is_exact(dtype))
    for (size_t i = 0; i < count; ++i) expected.values[i] = wrapped(integers[i], dtype);
  return expected;
}

std::string difference(const TensorView& actual, const Expected& expected, size_t operands) {
  const DTypeInfo& row = info(actual.type.dtype);
  const bool is_complex = row.kind == Kind::kComplex;
  const DTypeInfo& compute = info(row.compute);
  const bool is_single = compute.bytes == (is_complex ? 8 : 4);
  // Of the one rounding to the result's type, with the spacing of its smallest numbers.
  const long double rounding = row.dtype == DType::kFloat16    ? 0x1p-11L
                               : row.dtype == DType::kBFloat16 ? 0x1p-8L
                                                               : 0;
  const long double least = row.dtype == DType::kFloat16 ? 0x1p-25L : 0;
  const long double unit = is_single ? FLT_EPSILON / 2 : DBL_EPSILON / 2;
  // Each operand adds a product, and each step a sum of at most all terms.
  const long double m = (is_complex ? 4 : 1) * (static_cast<long double>(expected.terms) + 2) *
                        static_cast<long double>(operands);
  std::ostringstream text;
  size_t i = 0;
  for_each_element(actual.type, [&](int64_t offset) {
    const Complex value = get_element(actual, offset);
    const long double bound = is_exact(actual.type.dtype)
                                  ? 0
                                  : m * unit / (1 - m * unit) * expected.magnitudes[i] +
                                        (unit + rounding) * std::abs(expected.values[i]) + least;
    const long double error = std::abs(value - expected.values[i]);
    if (!(error <= bound) && text.tellp() < 400)
      text << "element " << i << " is " << value << ", expected " << expected.values[i]
           << ", bound " << bound << '\n';
    ++i;
  });
  return text.str();
}

}  // namespace einc::test
