// Arguments on the command line, written as in Python.
#pragma once

#include <optional>
#include <string_view>

#include "einc/call.h"

namespace einc {

// None, True, False, 3, 0.5, 'text', [0, [1, 2]] or (0, 1), and 0,1 for [0, 1]; nothing for
// anything else.
std::optional<Value> parse_literal(std::string_view text);

}  // namespace einc
