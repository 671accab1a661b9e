// The two 16-bit floats: storage only. They convert to and from float; sums are kept in float32.
#pragma once

#include <bit>
#include <cstdint>

namespace einc {

// IEEE 754 binary16.
struct Float16 {
  uint16_t bits = 0;

  Float16() = default;
  // Rounds to nearest, ties to even; what is too large becomes infinity.
  explicit Float16(float value) {
    const uint32_t all = std::bit_cast<uint32_t>(value);
    const uint32_t magnitude = all & 0x7fffffff;
    uint32_t half = 0;
    if (magnitude >= 0x47800000) {  // 65536 and more, infinity, NaN
      half = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    } else if (magnitude < 0x38800000) {  // subnormal: adding 0.5 rounds at the right bit
      half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000;
    } else {
      half = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    }
    bits = static_cast<uint16_t>(half | (all >> 16 & 0x8000));
  }
  explicit operator float() const {
    const uint32_t shifted = static_cast<uint32_t>(bits & 0x7fff) << 13;
    const uint32_t magnitude =
        (bits & 0x7c00) == 0x7c00
            ? shifted | 0x7f800000
            : std::bit_cast<uint32_t>(std::bit_cast<float>(shifted) * 0x1p112F);
    return std::bit_cast<float>(magnitude | static_cast<uint32_t>(bits & 0x8000) << 16);
  }
  friend bool operator==(const Float16&, const Float16&) = default;  // of bits
};

// The upper half of a float32.
struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  // Rounds to nearest, ties to even.
  explicit BFloat16(float value) {
    const uint32_t all = std::bit_cast<uint32_t>(value);
    const bool is_nan = (all & 0x7fffffff) > 0x7f800000;
    bits =
        static_cast<uint16_t>(is_nan ? all >> 16 | 0x40 : (all + 0x7fff + (all >> 16 & 1)) >> 16);
  }
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  friend bool operator==(const BFloat16&, const BFloat16&) = default;  // of bits
};

}  // namespace einc
