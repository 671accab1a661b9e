// All ways to run a contraction. What differs between them is rows of tables: which operand the
// vectors lie along, which of its labels, what is copied on the way, and how blocks are cut; the
// cost of the nests decides.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/nest_cost.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/strip_exponents.h"
#include "compiler/target.h"
#include "compiler/terms_ahead.h"
#include "compiler/unaligned_output.h"
#include "compiler/words.h"
#include "einc/dtype.h"

namespace einc {
namespace {

using Scheduler = std::vector<LoopNest> (*)(const ContractionForm& form, const Target& target);

constexpr Scheduler kInVectors[] = {
    schedule_by_panels,       schedule_fused,     schedule_spread,
    schedule_in_output_order, schedule_along_sum, schedule_along_batch,
};
constexpr Scheduler kInMatrices[] = {schedule_in_matrices};

// The sums in the order in which A lies, and in that in which B does: equal, but not in what is
// read side by side.
std::vector<Contraction> orders_of_sums(const Contraction& step) {
  std::vector<Contraction> orders;
  for (const size_t operand : {size_t{0}, size_t{1}}) {
    Contraction ordered = step;
    sort_by(ordered.k, [&](const Dim& dim) { return -std::abs(dim.strides[operand]); });
    if (orders.empty() || orders[0].k != ordered.k) orders.push_back(std::move(ordered));
  }
  return orders;
}

std::span<const Scheduler> schedulers_of(const ContractionForm& form) {
  if (form.in_matrices) return kInMatrices;
  return kInVectors;
}

std::vector<ContractionForm> forms_of(const Contraction& step, const Target& target) {
  std::vector<ContractionForm> forms;
  const int64_t in_vectors = word_terms(step, target);
  const int64_t in_matrices = matrix_word_terms(step, target);
  // Those of integers take no longer than what they replace; those of bfloat16 may.
  const bool takes_words_alone = in_vectors > 1 && is_integer(step.compute);
  for (const Contraction& ordered : orders_of_sums(step)) {
    if (!takes_words_alone) forms.push_back({ordered});
    if (in_vectors > 1) forms.push_back({with_whole_words_last(ordered, in_vectors), in_vectors});
    if (in_matrices > 1 && has_whole_words(step, in_matrices))
      forms.push_back({with_whole_words_last(ordered, in_matrices), in_matrices, true});
  }
  return forms;
}

}  // namespace

std::vector<LoopNest> schedules(const Contraction& step, const Target& target) {
  std::vector<LoopNest> nests;
  for (const ContractionForm& form : forms_of(step, target))
    for (const Scheduler scheduler : schedulers_of(form))
      for (LoopNest& nest : scheduler(form, target))
        if (std::find(nests.begin(), nests.end(), nest) == nests.end())
          nests.push_back(std::move(nest));
  for (LoopNest& nest : nests) ask_for_terms_ahead(nest, target);
  write_by_lines(nests, target, step.strips_exponent);
  sort_by_cost(nests, target);
  if (!step.strips_exponent) return nests;
  return with_stripped_exponent(std::move(nests));
}

LoopNest schedule(const Contraction& step, const Target& target,
                  std::optional<int64_t> most_scratch_bytes) {
  return first_within(schedules(step, target), most_scratch_bytes);
}

}  // namespace einc
