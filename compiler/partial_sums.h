// Sums in parts: long ones of few results, made into tasks, and those that do not end in words.
#pragma once

#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// Steps whose results are too few to be shared out among threads, but whose sums are long, become
// two: partial sums of parts of one summed dim, side by side in scratch, and their sum. The parts
// depend on the step alone, so results do not depend on the number of threads. Takes more scratch,
// if less than an eighth of what the step reads.
//
// Where the target multiplies words of bfloat16 in matrices, or words of integers, products of
// which no summed dim is made up of words become three: all terms but the last of one dim, these,
// and their sum. Not where steps strip exponents: of two that are added later, these would differ.
Plan with_partial_sums(Plan plan, const Target& target, bool strips_exponents = false);

}  // namespace einc
