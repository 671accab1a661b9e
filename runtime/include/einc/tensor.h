// Tensors: what they look like (TensorType), a borrowed one (TensorView), an owned one (Tensor).
// Extents and strides count elements, outermost dimension first; a stride may be 0 or negative.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/export.h"

namespace einc {

struct TensorType {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> extents;
  std::vector<int64_t> strides;

  // Row-major: the last dimension has stride 1.
  EINC_EXPORT static TensorType row_major(DType dtype, std::vector<int64_t> extents);

  int rank() const { return static_cast<int>(extents.size()); }
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

EINC_EXPORT std::vector<int64_t> row_major_strides(std::span<const int64_t> extents);

// Elements, 1 for a scalar. The caller knows that the product fits (see check_type).
EINC_EXPORT int64_t element_count(std::span<const int64_t> extents);

// Lowest and one past the highest element offset that a type touches; equal if it has none.
struct OffsetRange {
  int64_t begin = 0;
  int64_t end = 0;
};
EINC_EXPORT OffsetRange offset_range(const TensorType& type);

// Fails with kShape where the strides do not match the extents in number, an extent is negative, or
// the elements together have, or reach over, 2^60 bytes or more.
EINC_EXPORT Result<void> check_type(const TensorType& type);

// "float32[8,64]", with strides unless they are row-major "float32[2,3]{1,2}", "float32[]".
EINC_EXPORT std::string to_string(const TensorType& type);
// The reverse; white space is ignored. Fails with kSyntax, pointing into `text`.
EINC_EXPORT Result<TensorType> parse_type(std::string_view text);

// A borrowed tensor; `data` points at element (0, ..., 0).
struct TensorView {
  void* data = nullptr;
  TensorType type;
  friend bool operator==(const TensorView&, const TensorView&) = default;  // of addresses
};

// An owned, row-major tensor, zero-filled, aligned to 64 bytes. Copies share the elements.
class EINC_EXPORT Tensor {
 public:
  Tensor() = default;

  // Fails with kMemory or, for a type that no memory could hold, kShape.
  static Result<Tensor> zeros(DType dtype, std::vector<int64_t> extents);

  // Every element is `value`, converted. As zeros(), but aborts where there is no memory: meant for
  // scalars.
  static Tensor filled(DType dtype, std::vector<int64_t> extents, double value);

  // A tensor of `T`'s dtype with the given elements in row-major order; aborts if the number of
  // values is not that of the extents. Meant for literals in examples and tests.
  template <class T>
  static Tensor of(std::vector<int64_t> extents, std::initializer_list<T> values);

  const TensorType& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const std::vector<int64_t>& extents() const { return type_.extents; }
  int64_t size() const { return element_count(type_.extents); }

  void* data() const { return data_.get(); }
  template <class T>
  std::span<T> elements() const {
    return {static_cast<T*>(data_.get()), static_cast<size_t>(size())};
  }

  TensorView view() const { return {data_.get(), type_}; }
  operator TensorView() const { return view(); }

 private:
  static Tensor copy_of(DType dtype, std::vector<int64_t> extents, const void* values,
                        int64_t count);

  TensorType type_;
  std::shared_ptr<void> data_;
};

// Every element, nested in brackets as NumPy prints them: "[[1, 2], [3, 4]]".
EINC_EXPORT std::string elements_to_string(const TensorView& tensor);

template <class T>
Tensor Tensor::of(std::vector<int64_t> extents, std::initializer_list<T> values) {
  return copy_of(dtype_of<T>(), std::move(extents), std::data(values),
                 static_cast<int64_t>(values.size()));
}

}  // namespace einc
