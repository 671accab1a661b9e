// What a search minimizes.
#pragma once

#include <algorithm>
#include <limits>

#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/time_model.h"

namespace einc {

// The cost of a path is the sum over its steps of
//   flop * F + input * (|A| + |B|) + output * |C|^power + step,
// F being the product of all extents; for what has more than `cached` elements, far_input and
// far_output take the place of input and output. All are logarithms to base 2.
struct Objective {
  static constexpr float kNone = -std::numeric_limits<float>::infinity();

  float flop = kNone;
  float input = kNone;
  float output = kNone;
  float step = kNone;
  float power = 1;
  float far_input = kNone;
  float far_output = kNone;
  float cached = std::numeric_limits<float>::infinity();

  // log2 of what an operand costs, and a result.
  float read(float elements) const { return (elements > cached ? far_input : input) + elements; }
  float write(float elements) const {
    return elements > cached ? far_output + elements : output + power * elements;
  }

  bool operator==(const Objective&) const = default;

  // log2 of a step's cost; arguments are logarithms too.
  float log2_cost(float flops, float a, float b, float c) const {
    if (input == kNone && step == kNone) {
      if (output == kNone) return flop + flops;
      if (flop == kNone) return output + power * c;
    }
    const float terms[] = {flop + flops, read(std::max(a, b)), write(c), step};
    const float high = std::max(std::max(terms[0], terms[1]), std::max(terms[2], terms[3]));
    float sum = 0;
    for (const float term : terms) sum += fast_exp2(term - high);
    if (input != kNone) sum += fast_exp2(read(std::min(a, b)) - high);
    return high + fast_log2(sum);
  }
};

// log2 of the cost of all steps.
double log2_cost_of(const Network& network, const SsaPath& path, const Objective& objective);

// Multiply-adds.
inline constexpr Objective kFewestFlops{.flop = 0};
// Elements written.
inline constexpr Objective kFewestWrites{.output = 0};
// The largest result: of a high power, the largest term is nearly the sum.
inline constexpr Objective kSmallestSize{.output = 0, .power = 4};
// Predicted seconds.
Objective least_time(const TimeModel& model);

}  // namespace einc
