#include "compiler/time_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "compiler/time_model.h"

namespace einc {
namespace {

// Faster than any machine does anything.
constexpr double kLeastSeconds = 1e-12;

double log2_error(const TimeModel& model, const TimedStep& step) {
  return std::log2(model.seconds(step.sizes) / step.seconds);
}

double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
}

// Near 0 the square, so that there is a way down from everywhere; else the distance, so that a step
// that no model foresees does not count for many.
double loss(const TimeModel& model, std::span<const TimedStep> steps) {
  double sum = 0;
  for (const TimedStep& step : steps) {
    const double error = log2_error(model, step);
    sum += std::sqrt(error * error + 0.01);
  }
  return sum;
}

// Each term alone, so small that nearly no step takes less.
TimeModel first_guess(std::span<const TimedStep> steps) {
  constexpr double kPart = 0.1;
  std::vector<double> flop, input, output, step;
  for (const TimedStep& timed : steps) {
    flop.push_back(timed.seconds / timed.sizes.flops);
    input.push_back(timed.seconds / timed.sizes.inputs);
    output.push_back(timed.seconds / timed.sizes.output);
    step.push_back(timed.seconds);
  }
  return {.flop = quantile(flop, kPart),
          .input = quantile(input, kPart),
          .output = quantile(output, kPart),
          .step = quantile(step, kPart)};
}

}  // namespace

TimeModel fit_time_model(std::span<const TimedStep> steps) {
  TimeModel model = first_guess(steps);
  double least = loss(model, steps);
  const auto improves = [&](double TimeModel::* term, double factor) {
    TimeModel changed = model;
    changed.*term *= factor;
    const double changed_loss = loss(changed, steps);
    if (changed.*term < kLeastSeconds || changed_loss >= least) return false;
    least = changed_loss;
    model = changed;
    return true;
  };
  // Each term up and down, in steps that become smaller.
  for (double log2_step = 2; log2_step > 0.005; log2_step /= 2) {
    bool is_better = true;
    while (is_better) {
      is_better = false;
      for (const auto term :
           {&TimeModel::flop, &TimeModel::input, &TimeModel::output, &TimeModel::step})
        for (const double sign : {1, -1}) is_better |= improves(term, std::exp2(sign * log2_step));
    }
  }
  return model;
}

TimeModel fit_flops_model(std::span<const TimedStep> steps) {
  std::vector<double> flop;
  for (const TimedStep& step : steps) flop.push_back(step.seconds / step.sizes.flops);
  return {.flop = quantile(flop, 0.5)};
}

double median_error(const TimeModel& model, std::span<const TimedStep> steps) {
  std::vector<double> errors;
  for (const TimedStep& step : steps) errors.push_back(std::abs(log2_error(model, step)));
  return quantile(errors, 0.5);
}

}  // namespace einc
