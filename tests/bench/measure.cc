#include "measure.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace einc::bench {
namespace {

constexpr int kRounds = 5;
constexpr double kOneRunFrom = 5;            // seconds
constexpr double kShortestMeasured = 20e-6;  // of the clock's 20 ns or so, a thousandth

double seconds_of(const std::function<void()>& run, int64_t repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < repeats; ++i) run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Timer timed(std::function<void()> run) {
  return [run = std::move(run), repeats = int64_t{1}](double budget) mutable {
    double best = std::numeric_limits<double>::infinity();
    double spent = 0;
    do {
      const double seconds = seconds_of(run, repeats);
      best = std::min(best, seconds / static_cast<double>(repeats));
      if (budget > 0 && seconds < kShortestMeasured)
        repeats += static_cast<int64_t>(kShortestMeasured / best);
      spent += seconds;
    } while (spent < budget);
    return best;
  };
}

std::vector<double> best_seconds(const std::vector<Contestant>& contestants, double seconds) {
  std::vector<double> best;
  for (const Contestant& contestant : contestants) best.push_back(contestant.first);
  for (int round = 0; round < kRounds; ++round)
    for (size_t i = 0; i < contestants.size(); ++i)
      if (contestants[i].first < kOneRunFrom)
        best[i] = std::min(best[i], contestants[i].timer(seconds / kRounds));
  return best;
}

}  // namespace einc::bench
