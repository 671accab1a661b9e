#include "compiler/memory_limit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/memory_order.h"
#include "compiler/path/network.h"
#include "compiler/path/path.h"
#include "compiler/path/slice.h"
#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/error.h"

namespace einc {
namespace {

std::optional<int64_t> scratch_bytes(const SlicedTree& tree, const Einsum& einsum) {
  if (!check_intermediates(tree.tree, einsum)) return std::nullopt;
  return lower(tree.tree, layout(tree.tree, einsum), einsum, tree.slicing).scratch_bytes;
}

double log2_slices(const Network& network, const std::vector<Label>& sliced) {
  double sum = 0;
  for (const Label label : sliced) sum += network.log2_extents[static_cast<size_t>(label)];
  return sum;
}

}  // namespace

Einsum slice_of(const Einsum& einsum, const std::vector<Label>& sliced) {
  Einsum slice = einsum;
  for (const Label label : sliced) slice.labels[static_cast<size_t>(label)].extent = 1;
  return slice;
}

SlicedTree sliced_tree(const Einsum& einsum, const SsaPath& path, const TimeModel& model,
                       std::vector<Label> sliced) {
  const Einsum slice = slice_of(einsum, sliced);
  return {in_memory_order(to_tree(slice, path, model), slice), {std::move(sliced)}};
}

SlicedTree keep_memory_limit(SlicedTree given, const SsaPath& path, const Einsum& einsum,
                             int64_t most_bytes, const TimeModel& model, SliceSearch& search) {
  SlicedTree smallest = std::move(given);
  std::optional<int64_t> least = scratch_bytes(smallest, einsum);
  if (least && *least <= most_bytes) return smallest;

  // Buffers are aligned, and do not always fit the gaps that others leave: aim lower each time.
  const Network network = network_of(einsum);
  double elements = static_cast<double>(most_bytes) / info(compute_dtype(einsum)).bytes;
  const auto fits = [&](SlicedTree candidate) {
    if (log2_slices(network, candidate.slicing.labels) > kMostLog2Slices) return false;
    for (const bool shares_steps : {true, false}) {
      candidate.slicing.shares_steps = shares_steps;
      const std::optional<int64_t> bytes = scratch_bytes(candidate, einsum);
      if (!bytes || (least && *bytes >= *least)) continue;
      least = bytes;
      smallest = candidate;
      if (*least <= most_bytes) return true;
    }
    return false;
  };
  if (!smallest.slicing.labels.empty() && fits(smallest)) return smallest;
  constexpr int kTries = 24;
  for (int i = 0; i < kTries && elements >= 1; ++i, elements *= 0.7) {
    search.until = (search.budget.spent() + 1) / 2;
    SlicedPath found = slice_path(network, path, elements, search);
    if (fits(sliced_tree(einsum, found.path, model, std::move(found.labels)))) return smallest;
  }
  std::vector<Label> all;
  for (Label label = 0; label < static_cast<Label>(einsum.labels.size()); ++label)
    if (einsum.labels[static_cast<size_t>(label)].extent > 1) all.push_back(label);
  fits(sliced_tree(einsum, path, model, std::move(all)));
  return smallest;
}

Result<void> check_intermediates(const ContractionTree& tree, const Einsum& einsum) {
  const double bytes = largest_intermediate_elements(tree) * info(einsum.output.dtype).bytes *
                       static_cast<double>(tree.steps.size());
  if (bytes < std::ldexp(1.0, 62)) return {};
  char text[160];
  std::snprintf(text, sizeof text,
                "the intermediates of the best contraction order found take %.3g bytes; "
                "a memory limit cuts them into slices",
                bytes);
  return Error{ErrorCode::kMemory, text, std::nullopt, "memory-limit"};
}

std::optional<int64_t> share_of_intermediates(const std::optional<MemoryShare>& share) {
  return share ? std::optional(share->intermediates) : std::nullopt;
}

std::optional<int64_t> left_to_steps(const std::optional<MemoryShare>& share,
                                     int64_t scratch_bytes) {
  if (!share) return std::nullopt;
  return std::max<int64_t>(share->intermediates + share->steps - scratch_bytes, 0);
}

MemoryShare first_share(int64_t limit) {
  // A quarter, but no more than any packed panel takes.
  constexpr int64_t kMostStepBytes = 8 << 20;
  const int64_t steps = std::min(limit / 4, kMostStepBytes);
  return {limit - steps, steps};
}

}  // namespace einc
