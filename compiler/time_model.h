// What a step costs in seconds, for the search over contraction orders and the choice of tiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "compiler/target.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {

// Whose code a step runs: that of the just-in-time or ahead-of-time compiler, or Highway's.
enum class CodeKind : uint8_t { kCompiled, kPrecompiled };

// jit and highway, as tiers are called that have one kind alone.
constexpr std::string_view to_string(CodeKind code) {
  return code == CodeKind::kCompiled ? "jit" : "highway";
}

// Multiply-adds of each point of a step with so many operands; moving or adding up a lone one is
// one.
constexpr double products_of(size_t operands) {
  return operands > 2 ? static_cast<double>(operands - 1) : 1;
}

struct StepSizes {
  double flops = 0;   // multiply-adds: products_of its operands for each point
  double inputs = 0;  // elements read
  double output = 0;  // elements written
};

// Seconds on one core of a multiply-add, of an element read, of one written, and of a step:
//   t = flop F + input (|A| + |B|) + output |C| + step.
// Since M = F / |B| and so on, the loss of a contraction at small M, N or K is proportional to the
// sizes of its operands, which is why one additive formula covers compute, memory and edges. An
// element of what is larger than the caches takes `memory` more.
struct TimeModel {
  double flop = 0;
  double input = 0;
  double output = 0;
  double step = 0;
  double memory = 0;
  double cached = std::numeric_limits<double>::infinity();  // elements

  double of_input(double elements) const { return elements > cached ? far(input) : input; }
  double of_output(double elements) const { return elements > cached ? far(output) : output; }
  double far(double near) const { return near + memory; }

  double seconds(const StepSizes& sizes) const {
    return flop * sizes.flops + of_input(sizes.inputs) * sizes.inputs +
           of_output(sizes.output) * sizes.output + step;
  }
  friend bool operator==(const TimeModel&, const TimeModel&) = default;
};

// The dtype that stands for all that take as long: calibrations have rows of these alone.
DType measured_dtype(DType factors);

// Of code of that kind for that target that multiplies numbers of that dtype: the user's
// calibration where there is one (see calibration.h), or what is known of the target; of the
// compute dtype where nothing is known of theirs. Fails as user_calibration().
Result<TimeModel> time_model(const Target& target, CodeKind code, DType factors);

// Of the code that the options ask for. Fails with the rule "unknown-argument" for a target that
// does not exist, too.
Result<TimeModel> choose_time_model(const Options& options, DType factors);

}  // namespace einc
