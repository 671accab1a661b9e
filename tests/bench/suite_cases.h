// The cases that a command line asks for.
#pragma once

#include <string>
#include <vector>

#include "case.h"

namespace einc::bench {

// Of a suite, or of a file, those with one of `filters` in their name or expression, if there are
// any. `dtypes`, such as f32 or complex64, override the file's. Throws std::runtime_error where
// there is no such suite, file or dtype.
std::vector<Case> suite_cases(const std::string& suite, const std::vector<std::string>& dtypes,
                              const std::vector<std::string>& filters);

}  // namespace einc::bench
