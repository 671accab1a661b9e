// How long a search may go on.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "compiler/path/log2.h"

namespace einc {

// Told the log2 of the cost of the best path so far, again and again; returns false to end the
// search with that path.
using SearchProgress = std::function<bool(double log2_cost)>;

// Seconds of wall-clock time, or, so that a search gives the same result everywhere, a number of
// moves: changes of a tree that are looked at, about 10 million a second. Everything else that
// takes time is counted as so many moves.
class Budget {
 public:
  static Budget of_seconds(double seconds) { return {seconds, 0}; }
  static Budget of_moves(int64_t moves) { return {0, moves}; }

  void spend(int64_t moves) { spent_ += moves; }

  // From 0 to 1 and beyond.
  double spent() {
    const double now = elapsed_seconds();
    constexpr double kSecondsBetweenReports = 0.1;
    if (progress_ && now > last_report_ + kSecondsBetweenReports) report();
    if (*is_cancelled_) return std::numeric_limits<double>::infinity();
    return moves_ > 0 ? static_cast<double>(spent_) / static_cast<double>(moves_) : now / seconds_;
  }
  bool is_spent() { return spent() >= 1; }

  // That the whole budget is worth, judged by what was spent so far.
  double total_moves() {
    return moves_ > 0 ? static_cast<double>(moves_)
                      : static_cast<double>(spent_) / std::max(spent(), 1e-6);
  }

  double elapsed_seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

  // The same budget for another thread, which reports nothing, and ends if this one is cancelled.
  Budget share() const {
    Budget other(seconds_, moves_);
    other.start_ = start_;
    other.is_cancelled_ = is_cancelled_;
    return other;
  }

  // ---- Progress

  void set_progress(SearchProgress progress) { progress_ = std::move(progress); }

  // A better path for the part at hand was found.
  void found(double log2_cost) {
    best_ = log2_cost;
    if (progress_) report();
  }

  // The part at hand is done, and another comes.
  void finish_part() {
    done_ = log2_add(static_cast<float>(done_), static_cast<float>(best_));
    best_ = kNothing;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double kNothing = -std::numeric_limits<double>::infinity();

  Budget(double seconds, int64_t moves) : seconds_(seconds), moves_(moves) {}

  void report() {
    last_report_ = elapsed_seconds();
    if (best_ == kNothing && done_ == kNothing) return;
    if (!progress_(log2_add(static_cast<float>(done_), static_cast<float>(best_))))
      *is_cancelled_ = true;
  }

  Clock::time_point start_ = Clock::now();
  double seconds_;
  int64_t moves_;
  int64_t spent_ = 0;
  std::shared_ptr<std::atomic<bool>> is_cancelled_ = std::make_shared<std::atomic<bool>>(false);
  SearchProgress progress_;
  double last_report_ = 0;
  double best_ = kNothing;  // of the part at hand
  double done_ = kNothing;  // of the parts before it
};

}  // namespace einc
