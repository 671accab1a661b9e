#pragma once

#include <cstdint>
#include <vector>

namespace einc {

// Places buffers with known lifetimes in one block of scratch, first fit. Buffers are asked for and
// given back in the order of the steps that use them.
class ScratchPlan {
 public:
  // The byte offset of a buffer, a multiple of 64.
  int64_t take(int64_t bytes);
  void give_back(int64_t offset);

  // The most that was ever in use.
  int64_t total_bytes() const { return total_bytes_; }

 private:
  struct Range {
    int64_t begin, end;
  };
  std::vector<Range> used_;  // ascending
  int64_t total_bytes_ = 0;
};

}  // namespace einc
