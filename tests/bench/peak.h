#pragma once

namespace einc::bench {

// Float32 GFLOP/s of one core: independent fused multiply-adds of the widest vectors it has.
double peak_gflops_f32();

}  // namespace einc::bench
