#pragma once

#include <cstdint>

namespace einc::bench {

// Each runs independent multiply-adds in registers, the widest there are, and returns
// how many operations (two each) it did per element type: float, double, 32-bit integers, bfloat16
// in float32, and 16- and 8-bit integers in 32-bit ones.
double run_multiply_adds_f32();
double run_multiply_adds_f64();
double run_multiply_adds_i32();
double run_multiply_adds_bf16();
double run_multiply_adds_i16();
double run_multiply_adds_i8();

}  // namespace einc::bench
