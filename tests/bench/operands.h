// Made-up operands, the same in every run.
#pragma once

#include <cstdint>

#include "einc/einc.h"

namespace einc::bench {

// xorshift64*; a draw has 32 good bits.
struct Random {
  uint64_t state = 0x9e3779b97f4a7c15;

  uint32_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>((state * 0x2545f4914f6cdd1d) >> 32);
  }
  // Between -1 and 1: sums neither grow with their length nor cancel out.
  float real() { return static_cast<float>(static_cast<int32_t>(next())) * 0x1p-31F; }
};

// Of numbers of ordinary size: zeros and subnormal ones may take another time.
void fill(const Tensor& tensor, Random& random);

}  // namespace einc::bench
