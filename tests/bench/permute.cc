#include "permute.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <vector>

namespace einc::bench {
namespace {

struct Dimension {
  int64_t extent = 1;
  int64_t from = 0;
  int64_t to = 0;
};

// In `to`'s order; neighbours that are neighbours on both sides are one.
std::vector<Dimension> dimensions_of(const std::string& from_term, const TensorType& from,
                                     const std::string& to_term) {
  std::vector<Dimension> dims;
  int64_t stride = 1;
  for (auto label = to_term.rbegin(); label != to_term.rend(); ++label) {
    const size_t d = from_term.find(*label);
    const Dimension next{from.extents[d], from.strides[d], stride};
    stride *= next.extent;
    if (next.extent == 1) continue;
    if (!dims.empty() && next.from == dims.back().from * dims.back().extent) {
      dims.back().extent *= next.extent;
    } else {
      dims.push_back(next);
    }
  }
  std::reverse(dims.begin(), dims.end());
  return dims;
}

// A tile of 32 x 32 elements, in rows of `to`.
constexpr int64_t kTile = 32;

template <class T>
void transpose(const T* from, T* to, const Dimension& rows, const Dimension& columns) {
  for (int64_t i0 = 0; i0 < rows.extent; i0 += kTile)
    for (int64_t j0 = 0; j0 < columns.extent; j0 += kTile)
      for (int64_t i = i0; i < std::min(i0 + kTile, rows.extent); ++i)
        for (int64_t j = j0; j < std::min(j0 + kTile, columns.extent); ++j)
          to[i * rows.to + j] = from[i + j * columns.from];
}

template <class T>
void copy(const T* from, T* to, const std::vector<Dimension>& outer, size_t depth,
          const Dimension& rows, const Dimension& columns) {
  if (depth < outer.size()) {
    for (int64_t i = 0; i < outer[depth].extent; ++i)
      copy(from + i * outer[depth].from, to + i * outer[depth].to, outer, depth + 1, rows, columns);
  } else if (columns.from == 1) {
    std::memcpy(to, from, static_cast<size_t>(columns.extent) * sizeof(T));
  } else {
    transpose(from, to, rows, columns);
  }
}

template <class T>
void permute_elements(const void* from, void* to, std::vector<Dimension> dims) {
  const Dimension columns = dims.empty() ? Dimension{1, 1, 1} : dims.back();
  if (!dims.empty()) dims.pop_back();
  Dimension rows;
  const auto contiguous =
      std::find_if(dims.begin(), dims.end(), [](const Dimension& dim) { return dim.from == 1; });
  if (contiguous != dims.end()) {
    rows = *contiguous;
    dims.erase(contiguous);
  }
  copy(static_cast<const T*>(from), static_cast<T*>(to), dims, 0, rows, columns);
}

}  // namespace

void permute(const std::string& from_term, const TensorView& from, const std::string& to_term,
             void* to) {
  auto dims = dimensions_of(from_term, from.type, to_term);
  switch (info(from.type.dtype).bytes) {
    case 4:
      return permute_elements<float>(from.data, to, std::move(dims));
    case 8:
      return permute_elements<double>(from.data, to, std::move(dims));
    case 16:
      return permute_elements<std::complex<double>>(from.data, to, std::move(dims));
    default:
      break;
  }
}

}  // namespace einc::bench
