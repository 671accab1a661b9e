// The tool's commands. Each adds itself to the tool, with its options, and sets the exit status
// when it has run: 0, or 2 after a message on stderr.
#pragma once

#include <CLI/App.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::cli {

void add_show(CLI::App& tool, int& status);       // what every stage makes of an expression
void add_run(CLI::App& tool, int& status);        // evaluates one on .npy files
void add_call(CLI::App& tool, int& status);       // a framework's call on .npy files
void add_path(CLI::App& tool, int& status);       // the contraction order, of networks too
void add_calibrate(CLI::App& tool, int& status);  // what steps cost here
void add_aot(CLI::App& tool, int& status);        // an object file and a C header
void add_targets(CLI::App& tool, int& status);    // the instruction sets

// ---- What they share

void add_dialect_option(CLI::App& command, Options& options);
void add_path_options(CLI::App& command, Options& options);     // --path, --budget, ...
void add_compile_options(CLI::App& command, Options& options);  // these, and --target
void add_tier_option(CLI::App& command, Options& options);
void add_run_options(CLI::App& command, Options& options);  // the last two, and --threads

int fail(const std::string& message);
int fail(const Error& error, std::string_view expression = {});

// The types of texts such as "float32[2,3]"; the error points into the text, which is `culprit`.
Result<std::vector<TensorType>> parse_types(const std::vector<std::string>& texts,
                                            std::string& culprit);

// Of --output; nothing, if that was not given.
Result<std::optional<TensorType>> parse_output(const std::string& text);

// Writes to a .npy file, or prints if `path` is empty.
int show_result(const TensorView& result, const std::string& path);

}  // namespace einc::cli
