// Laws that hold for every expression, on random ones (RapidCheck shrinks what fails).

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/path/finders.h"
#include "compiler/schedule.h"
#include "compiler/simplify.h"
#include "einc/einc.h"
#include "frontend/bind.h"
#include "path_by.h"
#include "random_einsum.h"

namespace einc::test {
namespace {

Request request_of(uint32_t seed) {
  Rng rng(seed);
  return random_request(rng, 1e4);
}

Einsum einsum_of(const Request& request) {
  const Dialect& dialect = *find_dialect("einc");
  return einc::bind(*parse(request.expression, dialect), request.inputs, request.output_type,
                    std::nullopt, dialect)
      ->einsum;
}

RC_GTEST_PROP(Parse, CanonicalTextIsAFixedPoint, (uint32_t seed)) {
  const Dialect& dialect = *find_dialect("einc");
  const auto once = parse(request_of(seed).expression, dialect);
  RC_ASSERT(bool(once));
  const auto twice = parse(to_string(*once), dialect);
  RC_ASSERT(bool(twice));
  RC_ASSERT(to_string(*once) == to_string(*twice));
}

RC_GTEST_PROP(Parse, NoTextMakesItFailOtherwiseThanByAnError, (const std::string& text)) {
  for (const Dialect& dialect : dialects()) {
    const auto parsed = parse(text, dialect);
    if (!parsed) RC_ASSERT(!render(parsed.error(), text).empty());
  }
}

RC_GTEST_PROP(TypeText, PrintsWhatItParses, (uint32_t seed)) {
  for (const TensorType& type : request_of(seed).inputs)
    RC_ASSERT(*parse_type(to_string(type)) == type);
}

RC_GTEST_PROP(Simplify, IsIdempotent, (uint32_t seed)) {
  const Einsum once = simplify(einsum_of(request_of(seed)));
  RC_ASSERT(simplify(once) == once);
}

RC_GTEST_PROP(Canonical, IsIdempotentAndBlindToNames, (uint32_t seed)) {
  const Einsum einsum = einsum_of(request_of(seed));
  Einsum renamed = einsum;
  for (LabelInfo& label : renamed.labels) label.name += "'";
  RC_ASSERT(canonical(renamed) == canonical(einsum));
  RC_ASSERT(canonical(canonical(einsum)) == canonical(einsum));
}

// Every stage's verify() holds, on every target, whatever the request.
RC_GTEST_PROP(Stages, AreTotal, (uint32_t seed)) {
  const Einsum einsum = simplify(einsum_of(request_of(seed)));
  for (const PathFinder& finder : path_finders()) {
    const ContractionTree tree = path_by(std::string(finder.name), einsum);
    const Plan plan = lower(tree, layout(tree, einsum), einsum);
    for (const Target& target : targets())
      for (const PlanStep& step : plan.steps) {
        if (const auto* contraction = std::get_if<Contraction>(&step))
          schedule(*contraction, target);
        if (const auto* map_reduce = std::get_if<MapReduce>(&step)) schedule(*map_reduce, target);
      }
  }
}

// einsum(a, b) = einsum(b, a), and the order of the output's labels only permutes it.
RC_GTEST_PROP(Einsum, OrderOfOperandsDoesNotMatter, (uint32_t seed)) {
  Rng rng(seed);
  const auto extent = [&] { return 1 + random_below(rng, 20); };
  const int64_t i = extent(), j = extent(), k = extent();
  const auto a = *Tensor::zeros(DType::kInt32, {i, j});
  const auto b = *Tensor::zeros(DType::kInt32, {j, k});
  fill_random(a, rng, true);
  fill_random(b, rng, true);
  const auto ab = *einsum("ij,jk->ik", {a, b});
  const auto ba = *einsum("jk,ij->ki", {b, a});
  const TensorView back{ba.data(), {DType::kInt32, {i, k}, {1, i}}};
  RC_ASSERT(elements_to_string(ab) == elements_to_string(back));
}

}  // namespace
}  // namespace einc::test
