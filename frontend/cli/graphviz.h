#pragma once

#include <string>

#include "einc/error.h"

namespace einc::cli {

// Has Graphviz draw a graph into an SVG file. Fails with kIo if its program "dot" is not there or
// refuses.
Result<void> draw_svg(const std::string& dot, const std::string& path);

}  // namespace einc::cli
