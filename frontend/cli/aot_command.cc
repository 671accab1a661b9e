// einc aot, einc targets.

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "einc/aot.h"
#include "einc/error.h"
#include "einc/options.h"
#include "frontend/cli/commands.h"
#include "frontend/cli/files.h"

namespace einc::cli {
namespace {

struct AotArguments {
  std::string expression;
  std::vector<std::string> types;
  std::string name;
  std::string folder = ".";
  std::string output;  // empty: row-major
  Options options;
};

FileToWrite file_of(const std::string& path, const std::string& content) {
  return {path, [&content](std::FILE* file) {
            return std::fwrite(content.data(), 1, content.size(), file) == content.size();
          }};
}

int aot(const AotArguments& arguments) {
  std::string culprit;
  const auto types = parse_types(arguments.types, culprit);
  if (!types) return fail(types.error(), culprit);
  const auto output = parse_output(arguments.output);
  if (!output) return fail(output.error(), arguments.output);
  const auto kernel =
      compile_ahead(arguments.expression, *types, arguments.name, *output, arguments.options);
  if (!kernel) return fail(kernel.error(), arguments.expression);
  const std::string stem = arguments.folder + "/" + arguments.name;
  const auto written =
      write_files({file_of(stem + ".o", kernel->object), file_of(stem + ".h", kernel->header)});
  return written ? 0 : fail(written.error());
}

int show_targets() {
  for (const TargetInfo& target : known_targets()) {
    const char* const remark = target.is_host ? "  = host" : target.runs_here ? "" : "  (not here)";
    std::printf("%-19s %s%s\n", target.name.c_str(), target.description.c_str(), remark);
  }
  std::printf("%-19s the widest of these that this machine runs\n", "host");
  return 0;
}

}  // namespace

void add_aot(CLI::App& tool, int& status) {
  auto arguments = std::make_shared<AotArguments>();
  CLI::App& command = *tool.add_subcommand(
      "aot", "compile an expression ahead of time, to an object file and a C header");
  command.add_option("expression", arguments->expression, "such as 'ij,jk->ik'")->required();
  command
      .add_option("types", arguments->types, "the type of each operand, such as 'float32[64,128]'")
      ->required();
  command
      .add_option("--name", arguments->name,
                  "of the C function, and of the files NAME.o and NAME.h")
      ->required();
  command.add_option("-o", arguments->folder, "the folder to write them to")->capture_default_str();
  command.add_option("--output", arguments->output, "the type of the output, strides and all");
  command.add_flag("--strip-exponents", arguments->options.strip_exponents,
                   "keep intermediates in range; the function returns the power of two that the "
                   "result is to be multiplied by");
  add_dialect_option(command, arguments->options);
  add_compile_options(command, arguments->options);
  command.callback([arguments, &status] { status = aot(*arguments); });
}

void add_targets(CLI::App& tool, int& status) {
  CLI::App& command =
      *tool.add_subcommand("targets", "list the instruction sets that --target may name");
  command.callback([&status] { status = show_targets(); });
}

}  // namespace einc::cli
