// The C header of a kernel that was compiled ahead of time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "einc/tensor.h"

namespace einc {

struct CFunction {
  std::string_view name;
  std::string_view expression;  // what it computes
  std::string target;           // for whom, in words
  std::vector<TensorType> inputs;
  TensorType output;
  bool returns_exponent = false;  // of the power of two that the output is to be multiplied by
  int64_t scratch_bytes = 0;
};

// Whether C and C++ take it as the name of a function that clashes with none they know.
bool is_function_name(std::string_view name);

// C99 and C++.
std::string c_header(const CFunction& function);

}  // namespace einc
