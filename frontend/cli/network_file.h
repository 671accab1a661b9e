#pragma once

#include <string>

#include "einc/error.h"
#include "einc/path.h"

namespace einc::cli {

// Whether the text names a file with a network rather than being an expression.
bool names_network(const std::string& text);

// Reads JSON, compressed by gzip or not. Fails with kIo and as parse_network() does.
Result<TensorNetwork> read_network(const std::string& path);

}  // namespace einc::cli
