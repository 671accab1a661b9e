// Keeping a limit on scratch memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "einc/error.h"

namespace einc {

struct SlicedTree {
  ContractionTree tree;       // of one slice
  std::vector<Label> sliced;  // labels of which a slice has one position
};

// Cuts an einsum into slices, if it has to, so that intermediates leave enough of `limit` bytes for
// what steps need for themselves; into the smallest there are if that is not enough.
SlicedTree keep_memory_limit(const ContractionTree& tree, const Einsum& einsum, int64_t limit);

// Fails with kMemory if the intermediates are beyond what addresses can reach; a plan for them
// could not even be written down.
Result<void> check_intermediates(const ContractionTree& tree, const Einsum& einsum);

// What a limit leaves to each step, if there is one.
std::optional<int64_t> left_to_steps(std::optional<int64_t> limit, int64_t scratch_bytes);

// The smallest limit that is kept with intermediates and steps of that many bytes.
int64_t limit_for(int64_t scratch_bytes, int64_t step_bytes);

// What make(limit, needed) makes; it sets `needed` to a limit that may do if this one does not.
// Then fails with kMemory, naming one that was tried and does.
template <typename Make>
auto within_limit(const std::optional<int64_t>& limit, const Make& make)
    -> decltype(make(limit, std::declval<int64_t&>())) {
  int64_t needed = 0;
  auto made = make(limit, needed);
  if (!made || needed == 0) return made;
  int64_t enough = needed;
  for (;;) {
    needed = 0;
    auto more = make(enough, needed);
    if (!more) return more;
    if (needed == 0) break;
    enough = needed;
  }
  return Error{ErrorCode::kMemory,
               "no slicing keeps the memory limit of " + std::to_string(*limit) + " bytes; " +
                   std::to_string(enough) + " would do",
               std::nullopt, "memory-limit"};
}

}  // namespace einc
