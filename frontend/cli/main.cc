// The command-line tool: one row per command, each a function of its parsed options. Errors go to
// stderr as the library words them; exit status 2.

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "einc/options.h"
#include "frontend/cli/commands.h"

namespace {

constexpr const char* kDescription =
    "einc compiles einsum expressions to machine code.\n\n"
    "An expression names every dimension of every operand by a label: 'ij,jk->ik' is a matrix\n"
    "product, 'bij,bjk->bik' a batch of them, 'ii->' a trace. Labels that are not in the output "
    "are\n"
    "summed over.\n\n"
    "A type is a dtype and extents, 'float32[8,64]', with strides if it is not row-major,\n"
    "'float32[2,3]{1,2}'; 'float32[]' is a scalar.";

constexpr const char* kExamples =
    "Examples:\n"
    "  einc show 'ij,jk->ik' 'float32[64,128]' 'float32[128,256]'\n"
    "  einc show 'ij,jk->ik' 'float32[64,128]' 'float32[128,256]' --stage assembly\n"
    "  einc run 'ij,jk->ik' a.npy b.npy -o c.npy\n"
    "  einc run 'ij->j' a.npy\n"
    "  einc run -- '->' scalar.npy";

void add_compile_options(CLI::App& command, einc::Options& options) {
  command
      .add_option("--dialect", options.dialect,
                  "whose einsum strings: einc, numpy, numpy_opt, torch, tf, opt_einsum")
      ->capture_default_str();
  command.add_option("--path", options.path, "contraction order: auto, exact, greedy")
      ->capture_default_str();
  command
      .add_option("--target", options.target,
                  "instruction set: host, x86-64-v2, x86-64-v3, x86-64-v4")
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{kDescription, "einc"};
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("einc ") + EINC_VERSION);
  int status = 0;

  auto show = std::make_shared<einc::cli::ShowArguments>();
  CLI::App& show_command =
      *app.add_subcommand("show", "print what every stage makes of an expression");
  show_command.add_option("expression", show->expression, "such as 'ij,jk->ik'")->required();
  show_command
      .add_option("types", show->types, "the type of each operand, such as 'float32[64,128]'")
      ->required();
  show_command.add_option("--stage", show->stage,
                          "print this stage alone: parse, bind, simplify, path, layout, lower, "
                          "schedule, llvm, assembly");
  show_command.add_option("--output", show->output, "the type of the output, strides and all");
  add_compile_options(show_command, show->options);
  show_command.callback([&] { status = einc::cli::show(*show); });

  auto run = std::make_shared<einc::cli::RunArguments>();
  CLI::App& run_command = *app.add_subcommand("run", "evaluate an expression on .npy files");
  run_command.add_option("expression", run->expression, "such as 'ij,jk->ik'")->required();
  run_command.add_option("files", run->files, "one .npy file for each operand")->required();
  run_command.add_option("-o,--output", run->output,
                         "the .npy file to write; without it the elements are printed");
  run_command.add_option("--threads", run->options.threads, "0: one per processor")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  add_compile_options(run_command, run->options);
  run_command.callback([&] { status = einc::cli::run(*run); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "einc: %s\n", error.what());
    return 2;
  }
  return status;
}
