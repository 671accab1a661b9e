#include "compiler/scratch_plan.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace einc {

int64_t ScratchPlan::take(int64_t bytes) {
  constexpr int64_t kAlignment = 64;
  const int64_t needed =
      std::max<int64_t>(bytes + kAlignment - 1, kAlignment) / kAlignment * kAlignment;
  int64_t begin = 0;
  auto place = used_.begin();
  for (; place != used_.end() && place->begin - begin < needed; ++place) begin = place->end;
  used_.insert(place, {begin, begin + needed});
  total_bytes_ = std::max(total_bytes_, begin + needed);
  return begin;
}

void ScratchPlan::give_back(int64_t offset) {
  std::erase_if(used_, [&](const Range& range) { return range.begin == offset; });
}

}  // namespace einc
