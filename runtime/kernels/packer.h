// Brings a side of a contraction into panels, whatever its strides and dtype.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "einc/dtype.h"
#include "runtime/kernels/microkernel.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"

namespace einc {

// A with its rows, or B with its columns, each against K.
struct Side {
  size_t operand;
  const std::vector<StepDim>* dims;
  const std::vector<StepDim>* k;
  LoadRun load;
  int64_t bytes;
  int64_t compute_bytes;
  bool conjugate;
  bool is_direct;     // as it lies it is what load would make of it
  bool runs_along_k;  // else along the side
  int64_t width;      // of a panel
};

Side side_of(size_t operand, const StepTensor& tensor, DType compute,
             const std::vector<StepDim>& dims, const std::vector<StepDim>& k, int64_t width);

// The offsets of [begin, begin + n) of flattened dims, as offset_of() has them.
void fill_offsets(const std::vector<StepDim>& dims, size_t operand, int64_t begin, int64_t n,
                  int64_t* offsets);

// How far the last of the dims can be walked from a position, `end` at most.
int64_t run_at(const std::vector<StepDim>& dims, int64_t position, int64_t end);

// 0 if there are no dims.
int64_t last_stride(const std::vector<StepDim>& dims, size_t operand);

// Part of a side: [begin, begin + n) of its dims against [k_begin, k_begin + depth) of K. The
// offsets are of these positions, in elements of `from`.
struct Part {
  const char* from;
  int64_t begin, n;
  const int64_t* offsets;
  int64_t k_begin, depth;
  const int64_t* k_offsets;
};

// Packs in panels of side.width, and joins them where the microkernel wants that; each takes the
// room that it would take unjoined. `scratch` has room for one panel.
void pack(const Side& side, const Microkernel& microkernel, const Part& part, char* scratch,
          char* panels);

}  // namespace einc
