#include "einc/calibrate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/calibration.h"
#include "compiler/code_generator.h"
#include "compiler/target.h"
#include "compiler/time_fit.h"
#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/einc.h"
#include "einc/error.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/request.h"

namespace einc {
namespace {

// A product of two operands with labels of every role, one or several of each.
struct RandomStep {
  std::string expression;
  std::array<TensorType, 2> types;
  StepSizes sizes;
};

class RandomSteps {
 public:
  RandomSteps(DType dtype, uint64_t seed) : dtype_(dtype), random_(seed) {}

  RandomStep next() {
    constexpr double kMostFlops = 1 << 30;
    constexpr double kMostElements = 1 << 25;
    for (;;) {
      RandomStep step = any();
      if (step.sizes.flops <= kMostFlops && step.sizes.inputs + step.sizes.output <= kMostElements)
        return step;
    }
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }
  double part_of_one() { return static_cast<double>(below(1 << 20)) / (1 << 20); }

  // From 1 to 4096, evenly by order of magnitude, a power of two as often as not.
  int64_t extent() {
    constexpr double kLog2Most = 12;
    double log2 = kLog2Most * part_of_one();
    if (below(2) == 0) log2 = std::floor(log2);
    return std::llround(std::exp2(log2));
  }

  template <typename Elements>
  Elements shuffled(Elements elements) {
    for (size_t i = elements.size(); i > 1; --i) std::swap(elements[i - 1], elements[below(i)]);
    return elements;
  }

  // Labels of one role, of that many positions in all, or about as many: intermediates of a network
  // have more than one.
  std::string labels_of(int64_t positions) {
    std::string labels;
    for (int parts = 1 + static_cast<int>(below(3)); parts > 0 && positions > 1; --parts) {
      const double share = parts == 1 ? 1 : part_of_one();
      const int64_t taken =
          std::llround(std::exp2(std::log2(static_cast<double>(positions)) * share));
      if (taken == 1) continue;
      labels.push_back(static_cast<char>('a' + extents_.size()));
      extents_.push_back(taken);
      positions = std::max<int64_t>(positions / taken, 1);
    }
    return labels;
  }

  // Batch labels first, then the roles as they come; their labels are seldom mixed.
  std::string in_some_order(const std::string& batch, std::array<std::string, 2> roles) {
    roles = shuffled(roles);
    const std::string others = roles[0] + roles[1];
    return batch + (below(4) == 0 ? shuffled(others) : others);
  }

  RandomStep any() {
    extents_.clear();
    const std::string z = labels_of(below(2) == 0 ? 1 : extent());
    std::array<std::string, 3> mnk;
    for (std::string& role : mnk) role = labels_of(below(6) == 0 ? 1 : extent());
    const auto& [m, n, k] = mnk;
    const auto extents_of = [&](const std::string& labels) {
      std::vector<int64_t> list;
      for (const char label : labels) list.push_back(extents_[static_cast<size_t>(label - 'a')]);
      return list;
    };
    const auto count = [&](const std::string& labels) {
      return static_cast<double>(element_count(extents_of(labels)));
    };
    const std::string a = in_some_order(z, {m, k});
    const std::string b = in_some_order(z, {k, n});
    const std::string c = in_some_order(z, {m, n});
    return {a + "," + b + "->" + c,
            {TensorType::row_major(dtype_, extents_of(a)),
             TensorType::row_major(dtype_, extents_of(b))},
            {.flops = count(z + m + n + k), .inputs = count(a) + count(b), .output = count(c)}};
  }

  const DType dtype_;
  std::mt19937_64 random_;
  std::vector<int64_t> extents_;  // of the labels, from 'a' on
};

// Operands and a result for a step, several times: those of a network seldom lie in the caches
// that a step has just filled.
struct Copies {
  std::vector<std::array<Tensor, 3>> tensors;
  std::vector<std::array<TensorView, 2>> inputs;
};

Result<Copies> copies_of(const RandomStep& step, const TensorType& output, int64_t l2_bytes) {
  constexpr int64_t kMost = 4096;
  const std::array<const TensorType*, 3> types{&step.types[0], &step.types[1], &output};
  int64_t bytes = 0;
  for (const TensorType* const type : types)
    bytes += element_count(type->extents) * info(type->dtype).bytes;
  Copies copies;
  const int64_t count = std::clamp<int64_t>(2 * l2_bytes / bytes, 1, kMost);
  for (int64_t i = 0; i < count; ++i) {
    std::array<Tensor, 3>& tensors = copies.tensors.emplace_back();
    for (size_t t = 0; t < types.size(); ++t) {
      auto tensor = Tensor::zeros(types[t]->dtype, types[t]->extents);
      if (!tensor) return tensor.error();
      tensors[t] = *std::move(tensor);
    }
    copies.inputs.push_back({tensors[0], tensors[1]});
  }
  return copies;
}

// The least of many runs that take 20 ms together, or of two.
Result<double> fastest_run(const Kernel& kernel, const Copies& copies) {
  using Clock = std::chrono::steady_clock;
  constexpr double kSeconds = 20e-3;
  constexpr double kLeastMeasurable = 100e-6;
  int64_t runs = 1;
  size_t turn = 0;
  double least = 0, all = 0;
  for (int times = 0; times < 2 || all < kSeconds;) {
    const auto begin = Clock::now();
    for (int64_t run = 0; run < runs; ++run) {
      turn = (turn + 1) % copies.inputs.size();
      if (auto done = kernel.run(copies.inputs[turn], copies.tensors[turn][2]); !done)
        return done.error();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (seconds < kLeastMeasurable) {
      runs *= 4;
      continue;
    }
    const double each = seconds / static_cast<double>(runs);
    least = times == 0 ? each : std::min(least, each);
    all += seconds;
    ++times;
  }
  return least;
}

Result<TimedStep> measure(const RandomStep& step, const Target& target, const Options& options) {
  const auto kernel = compile(step.expression, {step.types[0], step.types[1]}, options);
  if (!kernel) return kernel.error();
  const auto copies = copies_of(step, kernel->output_type(), target.l2_bytes);
  if (!copies) return copies.error();
  const auto seconds = fastest_run(*kernel, *copies);
  if (!seconds) return seconds.error();
  return TimedStep{step.sizes, *seconds};
}

CalibratedTier fit(const std::vector<TimedStep>& steps, const std::string& target,
                   const std::string& tier, DType dtype) {
  const auto known = std::span(steps).first(steps.size() / 2);
  const auto held_back = std::span(steps).subspan(steps.size() / 2);
  const TimeModel model = fit_time_model(known);
  return {.target = target,
          .tier = tier,
          .dtype = dtype,
          .flop = model.flop,
          .input = model.input,
          .output = model.output,
          .step = model.step,
          .error = median_error(model, held_back),
          .flops_only_error = median_error(fit_flops_model(known), held_back)};
}

Error fail(const std::string& message) {
  return {ErrorCode::kArgument, message, std::nullopt, "calibration"};
}

Result<std::vector<CalibratedTier>> measure_all(const CalibrateOptions& options) {
  if (options.steps < 4) return fail("a calibration needs 4 steps or more");
  for (const DType dtype : options.dtypes)
    if (const DType other = measured_dtype(dtype); other != dtype)
      return fail(std::string(to_string(dtype)) + " goes by the calibration of " +
                  std::string(to_string(other)));
  const auto target = choose_target(options.target);
  if (!target) return target.error();
  std::vector<CodeKind> codes{CodeKind::kPrecompiled};
  if (can_compile()) codes.insert(codes.begin(), CodeKind::kCompiled);
  ignore_user_calibration();  // it may be damaged, and is going to be replaced
  const size_t all = options.dtypes.size() * codes.size() * static_cast<size_t>(options.steps);
  size_t done = 0;
  std::vector<CalibratedTier> measured;
  for (const DType dtype : options.dtypes)
    for (const CodeKind code : codes) {
      const std::string tier(to_string(code));
      RandomSteps random(dtype, options.seed);
      std::vector<TimedStep> steps;
      for (int i = 0; i < options.steps; ++i) {
        auto step = measure(random.next(), **target,
                            {.target = options.target, .tier = tier, .threads = 1});
        if (!step) return step.error();
        steps.push_back(*step);
        const double part = static_cast<double>(++done) / static_cast<double>(all);
        if (options.progress && !options.progress(part)) return fail("the calibration was ended");
      }
      measured.push_back(fit(steps, std::string((*target)->name), tier, dtype));
    }
  return measured;
}

}  // namespace

Result<std::vector<CalibratedTier>> calibrate(const CalibrateOptions& options) try {
  return measure_all(options);
} catch (...) {
  return error_of_current_exception();
}

std::string calibration_text(const std::vector<CalibratedTier>& measured,
                             std::string_view existing) {
  std::vector<CalibrationRow> rows;
  for (const CalibratedTier& tier : measured)
    rows.push_back(
        {tier.target,
         tier.tier == to_string(CodeKind::kCompiled) ? CodeKind::kCompiled : CodeKind::kPrecompiled,
         tier.dtype,
         {tier.flop, tier.input, tier.output, tier.step}});
  const auto is_measured = [&](const CalibrationRow& old) {
    return std::any_of(rows.begin(), rows.end(), [&](const CalibrationRow& row) {
      return row.target == old.target && row.code == old.code && row.compute == old.compute;
    });
  };
  if (const auto old = parse_calibration(existing)) {
    std::vector<CalibrationRow> others;
    std::copy_if(old->begin(), old->end(), std::back_inserter(others),
                 [&](const CalibrationRow& row) { return !is_measured(row); });
    rows.insert(rows.end(), others.begin(), others.end());
  }
  return "# By einc calibrate. In seconds: a multiply-add, an element read, one written, a "
         "step.\n" +
         to_string(rows);
}

std::string calibration_path() { return calibration_file(); }

}  // namespace einc
