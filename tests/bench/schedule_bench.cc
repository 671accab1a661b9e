// schedule_bench SUITE...: of each einsum's most expensive step, what the schedule that the cost
// model chooses takes beside the fastest of all. README.md in this folder says what it prints.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "case.h"
#include "compiler/assemble.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/nest_cost.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "frontend/bind.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"
#include "measure.h"
#include "operands.h"
#include "runtime/run.h"
#include "suite_cases.h"

namespace einc::bench {
namespace {

struct Arguments {
  std::vector<std::string> suites, dtypes, filters;
  size_t most = 16;
  double seconds = 0.05;
  int64_t offset = 0;
  std::string csv;
};

template <typename Value>
Value value_of(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

// An einsum in steps, of which the one that costs most is run by one schedule after the other.
struct ForcedCase {
  const Case& item;
  TensorType output;
  Plan plan;
  size_t step = 0;
  std::vector<LoopNest> nests;
};

ForcedCase force(const Case& item, const Target& target) {
  const Dialect& dialect = *find_dialect("einc");
  const auto bound = value_of(einc::bind(value_of(parse(item.expression, dialect)), item.inputs,
                                         std::nullopt, std::nullopt, dialect));
  const Einsum& einsum = bound.einsum;
  std::vector<int64_t> extents;
  for (const Label label : einsum.output.labels)
    extents.push_back(einsum.labels[static_cast<size_t>(label)].extent);
  ForcedCase forced{
      .item = item,
      .output = TensorType::row_major(einsum.output.dtype, extents),
      .plan = value_of(plan(einsum, value_of(plan_request({}, einsum)), std::nullopt, nullptr))};
  double most_cycles = 0;
  for (size_t s = 0; s < forced.plan.steps.size(); ++s) {
    std::vector<LoopNest> nests = schedules(forced.plan.steps[s], target);
    const double cycles = nests.empty() ? 0 : cost_of(nests.front(), target).cycles(target);
    if (cycles <= most_cycles) continue;
    most_cycles = cycles;
    forced.step = s;
    forced.nests = std::move(nests);
  }
  return forced;
}

Program program_of(const ForcedCase& forced, const LoopNest& nest, const Target& target) {
  Program program{.scratch_bytes = forced.plan.scratch_bytes};
  program.inputs = forced.item.inputs;
  program.output = forced.output;
  for (size_t s = 0; s < forced.plan.steps.size(); ++s) {
    const MakeCode make_code = [&](const LoopNest& chosen, const Target&) {
      return value_of(code_generator())->compile(s == forced.step ? nest : chosen, target);
    };
    program.steps.push_back(
        value_of(assemble(forced.plan.steps[s], target, std::nullopt, make_code, nullptr)));
  }
  return program;
}

// Seconds of the einsum by each of the first nests.
std::vector<double> times_of(const ForcedCase& forced, const Arguments& arguments,
                             const Target& target) {
  std::vector<Array> inputs;
  std::vector<const void*> addresses;
  Random random;
  for (const TensorType& type : forced.item.inputs) {
    inputs.push_back(value_of(Array::zeros(type, arguments.offset)));
    fill(inputs.back(), random);
  }
  for (const Array& input : inputs) addresses.push_back(input.data());
  const Array output = value_of(Array::zeros(forced.output, arguments.offset));
  std::vector<Contestant> contestants;
  for (size_t n = 0; n < std::min(arguments.most, forced.nests.size()); ++n) {
    const auto program = std::make_shared<Program>(program_of(forced, forced.nests[n], target));
    Timer timer = timed([program, &addresses, &output] {
      value_of(run_program(*program, addresses, output.data(), default_executor(1)));
    });
    const double first = timer(0);
    contestants.push_back({std::to_string(n), std::move(timer), first});
  }
  return best_seconds(contestants, arguments.seconds);
}

void print_row(std::ofstream& csv, const ForcedCase& forced, size_t nest, double seconds,
               const Target& target) {
  const NestCost cost = cost_of(forced.nests[nest], target);
  const NestTraffic& t = cost.traffic;
  csv << forced.item.name << ',' << to_string(forced.item.dtype()) << ',' << nest << ',' << seconds;
  for (const double feature : {cost.instruction_cycles, t.into_l1, t.asked_into_l1, t.into_l2,
                               t.into_l3, t.pages, t.far_pages, t.runs})
    csv << ',' << feature;
  csv << '\n';
}

int run(const Arguments& arguments) {
  const Target& target = *find_target("host");
  std::ofstream csv;
  if (!arguments.csv.empty()) {
    csv.open(arguments.csv);
    if (!csv) throw std::runtime_error("cannot write " + arguments.csv);
    csv << "case,dtype,schedule,seconds,instructions,into_l1,asked_into_l1,into_l2,into_l3,pages,"
           "far_pages,runs\n";
  }
  double log_sum = 0, worst = 1;
  int count = 0;
  for (const std::string& suite : arguments.suites)
    for (const Case& item : suite_cases(suite, arguments.dtypes, arguments.filters)) {
      const ForcedCase forced = force(item, target);
      if (forced.nests.empty()) continue;
      const std::vector<double> times = times_of(forced, arguments, target);
      const auto best = std::min_element(times.begin(), times.end());
      const double ratio = times[0] / *best;
      std::printf("%-28s %-10s %10.2f us  best %10.2f us, schedule %2td of %2zu  %5.2f\n",
                  item.name.c_str(), std::string(to_string(item.dtype())).c_str(), 1e6 * times[0],
                  1e6 * *best, best - times.begin(), forced.nests.size(), ratio);
      std::fflush(stdout);
      for (size_t n = 0; n < times.size() && csv.is_open(); ++n)
        print_row(csv, forced, n, times[n], target);
      log_sum += std::log(ratio);
      worst = std::max(worst, ratio);
      ++count;
    }
  if (csv.is_open() && !csv.flush()) throw std::runtime_error("cannot write " + arguments.csv);
  if (count > 0)
    std::printf(
        "\nthe chosen take %.3f times as long as the best in the geometric mean of %d, %.2f at "
        "the worst\n",
        std::exp(log_sum / count), count, worst);
  return 0;
}

void add_options(CLI::App& tool, Arguments& arguments) {
  tool.add_option("SUITE", arguments.suites, "suites or files to run")->required();
  tool.add_option("--dtype", arguments.dtypes, "such as float32,float64; overrides the files'")
      ->delimiter(',');
  tool.add_option("--filter", arguments.filters, "only cases with this in their name or expression")
      ->allow_extra_args(false);
  tool.add_option("--most", arguments.most, "schedules of each case, the cheapest by the model")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  tool.add_option("--seconds", arguments.seconds, "for each schedule")->capture_default_str();
  tool.add_option("--offset", arguments.offset,
                  "bytes from a multiple of 64 to where operands begin")
      ->check(CLI::Range(0, 63));
  tool.add_option("--csv", arguments.csv, "file for what fit_pace.py reads");
}

}  // namespace
}  // namespace einc::bench

int main(int argc, char** argv) {
  CLI::App tool{"Times all schedules of einsums beside the one that the cost model chooses."};
  einc::bench::Arguments arguments;
  einc::bench::add_options(tool, arguments);
  try {
    tool.parse(argc, argv);
    return einc::bench::run(arguments);
  } catch (const CLI::ParseError& error) {
    return tool.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "schedule_bench: %s\n", error.what());
    return 2;
  }
}
