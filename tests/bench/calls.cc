#include "calls.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "contest.h"

namespace einc::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kProcesses = 3;

// einc's other calls: with types to check, and the string API, which finds the kernel by what it is
// asked.
std::vector<Peer> with_other_calls(const std::vector<Peer>& peers, const Options& options) {
  std::vector<Peer> all = {
      {"Kernel::run()", "",
       [](const Problem& problem) {
         return timed([&problem] { (void)problem.kernel.run(problem.views, problem.output_view); });
       }},
      {"einsum() into memory", "",
       [options](const Problem& problem) {
         return timed([&problem, options] {
           (void)einsum(problem.item.expression, problem.views, problem.output, options);
         });
       }},
      {"einsum() new tensor", "",
       [options](const Problem& problem) -> std::optional<Timer> {
         // The first of them, unmeasured, fills the output that is checked.
         return timed([&problem, options, first = true]() mutable {
           if (std::exchange(first, false)) (void)problem.run();
           (void)einsum(problem.item.expression, problem.views, options);
         });
       }},
  };
  all.insert(all.end(), peers.begin(), peers.end());
  return all;
}

std::vector<Case> suite_cases(const char* suite, const std::vector<DType>& dtypes) {
  return load_cases(std::string(EINC_BENCH_DATA) + "/" + suite + ".csv", dtypes, false);
}

double milliseconds_to_compile(const Case& item, const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto kernel = compile(item.expression, item.inputs, options);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return kernel ? 1e3 * seconds : std::numeric_limits<double>::quiet_NaN();
}

// A product of so many matrices, of another shape each time.
Case chain(int matrices, int64_t shape) {
  Case item{"", "", {}};
  for (int m = 0; m < matrices; ++m) {
    const char row = static_cast<char>('a' + m);
    item.expression += {m > 0 ? ',' : ' ', row, static_cast<char>(row + 1)};
    item.inputs.push_back(
        TensorType::row_major(DType::kFloat32, {shape + 7 * m % 5, shape + 7 * (m + 1) % 5}));
  }
  item.expression += {'-', '>', 'a', static_cast<char>('a' + matrices)};
  return item;
}

// What a fresh process of this program prints; null if that failed.
Json compilations_of_process(const std::string& tier) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command = "'" + program + "' " + kCompileFlag + " '" + tier + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return {};
  std::string text;
  for (char part[4096]; const size_t size = std::fread(part, 1, sizeof part, pipe.get());)
    text.append(part, size);
  return Json::parse(text, nullptr, false);
}

void add_compilations(const std::string& tier, CallReport& report) {
  std::vector<Json> processes;
  for (int i = 0; i < kProcesses; ++i) {
    Json next = compilations_of_process(tier);
    if (next.is_object()) processes.push_back(std::move(next));
  }
  if (processes.empty()) return;
  for (const auto& [what, unused] : processes[0].items()) {
    // Each case's best of all processes.
    std::vector<double> best;
    for (size_t i = 0; i < processes[0][what].size(); ++i) {
      best.push_back(processes[0][what][i]);
      for (const Json& process : processes)
        best.back() = std::min(best.back(), process[what][i].get<double>());
    }
    std::sort(best.begin(), best.end());
    const std::string name = tier + ", " + what;
    if (best.size() == 1) {
      report.compilations.emplace_back(name, 1e-3 * best[0]);
    } else {
      report.compilations.emplace_back(name + ", median", 1e-3 * best[best.size() / 2]);
      report.compilations.emplace_back(name + ", worst", 1e-3 * best.back());
    }
  }
}

}  // namespace

CallReport run_calls(const Options& options, const std::vector<Peer>& peers, double budget,
                     int& failures) {
  CallReport report;
  std::printf("\nnanoseconds per call\n");
  for (const Case& item : suite_cases("calls", {DType::kFloat32})) {
    const auto problem = make_problem(item, options);
    if (!problem) {
      std::fprintf(stderr, "ERROR: %s\n", render(problem.error(), item.expression).c_str());
      ++failures;
      continue;
    }
    const auto contestants = contestants_of(*problem, with_other_calls(peers, options), failures);
    const std::vector<double> seconds = best_seconds(contestants, budget);
    report.calls.emplace_back(item.name, std::vector<std::pair<std::string, double>>());
    std::printf("%s:", item.name.c_str());
    for (size_t i = 0; i < contestants.size(); ++i) {
      report.calls.back().second.emplace_back(contestants[i].name, seconds[i]);
      std::printf("  %.1f %s", 1e9 * seconds[i], contestants[i].name.c_str());
    }
    std::printf("\n");
  }
  for (const char* const tier : {"auto", "jit", "highway"}) add_compilations(tier, report);
  std::printf("\nmilliseconds until a kernel can be run\n");
  for (const auto& [what, seconds] : report.compilations)
    std::printf("%-28s %9.3f\n", what.c_str(), 1e3 * seconds);
  return report;
}

int print_compilations(const std::string& tier) {
  Options options;
  options.tier = tier;
  options.threads = 1;
  Json all;
  const auto matrix = TensorType::row_major(DType::kFloat32, {512, 512});
  all["first of a process"] = {
      milliseconds_to_compile({"", "ij,jk->ik", {matrix, matrix}}, options)};
  for (const char* suite : {"tccg", "memory", "cliffs"})
    for (const Case& item : suite_cases(suite, {DType::kFloat32, DType::kFloat64}))
      all[suite].push_back(milliseconds_to_compile(item, options));
  // Without compiling anything, what is left is planning.
  constexpr int64_t kShapes = 200;
  for (int matrices = 2; matrices <= 6 && tier == "highway"; ++matrices)
    for (int64_t shape = 0; shape < kShapes; ++shape)
      all["chain of " + std::to_string(matrices)].push_back(
          milliseconds_to_compile(chain(matrices, 10 + shape), options));
  std::printf("%s\n", all.dump().c_str());
  return 0;
}

}  // namespace einc::bench
