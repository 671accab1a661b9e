// Keeping a limit on scratch memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/lower.h"
#include "compiler/path/network.h"
#include "compiler/path/slice.h"
#include "compiler/time_model.h"
#include "einc/error.h"

namespace einc {

// Their number has to be an int64_t.
inline constexpr double kMostLog2Slices = 62;

struct SlicedTree {
  ContractionTree tree;  // of one slice
  Slicing slicing;
};

// The einsum as one slice sees it.
Einsum slice_of(const Einsum& einsum, const std::vector<Label>& sliced);

// The einsum in slices of these labels, by a path of the whole.
SlicedTree sliced_tree(const Einsum& einsum, const SsaPath& path, const TimeModel& model,
                       std::vector<Label> sliced);

// Cuts an einsum into slices, if the tree that is given does not do, so that intermediates take at
// most `most_bytes`; into the smallest there are if that is not enough. The path is that of the
// tree.
SlicedTree keep_memory_limit(SlicedTree given, const SsaPath& path, const Einsum& einsum,
                             int64_t most_bytes, const TimeModel& model, SliceSearch& search);

// Fails with kMemory if the intermediates are beyond what addresses can reach; a plan for them
// could not even be written down.
Result<void> check_intermediates(const ContractionTree& tree, const Einsum& einsum);

// A limit, divided.
struct MemoryShare {
  int64_t intermediates;
  int64_t steps;  // what steps need for themselves: packed panels, blocks of C
};

std::optional<int64_t> share_of_intermediates(const std::optional<MemoryShare>& share);

// The most that a step may take beside intermediates of that many bytes, if there is a limit.
std::optional<int64_t> left_to_steps(const std::optional<MemoryShare>& share,
                                     int64_t scratch_bytes);

// How to divide a limit when nothing is known of the steps.
MemoryShare first_share(int64_t limit);

// What make(share, use) makes of the first share that suffices; it sets `use` to what it takes.
// Fails as `make`, and sets `needed` to what was taken at last if no share suffices.
template <typename Make>
auto within_shares(int64_t limit, const Make& make, int64_t& needed)
    -> decltype(make(std::optional<MemoryShare>(), std::declval<MemoryShare&>())) {
  MemoryShare share = first_share(limit);
  for (;;) {
    MemoryShare use{};
    auto made = make(std::optional(share), use);
    needed = use.intermediates + use.steps;
    if (!made || needed <= limit) {
      needed = 0;
      return made;
    }
    // Steps need more than they were left; smaller intermediates may leave it.
    if (use.steps <= share.steps || use.steps >= limit) return made;
    share = {limit - use.steps, use.steps};
  }
}

// What `make` makes within the limit, if there is one. Fails as `make`, and with kMemory, naming a
// limit that was tried and does, if this one does not.
template <typename Make>
auto within_limit(const std::optional<int64_t>& limit, const Make& make)
    -> decltype(make(std::optional<MemoryShare>(), std::declval<MemoryShare&>())) {
  MemoryShare unused{};
  if (!limit) return make(std::nullopt, unused);
  int64_t needed = 0;
  auto made = within_shares(*limit, make, needed);
  if (!made || needed == 0) return made;
  int64_t enough = *limit;
  while (needed > 0) {
    enough = std::max(needed, enough + enough / 8);
    if (auto more = within_shares(enough, make, needed); !more) return more;
  }
  return Error{ErrorCode::kMemory,
               "no slicing keeps the memory limit of " + std::to_string(*limit) + " bytes; " +
                   std::to_string(enough) + " would do",
               std::nullopt, "memory-limit"};
}

}  // namespace einc
