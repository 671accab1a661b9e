// The command-line tool. Errors go to stderr as the library words them; exit status 2.

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

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
    "  einc run -- '->' scalar.npy\n"
    "  einc call keras.backend.batch_dot --axes 1,2 x.npy y.npy -o z.npy\n"
    "  einc path 'ab,bc,cd->ad' 'float32[9,99]' 'float32[99,9]' 'float32[9,99]' --steps\n"
    "  einc path network.json.gz --budget 10 --minimize flops\n"
    "  einc aot 'ij,jk->ik' 'float32[64,128]' 'float32[128,256]' --name product -o build\n"
    "  einc targets";

constexpr void (*kCommands[])(CLI::App& tool, int& status) = {
    einc::cli::add_show, einc::cli::add_run,     einc::cli::add_call,      einc::cli::add_path,
    einc::cli::add_aot,  einc::cli::add_targets, einc::cli::add_calibrate,
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App tool{kDescription, "einc"};
  tool.footer(kExamples);
  tool.require_subcommand(1);
  tool.set_version_flag("--version", std::string("einc ") + EINC_VERSION);
  int status = 0;
  for (const auto add_command : kCommands) add_command(tool, status);
  try {
    tool.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return tool.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "einc: %s\n", error.what());
    return 2;
  }
  return status;
}
