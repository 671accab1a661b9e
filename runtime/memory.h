// Memory for tensors and scratch.
#pragma once

#include <cstdint>

namespace einc {

// Bytes aligned to 64, to be given back by std::free; null if there are none. Large blocks ask for
// huge pages: with 4 KiB ones, walking across a large tensor misses the TLB at every step.
void* allocate(int64_t bytes);

// Lets the system take the pages of a large block, and what is in them, when it is short of memory,
// until they are written again. False if it knows no such thing.
bool let_reclaim(void* data, int64_t bytes);

}  // namespace einc
