// From measured steps to a time model.
#pragma once

#include <span>

#include "compiler/time_model.h"

namespace einc {

struct TimedStep {
  StepSizes sizes;
  double seconds = 0;
};

// The model with the least mean |log2(predicted / measured)|, nearly: of a step that takes a
// microsecond an error counts as much as of one that takes a second. Takes at least one step.
TimeModel fit_time_model(std::span<const TimedStep> steps);

// The same, of a model that counts multiply-adds alone.
TimeModel fit_flops_model(std::span<const TimedStep> steps);

// The median of |log2(predicted / measured)|.
double median_error(const TimeModel& model, std::span<const TimedStep> steps);

}  // namespace einc
