// Timing: contestants in turns, the best of all turns.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace einc::bench {

// Runs something again and again for about so many seconds, at least once; the seconds of the
// fastest run.
using Timer = std::function<double(double seconds)>;

// Runs that are too short for the clock are timed several at once.
Timer timed(std::function<void()> run);

struct Contestant {
  std::string name;
  Timer timer;
  double first = 0;  // seconds of a run before, which may have been slow for its being the first
};

// The best seconds of each, `seconds` being the time each gets. What took over 5 s gets no other
// run than its first.
std::vector<double> best_seconds(const std::vector<Contestant>& contestants, double seconds);

}  // namespace einc::bench
