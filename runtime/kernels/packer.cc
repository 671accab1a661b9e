#include "runtime/kernels/packer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "einc/dtype.h"
#include "runtime/check.h"
#include "runtime/kernels/microkernel.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"

namespace einc {
namespace {

constexpr int64_t kMostWidth = 256;  // of a panel of bytes

class Packer {
 public:
  Packer(const Side& side, const Microkernel& microkernel, const Part& part, char* scratch)
      : side_(side), microkernel_(microkernel), part_(part), scratch_(scratch) {}

  // n positions from the part's `first` on.
  void along_k(int64_t first, int64_t n, char* panel) {
    const int64_t depth = part_.depth;
    const int64_t fill = side_.width - n;
    if (!side_.is_direct) {
      int64_t loaded[kMostWidth];
      for (int64_t i = 0; i < n; ++i) {
        loaded[i] = i * depth;
        load(*side_.k, part_.k_offsets, part_.k_begin, depth,
             part_.from + part_.offsets[first + i] * side_.bytes,
             scratch_ + i * depth * side_.compute_bytes);
      }
      return microkernel_.pack_columns(scratch_, loaded, depth, n, fill, side_.width, panel);
    }
    for (int64_t p = 0; p < depth;) {
      const int64_t run = run_at(*side_.k, part_.k_begin + p, part_.k_begin + depth);
      microkernel_.pack_columns(part_.from + part_.k_offsets[p] * side_.bytes,
                                part_.offsets + first, run, n, fill, side_.width,
                                panel + p * side_.width * side_.compute_bytes);
      p += run;
    }
  }

  void along_side(int64_t first, int64_t n, char* panel) {
    const int64_t position = part_.begin + first;
    if (!side_.is_direct) {
      constexpr int64_t kAtStart = 0;
      for (int64_t p = 0; p < part_.depth; ++p, panel += side_.width * side_.compute_bytes) {
        load(*side_.dims, part_.offsets + first, position, n,
             part_.from + part_.k_offsets[p] * side_.bytes, scratch_);
        microkernel_.pack_rows(scratch_, &kAtStart, 1, n, side_.width - n, side_.width, panel);
      }
      return;
    }
    for (int64_t i = 0; i < n;) {
      const int64_t run = run_at(*side_.dims, position + i, position + n);
      const int64_t fill = i + run < n ? 0 : side_.width - n;
      microkernel_.pack_rows(part_.from + part_.offsets[first + i] * side_.bytes, part_.k_offsets,
                             part_.depth, run, fill, side_.width,
                             panel + i * microkernel_.part_bytes);
      i += run;
    }
  }

 private:
  // n positions of `dims` from `position` on, as many runs as there are; `offsets` are theirs.
  void load(const std::vector<StepDim>& dims, const int64_t* offsets, int64_t position, int64_t n,
            const char* from, char* to) {
    const int64_t stride = last_stride(dims, side_.operand);
    for (int64_t i = 0; i < n;) {
      const int64_t run = run_at(dims, position + i, position + n);
      side_.load(from + offsets[i] * side_.bytes, stride, run, side_.conjugate,
                 to + i * side_.compute_bytes);
      i += run;
    }
  }

  const Side& side_;
  const Microkernel& microkernel_;
  const Part& part_;
  char* scratch_;
};

}  // namespace

Side side_of(size_t operand, const StepTensor& tensor, DType compute,
             const std::vector<StepDim>& dims, const std::vector<StepDim>& k, int64_t width) {
  const auto step_along = [&](const std::vector<StepDim>& group) {
    return group.empty() ? INT64_MAX : std::abs(last_stride(group, operand));
  };
  const bool runs_along_k = step_along(k) < step_along(dims);
  EINC_CHECK(width <= kMostWidth);
  return {.operand = operand,
          .dims = &dims,
          .k = &k,
          .load = find_load(tensor.dtype, compute),
          .bytes = info(tensor.dtype).bytes,
          .compute_bytes = info(compute).bytes,
          .conjugate = tensor.conjugate,
          .is_direct = tensor.dtype == compute && !tensor.conjugate &&
                       tensor.dtype != DType::kBool &&
                       last_stride(runs_along_k ? k : dims, operand) == 1,
          .runs_along_k = runs_along_k,
          .width = width};
}

void fill_offsets(const std::vector<StepDim>& dims, size_t operand, int64_t begin, int64_t n,
                  int64_t* offsets) {
  if (dims.empty()) {
    std::fill(offsets, offsets + n, 0);
    return;
  }
  const StepDim& last = dims.back();
  const int64_t stride = last.strides[operand];
  for (int64_t i = 0; i < n;) {
    const int64_t run = std::min(last.extent - (begin + i) % last.extent, n - i);
    int64_t offset = offset_of(dims, operand, begin + i);
    for (const int64_t end = i + run; i < end; ++i, offset += stride) offsets[i] = offset;
  }
}

int64_t run_at(const std::vector<StepDim>& dims, int64_t position, int64_t end) {
  if (dims.empty()) return 1;
  return std::min(dims.back().extent - position % dims.back().extent, end - position);
}

int64_t last_stride(const std::vector<StepDim>& dims, size_t operand) {
  return dims.empty() ? 0 : dims.back().strides[operand];
}

void pack(const Side& side, const Microkernel& microkernel, const Part& part, char* scratch,
          char* panels) {
  Packer packer(side, microkernel, part, scratch);
  const int64_t panel_bytes = side.width * part.depth * side.compute_bytes;
  for (int64_t first = 0; first < part.n; first += side.width, panels += panel_bytes) {
    const int64_t n = std::min(side.width, part.n - first);
    side.runs_along_k ? packer.along_k(first, n, panels) : packer.along_side(first, n, panels);
    if (microkernel.join != nullptr) microkernel.join(part.depth, side.width, panels);
  }
}

}  // namespace einc
