#include "frontend/cli/graphviz.h"

#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "einc/error.h"
#include "frontend/cli/files.h"

namespace einc::cli {
namespace {

Error io_error(const std::string& message) { return {ErrorCode::kIo, message, std::nullopt, "io"}; }

Result<void> run_dot(const std::string& input, const std::string& output) {
  std::string program = "dot", format = "-Tsvg", to = "-o" + output, from = input;
  char* const arguments[] = {program.data(), format.data(), to.data(), from.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0)
    return io_error("Graphviz's program 'dot' cannot be run; --dot writes what it would draw");
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0)
    return io_error("Graphviz did not draw '" + output + "'");
  return {};
}

}  // namespace

Result<void> draw_svg(const std::string& dot, const std::string& path) {
  const std::string input = path + ".dot";
  const auto write = [&](std::FILE* file) {
    return std::fwrite(dot.data(), 1, dot.size(), file) == dot.size();
  };
  if (auto written = write_files({{input, write}}); !written) return written;
  auto drawn = run_dot(input, path);
  std::remove(input.c_str());
  return drawn;
}

}  // namespace einc::cli
