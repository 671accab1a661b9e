// What this machine can do at most, measured: the two sides of the roofline.
#pragma once

#include <string>
#include <vector>

#include "case.h"

namespace einc::bench {

// Bytes per second that move while this many bytes are touched again and again. A copy's bytes
// count twice: read and written.
struct Bandwidth {
  double working_set = 0;
  double read = 0;
  double write = 0;   // the better of plain and non-temporal stores
  double copy = 0;    // the best of both kinds of stores and memcpy
  double memcpy = 0;  // the C library's
};

struct Machine {
  std::string name;
  int threads = 1;
  // As measure_peak() says.
  double peak_f32 = 0;
  double peak_f64 = 0;
  double peak_i32 = 0;
  std::vector<Bandwidth> bandwidths;  // by growing working set
};

// Binds this process to as many processors and measures them; takes about a second.
Machine measure_machine(int threads);

// Operations per second of independent multiply-adds, each two, measured for about so long.
// Complex numbers have the peak of their parts, float16 that of float32, whose arithmetic is its
// own, and 64-bit integers that of 32-bit ones; bfloat16, 16- and 8-bit integers that of the
// instructions that add up several products of them.
double measure_peak(int threads, DType dtype, double seconds);

// Between measured working sets, interpolated over their logarithms.
Bandwidth bandwidth_at(const Machine& machine, double working_set);

// The least time that moving the bytes can take: as much as can be of it as copying, the rest as
// reading or writing alone.
double memory_seconds(const Machine& machine, const Work& work);

// The time of a memcpy that moves as many bytes.
double memcpy_seconds(const Machine& machine, const Work& work);

// The larger of the times that arithmetic and memory take at least, with `peak` operations per
// second.
double roofline_seconds(const Machine& machine, const Work& work, double peak);

}  // namespace einc::bench
