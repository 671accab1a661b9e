// Whose code runs the steps of a program.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/error.h"

namespace einc {

// kJit compiles every step, kHighway takes precompiled kernels, kAuto chooses for each step.
enum class Tier : uint8_t { kAuto, kJit, kHighway };

// Fails with the rule "unknown-argument".
Result<Tier> choose_tier(std::string_view name);
std::string_view to_string(Tier tier);

// Whether compiling takes less time than a single run saves by it.
bool pays_at_once(const Plan& plan, const std::vector<CodeKind>& kinds, const Target& target);

// The code of each step. kAuto compiles what einsums of everyday size have, in any case; of the
// hundreds of different steps of a tensor network, those that soon save the time that compiling
// takes.
std::vector<CodeKind> choose_code(const Plan& plan, Tier tier, const Target& target);

}  // namespace einc
