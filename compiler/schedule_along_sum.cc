// Contractions with few columns: vectors lie along the sum, as in a dot product, so that the long
// operand is read in the order in which it lies, and once.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {
namespace {

class SumScheduler : ContractionAxes {
 public:
  // The rows are one operand's, the few columns the other's.
  SumScheduler(const ContractionForm& form, const Target& target, bool rows_from_a)
      : ContractionAxes(form), target_(target), q_(rows_from_a ? 0 : 1), p_(rows_from_a ? 1 : 0) {
    if (!rows_from_a) std::swap(m, n);  // m is Q's
  }

  std::optional<LoopNest> run() {
    constexpr int64_t kMostColumns = 6;
    constexpr int64_t kLongest = 4096;  // or lanes would add up too many terms
    if (k.size() != 1 || n.size() != 1 || m.empty() || extent(n) > kMostColumns ||
        nest.stride(q_, k[0]) != 1 || extent(k) < 2 * lanes() || extent(k) > kLongest)
      return std::nullopt;
    build();
    verify(nest);
    return std::move(nest);
  }

 private:
  int64_t lanes() const { return lanes_of(nest.compute, target_); }

  void build() {
    const int64_t rows = std::clamp<int64_t>(kSums / extent(n), 1, extent(m.back()));
    std::vector<Step> steps;
    for (const int axis : batch) steps.push_back({axis, 1});
    std::vector<Step> row_steps;
    for (const int axis : m) row_steps.push_back({axis, axis == m.back() ? rows : 1});
    NestBuilder builder(nest);
    builder.parallel_loops(row_steps, builder.parallel_loops(steps, tasks()));
    builder.loops(steps);
    const int columns = nest.stride(p_, k[0]) == 1 ? p_ : pack(builder);
    builder.loops(row_steps);
    builder.leaf(Tile{.inputs = {q_, columns},
                      .output = kC,
                      .rows = {{m.back(), rows}, {n[0], extent(n)}},
                      .columns = {{k[0], lanes()}},
                      .lanes = static_cast<int>(lanes()),
                      .reduce_axes = k});
  }

  // Each column's terms side by side.
  int pack(NestBuilder& builder) {
    BufferBuilder layout(nest, builder);
    layout.add(k[0], extent(k));
    layout.add(n[0], extent(n));
    const int buffer = layout.finish(lanes());
    builder.local(buffer);
    const auto here = builder.place();
    copy(nest, builder, p_, nest.buffer_index(buffer), target_, {});
    builder.return_to(here);
    return nest.buffer_index(buffer);
  }

  static constexpr int64_t kSums = 12;  // at once: enough to hide how long an addition takes

  const Target& target_;
  int q_;
  int p_;
};

}  // namespace

std::vector<LoopNest> schedule_along_sum(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  for (const bool rows_from_a : {true, false})
    if (auto nest = SumScheduler(form, target, rows_from_a).run())
      nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
