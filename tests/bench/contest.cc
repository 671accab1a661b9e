#include "contest.h"

#include <cstdio>
#include <cstring>
#include <utility>

namespace einc::bench {

std::vector<Contestant> contestants_of(const Problem& problem, const std::vector<Peer>& peers,
                                       int& failures) {
  std::vector<Contestant> contestants;
  contestants.push_back({"einc", timed([&problem] { (void)problem.run(); })});
  for (const Peer& peer : peers)
    if (auto timer = peer.prepare(problem)) contestants.push_back({peer.name, std::move(*timer)});
  std::vector<Contestant> right;
  for (Contestant& contestant : contestants) {
    std::memset(problem.output.data(), 0xff, static_cast<size_t>(problem.output.bytes()));
    contestant.first = contestant.timer(0);
    const double off = difference(problem);
    if (off <= tolerance(problem.output.dtype())) {
      right.push_back(std::move(contestant));
    } else {
      std::fprintf(stderr, "ERROR: %s: %s and einc differ by %g\n", problem.item.name.c_str(),
                   contestant.name.c_str(), off);
      ++failures;
    }
  }
  return right;
}

}  // namespace einc::bench
