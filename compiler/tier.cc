#include "compiler/tier.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/plan.h"
#include "compiler/step_info.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/error.h"

namespace einc {
namespace {

constexpr std::pair<std::string_view, Tier> kTiers[] = {
    {"auto", Tier::kAuto},
    {to_string(CodeKind::kCompiled), Tier::kJit},
    {to_string(CodeKind::kPrecompiled), Tier::kHighway}};

// All there is to the code of a contraction or map-reduce, where its operands lie aside.
class Key {
 public:
  std::string operator()(const Contraction& step) && {
    for (const StepOperand* operand : {&step.a, &step.b, &step.c}) add(*operand);
    add(step.accumulates);
    for (const auto* dims : {&step.batch, &step.m, &step.n, &step.k}) add(*dims);
    return std::move(text_);
  }
  std::string operator()(const MapReduce& step) && {
    for (const StepOperand& input : step.inputs) add(input);
    add(step.output);
    add(step.accumulates);
    for (const auto* dims : {&step.kept, &step.reduced}) add(*dims);
    return std::move(text_);
  }
  std::string operator()(const auto&) && { return ""; }

 private:
  void add(int64_t number) { text_ += std::to_string(number) + " "; }
  void add(const StepOperand& operand) {
    add(static_cast<int64_t>(operand.dtype));
    add(operand.conjugate);
  }
  void add(const std::vector<Dim>& dims) {
    text_ += ";";
    for (const Dim& dim : dims) {
      add(dim.extent);
      for (const int64_t stride : dim.strides) add(stride);
    }
  }

  std::string text_;
};

constexpr double kCompileSeconds = 10e-3;

// How long a step takes less for being compiled, in seconds.
double gain(const PlanStep& step, const Target& target) {
  return std::max(predicted_seconds(step, target, CodeKind::kPrecompiled) -
                      predicted_seconds(step, target, CodeKind::kCompiled),
                  0.0);
}

struct Candidate {
  std::vector<size_t> steps;  // with the same code
  double gain = 0;            // seconds of a run that compiling them saves
};

std::vector<Candidate> candidates_of(const Plan& plan, const Target& target) {
  std::map<std::string, Candidate> by_code;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const bool is_in_slices = s >= plan.slices.begin && s < plan.slices.end;
    const double runs = is_in_slices ? static_cast<double>(plan.slices.count()) : 1;
    Candidate& candidate =
        by_code[std::visit([](const auto& step) { return Key()(step); }, plan.steps[s])];
    candidate.steps.push_back(s);
    candidate.gain += runs * gain(plan.steps[s], target);
  }
  std::vector<Candidate> candidates;
  for (auto& [code, candidate] : by_code) candidates.push_back(std::move(candidate));
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& x, const Candidate& y) {
    return std::pair(-x.gain, x.steps[0]) < std::pair(-y.gain, y.steps[0]);
  });
  return candidates;
}

}  // namespace

Result<Tier> choose_tier(std::string_view name) {
  std::string known;
  for (const auto& [tier_name, tier] : kTiers) {
    if (tier_name == name) return tier;
    known.append(known.empty() ? "" : ", ").append(tier_name);
  }
  return Error{ErrorCode::kArgument, "no tier '" + std::string(name) + "'; there are " + known,
               std::nullopt, "unknown-argument"};
}

std::string_view to_string(Tier tier) { return kTiers[static_cast<size_t>(tier)].first; }

bool pays_at_once(const Plan& plan, const std::vector<CodeKind>& kinds, const Target& target) {
  double gain = 0;
  double compile_seconds = 0;
  for (const Candidate& candidate : candidates_of(plan, target)) {
    if (kinds[candidate.steps[0]] != CodeKind::kCompiled) continue;
    gain += candidate.gain;
    compile_seconds += kCompileSeconds;
  }
  return gain > compile_seconds;
}

std::vector<CodeKind> choose_code(const Plan& plan, Tier tier, const Target& target) {
  // Compiled whatever they gain; and what the others have to gain in so many runs.
  constexpr size_t kAlwaysCompiled = 16;
  constexpr double kRuns = 1000;
  const auto all = tier == Tier::kJit ? CodeKind::kCompiled : CodeKind::kPrecompiled;
  std::vector<CodeKind> kinds(plan.steps.size(), all);
  if (tier != Tier::kAuto) return kinds;
  if (plan.steps.size() <= kAlwaysCompiled) {
    std::fill(kinds.begin(), kinds.end(), CodeKind::kCompiled);
    return kinds;
  }
  size_t compiled = 0;
  for (const Candidate& candidate : candidates_of(plan, target)) {
    if (compiled++ >= kAlwaysCompiled && candidate.gain * kRuns < kCompileSeconds) break;
    for (const size_t s : candidate.steps) kinds[s] = CodeKind::kCompiled;
  }
  return kinds;
}

}  // namespace einc
