#include "compiler/partial_sums.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/plan.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "compiler/words.h"
#include "einc/dtype.h"
#include "runtime/program.h"

namespace einc {
namespace {

// In any input.
int64_t longest_step(const Dim& dim) {
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < dim.strides.size(); ++i)
    longest = std::max(longest, std::abs(dim.strides[i]));
  return longest;
}

// Cuts a summed dim into as many equal parts as it can have without making runs of memory short,
// the dim with the longest steps first among equals. What is returned is a dim over the parts.
std::optional<Dim> cut(std::vector<Dim>& summed, int64_t most_parts) {
  Dim* best = nullptr;
  int64_t parts = 1;
  for (Dim& dim : summed) {
    constexpr int64_t kRun = 128;
    const bool is_run = std::find(dim.strides.begin(), dim.strides.end(), 1) != dim.strides.end();
    int64_t divisor = std::min(most_parts, is_run ? dim.extent / kRun : dim.extent);
    while (divisor > 1 && dim.extent % divisor != 0) --divisor;
    if (divisor < 2 || divisor < parts) continue;
    if (divisor == parts && longest_step(dim) <= longest_step(*best)) continue;
    best = &dim;
    parts = divisor;
  }
  if (best == nullptr) return std::nullopt;
  best->extent /= parts;
  Dim over_parts{best->name + "'", parts, best->strides};
  for (int64_t& stride : over_parts.strides) stride *= best->extent;
  return over_parts;
}

// The partial sums of a step lie as its results do, but without gaps, one part after the other. Of
// these dims of the step, of which the last stride is the results', it becomes the partial sums'.
// Returns the step that sums them.
MapReduce sum_of_parts(const StepOperand& parts, const StepOperand& result, bool accumulates,
                       DType compute, Dim& over_parts, const std::vector<Dim*>& kept) {
  MapReduce sum{
      .inputs = {parts}, .output = result, .accumulates = accumulates, .compute = compute};
  std::vector<Dim*> inside_out = kept;
  sort_by(inside_out, [](const Dim* dim) { return std::abs(dim->strides.back()); });
  int64_t elements = 1;
  for (Dim* const dim : inside_out) {
    sum.kept.insert(sum.kept.begin(), {dim->name, dim->extent, {elements, dim->strides.back()}});
    dim->strides.back() = elements;
    elements *= dim->extent;
  }
  over_parts.strides.back() = elements;
  sum.reduced = {{over_parts.name, over_parts.extent, {elements, 0}}};
  return sum;
}

class Splitter {
 public:
  Splitter(Plan plan, const Target& target, bool strips_exponents)
      : plan_(std::move(plan)),
        target_(target),
        strips_exponents_(strips_exponents),
        parts_begin_(plan_.scratch_bytes) {}

  Plan run() {
    if (!plan_.slices.extents.empty()) return std::move(plan_);
    std::vector<PlanStep> steps;
    steps.reserve(plan_.steps.size());
    for (PlanStep& step : plan_.steps) {
      std::optional<MapReduce> last, sum;
      if (auto* contraction = std::get_if<Contraction>(&step)) {
        const int64_t left = odd_terms(*contraction);
        sum = left > 0 ? split_last(*contraction, left, last) : split(*contraction);
      } else if (auto* map_reduce = std::get_if<MapReduce>(&step)) {
        sum = split(*map_reduce);
      }
      steps.push_back(std::move(step));
      if (last) steps.push_back(*std::move(last));
      if (sum) steps.push_back(*std::move(sum));
    }
    const bool is_split = steps.size() > plan_.steps.size();
    plan_.steps = std::move(steps);
    if (is_split) verify(plan_);
    return std::move(plan_);
  }

 private:
  // These leave the step that makes the partial sums, and return the one that sums them.

  std::optional<MapReduce> split(Contraction& step) {
    constexpr int64_t kSide = 256;                   // of the block of results that is worth a task
    constexpr int64_t kLeastMultiplyAdds = 1 << 23;  // of a part
    const auto blocks = [](const std::vector<Dim>& dims) {
      return (positions(dims) + kSide - 1) / kSide;
    };
    const int64_t batch = positions(step.batch);
    const int64_t results = batch * positions(step.m) * positions(step.n);
    const int64_t read = batch * positions(step.k) * (positions(step.m) + positions(step.n));
    // A part is to be worth a task.
    const int64_t worth =
        std::max(results * positions(step.k) / kLeastMultiplyAdds, read / kLeastRead);
    const int64_t tasks = batch * blocks(step.m) * blocks(step.n);
    auto over_parts = cut(step.k, std::min(most_parts(tasks, results, read), worth));
    if (!over_parts) return std::nullopt;
    const StepOperand parts = take_parts(over_parts->extent * results, step.compute);
    MapReduce sum =
        sum_of_parts(parts, step.c, step.accumulates, step.compute, *over_parts, kept_dims(step));
    step.c = parts;
    step.accumulates = false;
    step.batch.insert(step.batch.begin(), *std::move(over_parts));
    return sum;
  }

  // Numbers in a word of what is much faster in words than without.
  int64_t wanted_word_terms(const Contraction& step) const {
    const int64_t in_matrices = matrix_word_terms(step, target_);
    if (in_matrices > 1 || !is_integer(step.compute)) return in_matrices;
    // Parts are kept as wide as they are computed, for which vectors take two.
    return std::min<int64_t>(most_word_terms(step, target_), 2);
  }

  // Positions at the end of the longest summed dim without which it is made up of words; 0 where a
  // dim is as it is, and where what is stored for each result takes longer than to do without.
  int64_t odd_terms(const Contraction& step) const {
    constexpr int64_t kLeastTerms = 96;
    constexpr int64_t kMostShare = 16;
    constexpr int64_t kLeastMultiplyAdds = 1 << 20;
    const int64_t word = wanted_word_terms(step);
    const int64_t terms = positions(step.k);
    const int64_t results = positions(step.batch) * positions(step.m) * positions(step.n);
    if (word == 1 || strips_exponents_ || has_whole_words(step, word) || terms < kLeastTerms ||
        results * terms < kLeastMultiplyAdds)
      return 0;
    const int64_t extent = longest_of(step.k)->extent;
    return extent % word * kMostShare <= extent ? extent % word : 0;
  }

  static std::vector<Dim>::const_iterator longest_of(const std::vector<Dim>& dims) {
    return std::max_element(dims.begin(), dims.end(),
                            [](const Dim& x, const Dim& y) { return x.extent < y.extent; });
  }

  // The last positions of the longest summed dim go to `last`.
  MapReduce split_last(Contraction& step, int64_t left, std::optional<MapReduce>& last) {
    constexpr int64_t kParts = 2;
    const int64_t results = positions(step.batch) * positions(step.m) * positions(step.n);
    const auto longest = step.k.begin() + (longest_of(step.k) - step.k.cbegin());
    longest->extent -= left;
    last = MapReduce{.inputs = {step.a, step.b}, .compute = step.compute};
    for (size_t i = 0; i < last->inputs.size(); ++i) {
      StepOperand& input = last->inputs[i];
      const int64_t bytes = longest->extent * longest->strides[i] * info(input.dtype).bytes;
      Slot& slot = input.slot;
      (slot.kind == Slot::Kind::kInput ? slot.offset : slot.value) += bytes;
    }
    std::vector<Dim*> kept = kept_dims(step);
    Dim over_parts{longest->name + "'", kParts, {0, 0, 0}};
    const StepOperand parts = take_parts(kParts * results, step.compute);
    MapReduce sum = sum_of_parts(parts, step.c, step.accumulates, step.compute, over_parts, kept);
    step.c = parts;
    step.accumulates = false;
    last->output = parts;
    last->output.slot.value += results * info(step.compute).bytes;
    for (const Dim* const dim : kept) last->kept.push_back(*dim);
    sort_by(last->kept, [](const Dim& dim) { return -std::abs(dim.strides.back()); });
    for (const Dim& dim : step.k) {
      const int64_t extent = &dim == &*longest ? left : dim.extent;
      if (extent > 1) last->reduced.push_back({dim.name, extent, dim.strides});
    }
    return sum;
  }

  static std::vector<Dim*> kept_dims(Contraction& step) {
    std::vector<Dim*> kept;
    for (std::vector<Dim>* const group : {&step.batch, &step.m, &step.n})
      for (Dim& dim : *group) kept.push_back(&dim);
    return kept;
  }

  std::optional<MapReduce> split(MapReduce& step) {
    const int64_t results = positions(step.kept);
    int64_t read = 0;
    for (size_t i = 0; i < step.inputs.size(); ++i)
      read += positions_of(i, step.kept) * positions_of(i, step.reduced);
    constexpr int64_t kFewResults = 256;
    if (results > kFewResults && !sums_outermost(step)) return std::nullopt;
    auto over_parts = cut(step.reduced, std::min(most_parts(1, results, read), read / kLeastRead));
    if (!over_parts) return std::nullopt;
    std::vector<Dim*> kept;
    for (Dim& dim : step.kept) kept.push_back(&dim);
    const StepOperand parts = take_parts(over_parts->extent * results, step.compute);
    MapReduce sum =
        sum_of_parts(parts, step.output, step.accumulates, step.compute, *over_parts, kept);
    step.output = parts;
    step.accumulates = false;
    step.kept.insert(step.kept.begin(), *std::move(over_parts));
    return sum;
  }

  // Whether tasks that shared the results would all cut the rows of an input into pieces.
  static bool sums_outermost(const MapReduce& step) {
    const auto longest = [](const std::vector<Dim>& dims) {
      int64_t most = 0;
      for (const Dim& dim : dims) most = std::max(most, longest_step(dim));
      return most;
    };
    return longest(step.reduced) > longest(step.kept);
  }

  static int64_t most_parts(int64_t tasks, int64_t results, int64_t read) {
    constexpr int64_t kWantedTasks = 16;
    constexpr int64_t kReadOfEachPartialSum = 8;
    return std::min(kWantedTasks / tasks, read / kReadOfEachPartialSum / results);
  }

  // In scratch, after the intermediates; the next step that is split takes the same bytes.
  StepOperand take_parts(int64_t elements, DType dtype) {
    constexpr int64_t kAlignment = 64;
    const int64_t begin = (parts_begin_ + kAlignment - 1) / kAlignment * kAlignment;
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, begin + elements * info(dtype).bytes);
    return {{Slot::Kind::kScratch, begin, {}}, dtype, false};
  }

  static constexpr int64_t kLeastRead = 1 << 18;  // by a part

  Plan plan_;
  const Target& target_;
  const bool strips_exponents_;
  const int64_t parts_begin_;
};

}  // namespace

Plan with_partial_sums(Plan plan, const Target& target, bool strips_exponents) {
  return Splitter(std::move(plan), target, strips_exponents).run();
}

}  // namespace einc
