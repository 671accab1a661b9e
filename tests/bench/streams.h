// Loops that move bytes as fast as the core can, for measuring bandwidth.
#pragma once

#include <cstddef>

namespace einc::bench {

// Sizes are multiples of kStreamUnit, addresses of 64.
inline constexpr size_t kStreamUnit = 2048;

struct Streams {
  void (*read)(const char* from, size_t bytes);
  void (*read_ahead)(const char* from, size_t bytes);    // with prefetches
  void (*read_in_four)(const char* from, size_t bytes);  // four quarters side by side
  void (*write)(char* to, size_t bytes);
  void (*write_past_caches)(char* to, size_t bytes);  // non-temporal stores
  void (*copy)(char* to, const char* from, size_t bytes);
  void (*copy_past_caches)(char* to, const char* from, size_t bytes);
};

// With the widest vectors of this processor.
const Streams& streams();

}  // namespace einc::bench
