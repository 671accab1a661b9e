// What the tool's commands do, once their arguments are read.
#pragma once

#include <string>
#include <vector>

#include "einc/options.h"

namespace einc::cli {

struct ShowArguments {
  std::string expression;
  std::vector<std::string> types;
  std::string stage;   // empty: all
  std::string output;  // empty: row-major
  Options options;
};

struct RunArguments {
  std::string expression;
  std::vector<std::string> files;
  std::string output;  // empty: print
  Options options;
};

// Each returns the exit status: 0, or 2 after a message on stderr.
int show(const ShowArguments& arguments);
int run(const RunArguments& arguments);

}  // namespace einc::cli
