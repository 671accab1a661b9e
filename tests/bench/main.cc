// einc_bench SUITE...: times einsums beside what the machine can do at most and beside peers.
// README.md in this folder says what it prints.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "calls.h"
#include "contest.h"
#include "networks.h"
#include "paths.h"
#include "peers.h"
#include "report.h"
#include "suite_cases.h"

namespace einc::bench {
namespace {

struct Arguments {
  std::vector<std::string> suites;
  std::vector<std::string> dtypes;
  std::vector<std::string> filters;
  std::vector<std::string> peers = {"all"};
  std::string tier = "auto";
  std::string json;
  int threads = 1;
  int64_t offset = 0;
  std::optional<double> seconds;
};

// For each contestant in each case.
constexpr double kSecondsEach = 0.3;

bool asks_for(const Arguments& arguments, const char* suite) {
  return std::find(arguments.suites.begin(), arguments.suites.end(), suite) !=
         arguments.suites.end();
}

// Suites that have no roofline.
constexpr const char* kCalls = "calls";
constexpr const char* kPaths = "paths";
constexpr const char* kNetworks = "networks";

const std::vector<std::string> kNoPeers = {"none"};

constexpr struct {
  const char* name;
  const char* what;
} kSuites[] = {
    {"gemm", "matrix products"},
    {"batched", "batches of small matrix products"},
    {"tccg", "the 48 contractions of TCCG"},
    {"cliffs", "einsums that were reported as slow elsewhere"},
    {"memory", "transpositions, reductions, outer and elementwise products"},
    {kCalls, "what a call and a compilation cost"},
    {kPaths, "contraction orders found in --seconds, or 0.01, 0.1 and 1 s"},
    {kNetworks, "tensor networks, run"},
};

// The peak's seconds per operation, as a contestant: the machine's pace varies from case to case.
Contestant peak_contestant(int threads, DType dtype) {
  constexpr double kSeconds = 2e-3;
  const auto timer = [=](double) { return 1 / measure_peak(threads, dtype, kSeconds); };
  return {"peak", timer, timer(0)};
}

Measurement measure(const std::string& suite, const Problem& problem, const Machine& machine,
                    std::vector<Contestant> contestants, double budget) {
  contestants.push_back(peak_contestant(machine.threads, problem.item.dtype()));
  const std::vector<double> seconds = best_seconds(contestants, budget);
  Measurement m;
  m.suite = suite;
  m.item = problem.item;
  m.work = problem.work;
  m.compile_seconds = problem.compile_seconds;
  m.seconds = seconds.front();
  m.peak = 1 / seconds.back();
  m.roofline_seconds = roofline_seconds(machine, problem.work, m.peak);
  m.memcpy_seconds = memcpy_seconds(machine, problem.work);
  m.bound_by_memory = memory_seconds(machine, problem.work) >= m.roofline_seconds;
  for (size_t i = 1; i + 1 < contestants.size(); ++i)
    m.peers.emplace_back(contestants[i].name, seconds[i]);
  return m;
}

using SuiteCases = std::vector<std::pair<std::string, Case>>;

// Of all suites with a roofline.
SuiteCases cases_of(const Arguments& arguments) {
  SuiteCases cases;
  for (const std::string& suite : arguments.suites)
    if (suite != kCalls && suite != kPaths && suite != kNetworks)
      for (Case& item : suite_cases(suite, arguments.dtypes, arguments.filters))
        cases.emplace_back(suite, std::move(item));
  return cases;
}

int run(const Arguments& arguments) {
  Options options;
  options.threads = arguments.threads;
  options.tier = arguments.tier;
  const SuiteCases cases = cases_of(arguments);
  const Machine machine = measure_machine(arguments.threads);
  print_machine(machine);
  const std::vector<Peer> peers = find_peers(arguments.peers, arguments.threads);
  Report report;
  int failures = 0;
  for (const auto& [suite, item] : cases) {
    const auto problem = make_problem(item, options, arguments.offset);
    if (!problem) {
      std::fprintf(stderr, "ERROR: %s: %s\n", item.name.c_str(),
                   render(problem.error(), item.expression).c_str());
      ++failures;
      continue;
    }
    const auto contestants = contestants_of(*problem, peers, failures);
    if (contestants.empty() || contestants[0].name != "einc") continue;
    report.measurements.push_back(
        measure(suite, *problem, machine, contestants, arguments.seconds.value_or(kSecondsEach)));
    print(report.measurements.back());
  }
  print_summary(report.measurements);
  if (asks_for(arguments, kCalls))
    report.calls = run_calls(options, peers, arguments.seconds.value_or(kSecondsEach), failures);
  if (asks_for(arguments, kPaths)) {
    std::vector<double> budgets = {0.01, 0.1, 1};
    if (arguments.seconds) budgets = {*arguments.seconds};
    report.paths = run_paths(budgets, arguments.filters, arguments.peers != kNoPeers);
  }
  if (asks_for(arguments, kNetworks))
    report.networks =
        run_networks(arguments.threads, arguments.filters, arguments.peers != kNoPeers, failures);
  if (!arguments.json.empty() && !write_json(arguments.json, machine, report))
    throw std::runtime_error("cannot write " + arguments.json);
  return failures == 0 ? 0 : 1;
}

std::string describe_suites() {
  std::string text = "Suites:\n";
  for (const auto& suite : kSuites)
    text += "  " + std::string(suite.name) + std::string(10 - std::string(suite.name).size(), ' ') +
            suite.what + "\n";
  return text + "or CSV files with rows of: name,\"expression\",extents such as 2x3;3x4,dtype";
}

void add_options(CLI::App& tool, Arguments& arguments) {
  tool.add_option("SUITE", arguments.suites, "suites or files to run")->required();
  tool.add_option("--dtype", arguments.dtypes, "such as float32,float64; overrides the files'")
      ->delimiter(',');
  tool.add_option("--threads", arguments.threads, "of einc and of the peers")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  tool.add_option("--tier", arguments.tier, "of einc: jit, highway, auto")->capture_default_str();
  tool.add_option("--filter", arguments.filters, "only cases with this in their name or expression")
      ->allow_extra_args(false);
  tool.add_option("--peers", arguments.peers, "all, none, or names")
      ->delimiter(',')
      ->capture_default_str();
  tool.add_option("--seconds", arguments.seconds,
                  "for each contestant in each case; 0.3 if not given");
  tool.add_option("--offset", arguments.offset,
                  "bytes from a multiple of 64 to where operands begin; malloc's are mostly 16")
      ->check(CLI::Range(0, 63));
  tool.add_option("--json", arguments.json, "file to write the measurements to");
}

}  // namespace
}  // namespace einc::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == einc::bench::kCompileFlag)
    return einc::bench::print_compilations(argv[2]);
  CLI::App tool{"Times einsums beside the machine's peaks and beside other libraries."};
  tool.footer(einc::bench::describe_suites());
  einc::bench::Arguments arguments;
  einc::bench::add_options(tool, arguments);
  try {
    tool.parse(argc, argv);
    return einc::bench::run(arguments);
  } catch (const CLI::ParseError& error) {
    return tool.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "einc_bench: %s\n", error.what());
    return 2;
  }
}
