#pragma once

#include <cstdint>

namespace einc::bench {

// Each runs independent multiply-adds in registers, the widest there are, and returns
// how many operations (two each) it did per element type: float, double, 32-bit integers, and
// bfloat16 in float32.
double run_multiply_adds_f32();
double run_multiply_adds_f64();
double run_multiply_adds_i32();
double run_multiply_adds_bf16();

}  // namespace einc::bench
