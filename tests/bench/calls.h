// What a call and a compilation cost.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "peers.h"

namespace einc::bench {

struct CallReport {
  // Of each case, each contestant's name and seconds per call.
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, double>>>> calls;
  // What was compiled, and seconds.
  std::vector<std::pair<std::string, double>> compilations;
};

// Times and prints. `budget` is in seconds, for each contestant and case. Adds the number of wrong
// results to `failures`.
CallReport run_calls(const Options& options, const std::vector<Peer>& peers, double budget,
                     int& failures);

// How the program starts itself, `kCompileFlag TIER`: as a process that has compiled nothing so
// far.
inline constexpr const char* kCompileFlag = "--time-compilations";

// Prints JSON: milliseconds of the process's first kernel, and of each of the suites' cases.
int print_compilations(const std::string& tier);

}  // namespace einc::bench
