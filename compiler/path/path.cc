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
#include "compiler/path/greedy.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/random.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {
namespace {

Error fail(std::string message) {
  return {ErrorCode::kArgument, std::move(message), std::nullopt, "path"};
}

struct ObjectiveRow {
  std::string_view name;
  Objective (*objective)(DType compute);
};

constexpr ObjectiveRow kObjectives[] = {
    {"time", least_time},
    {"flops", [](DType) { return kFewestFlops; }},
    {"size", [](DType) { return kSmallestSize; }},
    {"write", [](DType) { return kFewestWrites; }},
};

// How long a search that nobody set a limit for may take: a twentieth of what the network itself
// does in the order of greedy_path, but 2 ms to 1 s; in moves, so that equal networks always get
// equal paths.
Budget default_budget(const Network& network, DType compute) {
  constexpr double kMovesPerSecond = 10e6;
  constexpr double kShare = 0.05;
  constexpr double kLeast = 0.002;
  constexpr double kMost = 1;
  double seconds = kLeast;
  if (network.terms.size() > kMostExactTerms) {
    Random random(0);
    const double log2_seconds =
        log2_cost_of(network, greedy_path(network, {}, random), least_time(compute));
    seconds = std::clamp(kShare * std::exp2(log2_seconds), kLeast, kMost);
  }
  return Budget::of_moves(static_cast<int64_t>(kMovesPerSecond * seconds));
}

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

Result<Objective> choose_objective(const Options& options, DType compute) {
  const auto row = choose_objective_row(options);
  if (!row) return row.error();
  return (*row)->objective(compute);
}

Result<SearchPath> choose_search(const Options& options, size_t terms) {
  if (auto valid = check(options); !valid) return valid.error();
  const auto objective = choose_objective_row(options);
  if (!objective) return objective.error();
  if (options.path.find_first_of("[(") != std::string::npos) {
    const auto path = parse_path(options.path, terms);
    if (!path) return path.error();
    return SearchPath([path = to_ssa_path(*path, terms)](const Network&, DType) { return path; });
  }
  std::string known;
  for (const PathFinder& row : path_finders()) {
    if (row.name == options.path && terms > row.most_terms)
      return fail("path finder '" + options.path + "' takes at most " +
                  std::to_string(row.most_terms) + " operands, not " + std::to_string(terms));
    if (row.name == options.path)
      return SearchPath([&row, make = (*objective)->objective, seconds = options.path_seconds,
                         moves = options.path_moves, seed = options.seed,
                         threads = options.path_threads,
                         progress = options.path_progress](const Network& network, DType compute) {
        Budget budget = seconds ? Budget::of_seconds(*seconds)
                        : moves ? Budget::of_moves(*moves)
                                : default_budget(network, compute);
        if (progress)
          budget.set_progress(
              [&](double log2_cost) { return progress(log2_cost, budget.elapsed_seconds()); });
        return row.find(network, {make(compute), seed, threads, budget});
      });
    known.append(known.empty() ? "" : ", ").append(row.name);
  }
  return fail("no path finder '" + options.path + "'; there are " + known +
              ", or give a path such as [[0, 1], [0, 1]]");
}

Result<FindPath> choose_path(const Options& options, size_t inputs) {
  auto search = choose_search(options, inputs);
  if (!search) return search.error();
  return FindPath([search = *std::move(search)](const Einsum& einsum) {
    return to_tree(einsum, search(network_of(einsum), compute_dtype(einsum)));
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
