// Random numbers that are the same everywhere, unlike those of <random>'s distributions.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace einc {

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  // In [0, 1), in steps of 2^-24.
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24F; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double log_uniform(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }

  // In [0, count).
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }

  // Standard Gumbel noise: the smallest of x_i - T * gumbel() is i with probability ~ exp(-x_i/T).
  double gumbel() { return -std::log(-std::log(uniform() + 0x1p-26)); }

 private:
  uint64_t state_;
};

}  // namespace einc
