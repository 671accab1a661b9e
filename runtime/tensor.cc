#include "einc/tensor.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "runtime/check.h"
#include "runtime/convert.h"
#include "runtime/memory.h"

namespace einc {
namespace {

// Reads "float32[2,3]{3,1}" left to right; every step reports where it stopped.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  Result<TensorType> read() {
    TensorType type;
    const size_t begin = skip_blanks();
    while (position_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[position_])))
      ++position_;
    const std::string_view name = text_.substr(begin, position_ - begin);
    const std::optional<DType> dtype = dtype_from_name(name);
    if (!dtype) return fail(begin, "unknown dtype '" + std::string(name) + "'");
    type.dtype = *dtype;
    if (auto list = read_list('[', ']', type.extents); !list) return list.error();
    type.strides = row_major_strides(type.extents);
    if (peek() == '{') {
      type.strides.clear();
      if (auto list = read_list('{', '}', type.strides); !list) return list.error();
    }
    if (peek() != '\0') return fail(position_, "unexpected text after the type");
    if (auto valid = check_type(type); !valid) {
      Error error = valid.error();
      error.where = SourceRange{0, text_.size()};
      return error;
    }
    return type;
  }

 private:
  Result<void> read_list(char open, char close, std::vector<int64_t>& values) {
    if (peek() != open) return fail(position_, std::string("expected '") + open + "'");
    ++position_;
    if (peek() == close) return ++position_, Result<void>();
    while (true) {
      skip_blanks();
      int64_t value = 0;
      const char* const begin = text_.data() + position_;
      const auto [end, status] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (status != std::errc()) return fail(position_, "expected a 64-bit integer");
      values.push_back(value);
      position_ += static_cast<size_t>(end - begin);
      const char next = peek();
      ++position_;
      if (next == close) return {};
      if (next != ',') return fail(position_ - 1, std::string("expected ',' or '") + close + "'");
    }
  }

  size_t skip_blanks() {
    while (position_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[position_])))
      ++position_;
    return position_;
  }

  char peek() { return skip_blanks() < text_.size() ? text_[position_] : '\0'; }

  Error fail(size_t at, std::string message) const {
    return {ErrorCode::kSyntax, "tensor type: " + std::move(message),
            SourceRange{std::min(at, text_.size()), std::min(at + 1, text_.size())}, "type-syntax"};
  }

  std::string_view text_;
  size_t position_ = 0;
};

void print_list(std::ostream& out, std::span<const int64_t> values) {
  for (size_t i = 0; i < values.size(); ++i) out << (i == 0 ? "" : ",") << values[i];
}

// The shortest text that reads back as the same value, as NumPy prints numbers.
template <class T>
void print_element(std::ostream& out, const T& value) {
  char text[32];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value);
  out.write(text, end - text);
}

template <class T>
  requires kIsHalf<T>
void print_element(std::ostream& out, const T& value) {
  print_element(out, static_cast<float>(value));
}

template <class R>
void print_element(std::ostream& out, const std::complex<R>& value) {
  print_element(out, value.real());
  out << (std::signbit(value.imag()) ? '-' : '+');
  print_element(out, std::abs(value.imag()));
  out << 'j';
}

void print_element(std::ostream& out, DType dtype, const void* element) {
  if (dtype == DType::kBool) {
    out << (*static_cast<const uint8_t*>(element) != 0 ? "true" : "false");
    return;
  }
  switch (dtype) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return print_element(out, *static_cast<const storage*>(element));
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
}

void print_elements(std::ostream& out, const TensorView& tensor, size_t dim, int64_t offset) {
  if (dim == tensor.type.extents.size()) {
    const int64_t byte = offset * info(tensor.type.dtype).bytes;
    print_element(out, tensor.type.dtype, static_cast<const char*>(tensor.data) + byte);
    return;
  }
  out << '[';
  for (int64_t i = 0; i < tensor.type.extents[dim]; ++i) {
    if (i > 0) out << ", ";
    print_elements(out, tensor, dim + 1, offset + i * tensor.type.strides[dim]);
  }
  out << ']';
}

}  // namespace

TensorType TensorType::row_major(DType dtype, std::vector<int64_t> extents) {
  std::vector<int64_t> strides = row_major_strides(extents);
  return {dtype, std::move(extents), std::move(strides)};
}

// Extents of 0 count as 1, so that strides of an empty tensor stay as NumPy gives them. Products
// beyond 63 bits wrap here and are refused by check_type.
std::vector<int64_t> row_major_strides(std::span<const int64_t> extents) {
  std::vector<int64_t> strides(extents.size());
  uint64_t stride = 1;
  for (size_t d = extents.size(); d-- > 0;) {
    strides[d] = static_cast<int64_t>(stride);
    stride *= static_cast<uint64_t>(std::max<int64_t>(extents[d], 1));
  }
  return strides;
}

int64_t element_count(std::span<const int64_t> extents) {
  int64_t count = 1;
  for (const int64_t extent : extents) count *= extent;
  return count;
}

OffsetRange offset_range(const TensorType& type) {
  OffsetRange range{0, 1};
  for (size_t d = 0; d < type.extents.size(); ++d) {
    if (type.extents[d] == 0) return {0, 0};
    const int64_t reach = (type.extents[d] - 1) * type.strides[d];
    (reach < 0 ? range.begin : range.end) += reach;
  }
  return range;
}

Result<void> check_type(const TensorType& type) {
  const auto fail = [](std::string message) {
    return Error{ErrorCode::kShape, std::move(message), std::nullopt, "shape"};
  };
  if (type.extents.size() != type.strides.size())
    return fail("the type has " + std::to_string(type.extents.size()) + " extents but " +
                std::to_string(type.strides.size()) + " strides");
  // Elements and reach are bounded apart: strides of 0 make many elements in few bytes. No address
  // space has room for as much, and products of a stride and an extent still fit 64 bits.
  constexpr __int128 kMost = __int128{1} << 60;
  __int128 elements = info(type.dtype).bytes;
  __int128 reach = elements;
  for (size_t d = 0; d < type.extents.size(); ++d) {
    const int64_t extent = type.extents[d];
    if (extent < 0)
      return fail("extent " + std::to_string(extent) + " of dimension " + std::to_string(d) +
                  " is negative");
    const int64_t positions = std::max<int64_t>(extent, 1);
    const __int128 stride = type.strides[d];
    elements *= positions;
    if (elements < kMost)
      reach += (positions - 1) * (stride < 0 ? -stride : stride) * info(type.dtype).bytes;
    if (elements >= kMost || reach >= kMost)
      return fail("the extents and strides reach 2^60 bytes or more");
  }
  return {};
}

std::string to_string(const TensorType& type) {
  std::ostringstream out;
  out << to_string(type.dtype) << '[';
  print_list(out, type.extents);
  out << ']';
  if (type.strides != row_major_strides(type.extents)) {
    out << '{';
    print_list(out, type.strides);
    out << '}';
  }
  return std::move(out).str();
}

Result<TensorType> parse_type(std::string_view text) { return TypeReader(text).read(); }

Result<Tensor> Tensor::zeros(DType dtype, std::vector<int64_t> extents) {
  Tensor tensor;
  tensor.type_ = TensorType::row_major(dtype, std::move(extents));
  if (auto valid = check_type(tensor.type_); !valid) return valid.error();
  const int64_t bytes = tensor.size() * info(dtype).bytes;
  void* const data = allocate(bytes);
  if (data == nullptr)
    return Error{ErrorCode::kMemory,
                 "no " + std::to_string(bytes) + " bytes for a " + to_string(tensor.type_)};
  std::memset(data, 0, static_cast<size_t>(bytes));
  tensor.data_ = std::shared_ptr<void>(data, std::free);
  return tensor;
}

Tensor Tensor::copy_of(DType dtype, std::vector<int64_t> extents, const void* values,
                       int64_t count) {
  Result<Tensor> tensor = zeros(dtype, std::move(extents));
  EINC_CHECK(tensor && tensor->size() == count);
  std::memcpy(tensor->data(), values, static_cast<size_t>(count * info(dtype).bytes));
  return *std::move(tensor);
}

Tensor Tensor::filled(DType dtype, std::vector<int64_t> extents, double value) {
  Result<Tensor> tensor = zeros(dtype, std::move(extents));
  EINC_CHECK(tensor);
  switch (dtype) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute)              \
  case DType::id:                                                            \
    std::ranges::fill(tensor->elements<storage>(), convert<storage>(value)); \
    break;
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
  return *std::move(tensor);
}

std::string elements_to_string(const TensorView& tensor) {
  std::ostringstream out;
  print_elements(out, tensor, 0, 0);
  return std::move(out).str();
}

}  // namespace einc
