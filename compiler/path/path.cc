#include "compiler/path/path.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/einsum_ir.h"
#include "compiler/path/budget.h"
#include "compiler/path/exact.h"
#include "compiler/path/finders.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {
namespace {

Error fail(std::string message) {
  return {ErrorCode::kArgument, std::move(message), std::nullopt, "path"};
}

struct ObjectiveRow {
  std::string_view name;
  Objective (*objective)(const TimeModel& model);
};

constexpr ObjectiveRow kObjectives[] = {
    {"time", least_time},
    {"flops", [](const TimeModel&) { return kFewestFlops; }},
    {"size", [](const TimeModel&) { return kSmallestSize; }},
    {"write", [](const TimeModel&) { return kFewestWrites; }},
};

// One search after the other, each given more time, for as long as a longer one is worth it.
class PatientSearch {
 public:
  PatientSearch(const PathFinder& finder, const Objective& objective, const TimeModel& model,
                const Options& options)
      : finder_(finder),
        objective_(objective),
        times_(least_time(model)),
        seconds_(options.path_seconds),
        moves_(options.path_moves),
        shares_(options.memory_limit ? 2 : 1),
        seed_(options.seed),
        threads_(options.path_threads),
        progress_(options.path_progress) {}

  SsaPath operator()(const Network& network) const {
    if (seconds_) return search(network, Budget::of_seconds(*seconds_ / shares_)).path;
    if (moves_) return search(network, Budget::of_moves((*moves_ + shares_ - 1) / shares_)).path;
    return search_while_worthwhile(network);
  }

 private:
  struct Found {
    SsaPath path;
    bool is_wanted = true;  // by whoever is told of the progress
  };

  Found search(const Network& network, Budget budget) const {
    Found found;
    if (progress_)
      budget.set_progress([&](double log2_cost) {
        found.is_wanted = found.is_wanted && progress_(log2_cost, budget.elapsed_seconds());
        return found.is_wanted;
      });
    found.path = finder_.find(network, {objective_, seed_, threads_, budget});
    return found;
  }

  // A search that nobody set a limit for takes half the time that one run will, but 2 ms to 1 s: a
  // better path pays for it in a few runs, and a single run takes no more than half as long again.
  // In moves, so that equal networks always get equal paths.
  SsaPath search_while_worthwhile(const Network& network) const {
    constexpr double kMovesPerSecond = 10e6;
    constexpr double kShare = 0.5;
    constexpr double kLeast = 0.002;
    constexpr double kMost = 1;
    constexpr double kGrowth = 8;
    SsaPath best;
    for (double seconds = kLeast;;) {
      Found found =
          search(network, Budget::of_moves(static_cast<int64_t>(kMovesPerSecond * seconds)));
      const bool is_better = best.empty() || log2_cost_of(network, found.path, objective_) <
                                                 log2_cost_of(network, best, objective_);
      if (is_better) best = std::move(found.path);
      if (!found.is_wanted || network.terms.size() <= kMostExactTerms) return best;
      const double run_seconds = std::exp2(log2_cost_of(network, best, times_));
      const double worthwhile = std::min(kShare * run_seconds, kMost);
      if (worthwhile <= seconds) return best;
      seconds = std::min(worthwhile, seconds * kGrowth);
    }
  }

  const PathFinder& finder_;
  Objective objective_;
  Objective times_;
  std::optional<double> seconds_;
  std::optional<int64_t> moves_;
  int shares_;  // in these: of the search for slices, too
  uint64_t seed_;
  int threads_;
  PathProgress progress_;
};

Result<void> check(const Options& options) {
  if (options.path_seconds && !(*options.path_seconds > 0))
    return fail("a search needs more than " + std::to_string(*options.path_seconds) + " seconds");
  if (options.path_moves && *options.path_moves <= 0)
    return fail("a search needs more than " + std::to_string(*options.path_moves) + " moves");
  if (options.path_seconds && options.path_moves)
    return fail("a search is limited by seconds or by moves, not by both");
  if (options.path_threads < 1 || options.path_threads > 1024)
    return fail("a search has 1 to 1024 threads, not " + std::to_string(options.path_threads));
  return {};
}

Result<const ObjectiveRow*> choose_objective_row(const Options& options) {
  for (const ObjectiveRow& row : kObjectives)
    if (row.name == options.minimize) return &row;
  return fail("nothing to minimize is called '" + options.minimize +
              "'; there are time, flops, size, write");
}

}  // namespace

Result<Objective> choose_objective(const Options& options, const TimeModel& model) {
  const auto row = choose_objective_row(options);
  if (!row) return row.error();
  return (*row)->objective(model);
}

Result<SearchPath> choose_search(const Options& options, size_t terms, const TimeModel& model) {
  if (auto valid = check(options); !valid) return valid.error();
  const auto objective = choose_objective_row(options);
  if (!objective) return objective.error();
  if (options.path.find_first_of("[(") != std::string::npos) {
    const auto path = parse_path(options.path, terms);
    if (!path) return path.error();
    return SearchPath([path = to_ssa_path(*path, terms)](const Network&) { return path; });
  }
  std::string known;
  for (const PathFinder& row : path_finders()) {
    if (row.name == options.path)
      return SearchPath(PatientSearch(row, (*objective)->objective(model), model, options));
    known.append(known.empty() ? "" : ", ").append(row.name);
  }
  return fail("no path finder '" + options.path + "'; there are " + known +
              ", or give a path such as [[0, 1], [0, 1]]");
}

Result<FindPath> choose_path(const Options& options, size_t inputs, const TimeModel& model) {
  auto search = choose_search(options, inputs, model);
  if (!search) return search.error();
  return FindPath([search = *std::move(search), model](const Einsum& einsum) {
    return to_tree(einsum, search(network_of(einsum)), model);
  });
}

std::string path_key(const Options& options) {
  std::string key = options.path + " " + options.minimize;
  if (options.path_threads != 1) key += " t" + std::to_string(options.path_threads);
  if (options.seed != 0) key += " " + std::to_string(options.seed);
  if (options.path_seconds) key += " s" + std::to_string(*options.path_seconds);
  if (options.path_moves) key += " m" + std::to_string(*options.path_moves);
  return key;
}

}  // namespace einc
