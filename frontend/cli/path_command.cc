// einc path.

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/path.h"
#include "frontend/cli/commands.h"
#include "frontend/cli/files.h"
#include "frontend/cli/graphviz.h"
#include "frontend/cli/network_file.h"

namespace einc::cli {
namespace {

struct PathArguments {
  std::string source;
  std::vector<std::string> types;
  std::string dtype = "float32";
  bool steps = false;
  bool json = false;
  std::string dot;  // file to write, or empty
  std::string svg;
  std::string save;
  Options options;
};

// One line on the terminal that keeps up with the search.
PathProgress progress_line(const std::optional<double>& budget) {
  if (isatty(STDERR_FILENO) == 0) return nullptr;
  return [budget](double log2_cost, double elapsed) {
    constexpr int kWidth = 30;
    const double part = budget ? std::min(elapsed / *budget, 1.0) : 0;
    const std::string bar(static_cast<size_t>(part * kWidth), '=');
    std::fprintf(stderr, "\r[%-*s] %6.1f s  best 10^%.3f ", kWidth, bar.c_str(), elapsed,
                 log2_cost * std::log10(2.0));
    return true;
  };
}

void print_summary(const PathReport& report) {
  if (!report.sliced.empty())
    std::printf("slices             2^%.2f, of %zu labels\n", report.log2_slices,
                report.sliced.size());
  std::printf("log10 flops        %.4f\n", report.log10_flops);
  std::printf("log2 size          %.2f\n", report.log2_size);
  std::printf("log10 write        %.4f\n", report.log10_write);
  std::printf("peak bytes         %.6g\n", report.peak_bytes);
  std::printf("predicted seconds  %.4g\n", report.predicted_seconds);
  std::printf("search seconds     %.4g\n", report.seconds);
}

void print_steps(const PathReport& report) {
  std::printf("%8s  %8s %8s  %11s  %9s  %11s\n", "result", "left", "right", "log10 flops",
              "log2 size", "seconds");
  for (size_t s = 0; s < report.steps.size(); ++s) {
    const PathStep& step = report.steps[s];
    std::printf("%8lld  %8lld %8lld  %11.4f  %9.2f  %11.4g\n",
                static_cast<long long>(report.inputs) + static_cast<long long>(s),
                static_cast<long long>(step.left), static_cast<long long>(step.right),
                step.log10_flops, step.log2_size, step.seconds);
  }
}

Result<PathReport> search(const PathArguments& arguments, std::string& culprit) {
  Options options = arguments.options;
  options.path_progress = progress_line(options.path_seconds);
  culprit = arguments.dtype;
  if (names_network(arguments.source)) {
    const auto network = read_network(arguments.source);
    if (!network) return network.error();
    const auto dtype = dtype_from_name(arguments.dtype);
    if (!dtype)
      return Error{ErrorCode::kDType, "no dtype '" + arguments.dtype + "'", std::nullopt, "dtype"};
    return find_path(*network, *dtype, options);
  }
  const auto types = parse_types(arguments.types, culprit);
  if (!types) return types.error();
  culprit = arguments.source;
  return find_path(arguments.source, *types, options);
}

int path(const PathArguments& arguments) {
  std::string culprit;
  const auto report = search(arguments, culprit);
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
  if (!report) return fail(report.error(), culprit);
  if (!arguments.dot.empty())
    if (const auto written = write_file(arguments.dot, to_dot(*report)); !written)
      return fail(written.error());
  if (!arguments.save.empty())
    if (const auto written = write_file(arguments.save, path_text(*report) + "\n"); !written)
      return fail(written.error());
  if (!arguments.svg.empty())
    if (const auto drawn = draw_svg(to_dot(*report), arguments.svg); !drawn)
      return fail(drawn.error());
  if (arguments.json) {
    std::printf("%s\n", to_json(*report).c_str());
    return 0;
  }
  if (arguments.steps) print_steps(*report);
  print_summary(*report);
  return 0;
}

}  // namespace

void add_path(CLI::App& tool, int& status) {
  auto arguments = std::make_shared<PathArguments>();
  CLI::App& command = *tool.add_subcommand("path", "find a contraction order, and run nothing");
  command
      .add_option("source", arguments->source,
                  "an expression, or a network in a file: NAME.json or NAME.json.gz")
      ->required();
  command.add_option("types", arguments->types,
                     "of the operands of an expression, such as 'float32[64,128]'");
  command.add_option("--dtype", arguments->dtype, "of a network")->capture_default_str();
  command.add_flag("--steps", arguments->steps, "print each step");
  command.add_flag("--json", arguments->json, "print one JSON object");
  command.add_option("--save", arguments->save, "file to write the order to, for --path @FILE");
  command.add_option("--dot", arguments->dot, "file to write the tree to, for Graphviz");
  command.add_option("--svg", arguments->svg, "file that Graphviz draws the tree in");
  add_dialect_option(command, arguments->options);
  add_path_options(command, arguments->options);
  command.callback([arguments, &status] { status = path(*arguments); });
}

}  // namespace einc::cli
