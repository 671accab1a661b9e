#include "frontend/cli/graphviz.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "einc/error.h"

namespace einc::cli {
namespace {

Error io_error(const std::string& message) { return {ErrorCode::kIo, message, std::nullopt, "io"}; }

}  // namespace

Result<void> draw_svg(const std::string& dot, const std::string& path) {
  int ends[2];
  if (pipe(ends) != 0) return io_error("no pipe to Graphviz could be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string program = "dot", format = "-Tsvg", output = "-o" + path;
  char* const arguments[] = {program.data(), format.data(), output.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "dot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  if (failed != 0) {
    close(ends[1]);
    return io_error("Graphviz's program 'dot' cannot be run; --dot writes what it would draw");
  }
  // A child that gives up early must not end this process.
  std::signal(SIGPIPE, SIG_IGN);
  std::FILE* const input = fdopen(ends[1], "w");
  std::fwrite(dot.data(), 1, dot.size(), input);
  std::fclose(input);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) return io_error("Graphviz did not draw '" + path + "'");
  return {};
}

}  // namespace einc::cli
