// Others who compute the same.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "measure.h"
#include "problem.h"

namespace einc::bench {

struct Peer {
  std::string name;
  std::string version;
  // A timer of runs that read the problem's inputs and write its output, or nothing where this
  // peer cannot do the case. The timer must not outlive the problem.
  std::function<std::optional<Timer>(const Problem&)> prepare;
};

// The peers that this program was built with and that are to be found on this machine, on so many
// threads. `wanted` are their names, or "all", or "none".
std::vector<Peer> find_peers(const std::vector<std::string>& wanted, int threads);

}  // namespace einc::bench
