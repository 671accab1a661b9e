// Long sums of few results, made into tasks.
#pragma once

#include "compiler/plan.h"

namespace einc {

// Steps whose results are too few to be shared out among threads, but whose sums are long, become
// two: partial sums of parts of one summed dim, side by side in scratch, and their sum. The parts
// depend on the step alone, so results do not depend on the number of threads. Takes more scratch,
// if less than an eighth of what the step reads.
Plan with_partial_sums(Plan plan);

}  // namespace einc
