// Runs: up to a few thousand elements, evenly spaced in a tensor, contiguous and in the compute
// dtype once loaded. Every precompiled kernel moves elements, and does what arithmetic is not a
// matrix product, by these functions; they are compiled for every instruction set.
#pragma once

#include <cstdint>

#include "einc/dtype.h"

namespace einc {

// to[i] = from[i * stride], converted, for i < n; conjugated if asked for.
using LoadRun = void (*)(const void* from, int64_t stride, int64_t n, bool conjugate, void* to);
// to[i * stride] = from[i], converted.
using StoreRun = void (*)(const void* from, int64_t n, void* to, int64_t stride);

// Arithmetic of a compute dtype; for bool "times" is and, "plus" is or.
struct RunArithmetic {
  void (*multiply)(void* x, const void* y, int64_t n);                  // x[i] = x[i] * y[i]
  void (*add)(void* x, const void* y, int64_t n);                       // x[i] = x[i] + y[i]
  void (*add_sum)(const void* x, int64_t n, void* sum);                 // *sum += sum of x[i]
  void (*add_dot)(const void* x, const void* y, int64_t n, void* sum);  // *sum += sum x[i] * y[i]
  // to[j * rows + i] = from[i * columns + j]
  void (*transpose)(const void* from, int64_t rows, int64_t columns, void* to);
};

// For the best instruction set this machine has. `compute` is a dtype that some row of the dtype
// table computes in.
LoadRun find_load(DType storage, DType compute);
StoreRun find_store(DType compute, DType storage);
const RunArithmetic& run_arithmetic(DType compute);

}  // namespace einc
