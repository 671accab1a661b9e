#pragma once

#include <cstdlib>

namespace einc::test {

// How many of so many cases to run: EINC_CASES_PERCENT, which builds that take long are given.
inline int case_count(int all) {
  const char* const percent = std::getenv("EINC_CASES_PERCENT");
  return all * (percent != nullptr ? std::atoi(percent) : 100) / 100;
}

}  // namespace einc::test
