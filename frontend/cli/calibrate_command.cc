// einc calibrate.

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "einc/calibrate.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "frontend/cli/commands.h"
#include "frontend/cli/files.h"

namespace einc::cli {
namespace {

struct CalibrateArguments {
  std::vector<std::string> dtypes;
  std::string output;  // empty: where the library looks for it
  CalibrateOptions options;
};

void print_table(const std::vector<CalibratedTier>& measured) {
  std::printf(
      "nanoseconds of a multiply-add, an element read, an element written, a step;\n"
      "median |log2(predicted / measured)| on other steps, and of flops alone\n\n");
  std::printf("%-14s %-8s %-10s %8s %8s %8s %8s  %6s %6s\n", "target", "tier", "dtype", "flop",
              "input", "output", "step", "error", "flops");
  for (const CalibratedTier& row : measured)
    std::printf("%-14s %-8s %-10s %8.4f %8.4f %8.4f %8.1f  %6.3f %6.3f\n", row.target.c_str(),
                row.tier.c_str(), std::string(to_string(row.dtype)).c_str(), row.flop * 1e9,
                row.input * 1e9, row.output * 1e9, row.step * 1e9, row.error, row.flops_only_error);
}

int calibrate(const CalibrateArguments& arguments) {
  CalibrateOptions options = arguments.options;
  if (!arguments.dtypes.empty()) options.dtypes.clear();
  for (const std::string& name : arguments.dtypes) {
    const auto dtype = dtype_from_name(name);
    if (!dtype) return fail("no dtype '" + name + "'");
    options.dtypes.push_back(*dtype);
  }
  const std::string path = arguments.output.empty() ? calibration_path() : arguments.output;
  if (path.empty()) return fail("no place for a calibration: set HOME, or give --output");
  if (isatty(STDERR_FILENO) != 0)
    options.progress = [](double part) {
      std::fprintf(stderr, "\rmeasuring %3.0f %% ", part * 100);
      return true;
    };
  const auto measured = einc::calibrate(options);
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
  if (!measured) return fail(measured.error());
  print_table(*measured);

  const auto existing = read_file(path);
  const std::string text = calibration_text(*measured, existing ? *existing : "");
  if (arguments.output.empty()) {
    std::error_code ignored;  // write_file says what is wrong
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  }
  if (const auto written = write_file(path, text); !written) return fail(written.error());
  std::printf("\nwritten to %s\n", path.c_str());
  return 0;
}

}  // namespace

void add_calibrate(CLI::App& tool, int& status) {
  auto arguments = std::make_shared<CalibrateArguments>();
  CLI::App& command = *tool.add_subcommand(
      "calibrate", "measure what steps cost here, for the choice of orders and tiers");
  command.add_option("--dtype", arguments->dtypes, "such as float32,float64; all that differ")
      ->delimiter(',');
  command.add_option("--target", arguments->options.target, "instruction set; see einc targets")
      ->capture_default_str();
  command.add_option("--steps", arguments->options.steps, "to measure of each dtype and tier")
      ->capture_default_str();
  command.add_option("--seed", arguments->options.seed, "of their shapes")->capture_default_str();
  command.add_option("-o,--output", arguments->output,
                     "the file to write, instead of where the library looks for it");
  command.callback([arguments, &status] { status = calibrate(*arguments); });
}

}  // namespace einc::cli
