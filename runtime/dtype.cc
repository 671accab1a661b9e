#include "einc/dtype.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace einc {
namespace {

constexpr DTypeInfo kRows[] = {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  {DType::id, Kind::kind, sizeof(storage), name, npy, dlpack, DType::compute},
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
};

template <class Matches>
std::optional<DType> find_row(Matches matches) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), matches);
  if (row == std::end(kRows)) return std::nullopt;
  return row->dtype;
}

DType row_of(Kind kind, int bytes) {
  return *find_row([&](const DTypeInfo& row) { return row.kind == kind && row.bytes == bytes; });
}

// Bytes of the real type whose mantissa holds every value of `row` that NumPy says it does: 8-bit
// integers fit a float16, 16-bit ones a float32, wider ones take a float64.
int real_bytes(const DTypeInfo& row) {
  switch (row.kind) {
    case Kind::kBoolean:
      return 0;
    case Kind::kSigned:
    case Kind::kUnsigned:
      return row.bytes <= 2 ? 2 * row.bytes : 8;
    case Kind::kReal:
      return row.bytes;
    case Kind::kComplex:
      return row.bytes / 2;
  }
  return 0;
}

}  // namespace

const DTypeInfo& info(DType dtype) { return kRows[static_cast<size_t>(dtype)]; }

std::optional<DType> dtype_from_name(std::string_view name) {
  return find_row([&](const DTypeInfo& row) { return row.name == name; });
}

std::optional<DType> dtype_from_npy(std::string_view descr) {
  return find_row([&](const DTypeInfo& row) { return row.npy == descr; });
}

DType promote(DType a, DType b) {
  const DTypeInfo* x = &info(a);
  const DTypeInfo* y = &info(b);
  if (y->kind < x->kind) std::swap(x, y);
  if (x->kind == y->kind) {
    if (x->dtype != y->dtype && x->bytes == 2 && x->kind == Kind::kReal && y->bytes == 2)
      return DType::kFloat32;
    return x->bytes > y->bytes ? x->dtype : y->dtype;
  }
  if (x->kind == Kind::kBoolean) return y->dtype;
  const int bytes = std::max(real_bytes(*x), real_bytes(*y));
  if (y->kind == Kind::kComplex) return row_of(Kind::kComplex, 2 * bytes);
  if (y->kind == Kind::kReal) return bytes == y->bytes ? y->dtype : row_of(Kind::kReal, bytes);
  // Signed with unsigned: the signed type that holds both ranges, a float64 beyond 64 bits.
  if (x->bytes > y->bytes) return x->dtype;
  return y->bytes < 8 ? row_of(Kind::kSigned, 2 * y->bytes) : DType::kFloat64;
}

}  // namespace einc
