#include "compiler/calibration.h"

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/error.h"

namespace einc {
namespace {

std::atomic<bool> is_ignored{false};

std::optional<CodeKind> code_from_name(std::string_view name) {
  for (const CodeKind code : {CodeKind::kCompiled, CodeKind::kPrecompiled})
    if (to_string(code) == name) return code;
  return std::nullopt;
}

std::optional<CalibrationRow> parse_row(std::istream& words) {
  CalibrationRow row;
  std::string code_name, dtype;
  words >> row.target >> code_name >> dtype;
  TimeModel& model = row.model;
  double* const times[] = {&model.flop, &model.input, &model.output, &model.step};
  for (double* const time : times)
    if (!(words >> *time) || !(*time > 0) || !std::isfinite(*time)) return std::nullopt;
  const auto code = code_from_name(code_name);
  const auto compute = dtype_from_name(dtype);
  std::string rest;
  if (!compute || !code || words >> rest) return std::nullopt;
  row.code = *code;
  row.compute = *compute;
  return row;
}

// The value of an environment variable and what follows it, if it is set.
std::optional<std::string> folder(const char* variable, const char* below) {
  const char* const value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value + std::string(below);
}

Result<std::vector<CalibrationRow>> read_user_calibration() {
  const std::string path = calibration_file();
  std::ifstream file(path);
  if (path.empty() || !file) return std::vector<CalibrationRow>();
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto rows = parse_calibration(text);
  if (rows) return rows;
  Error error = rows.error();
  error.message = "'" + path + "': " + error.message + "; einc calibrate writes it anew";
  return error;
}

}  // namespace

Result<std::vector<CalibrationRow>> parse_calibration(std::string_view text) {
  std::vector<CalibrationRow> rows;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream words(line);
    auto row = parse_row(words);
    if (!row)
      return Error{
          ErrorCode::kSyntax,
          "line " + std::to_string(number) + " is not 'target tier dtype' and four times above 0",
          std::nullopt, "calibration"};
    rows.push_back(*std::move(row));
  }
  return rows;
}

std::string to_string(const std::vector<CalibrationRow>& rows) {
  std::string text;
  char line[160];
  for (const CalibrationRow& row : rows) {
    const std::string_view code = to_string(row.code);
    const std::string_view dtype = to_string(row.compute);
    std::snprintf(line, sizeof line, "%-14s %-7.*s %-10.*s %9.3g %9.3g %9.3g %9.3g\n",
                  row.target.c_str(), static_cast<int>(code.size()), code.data(),
                  static_cast<int>(dtype.size()), dtype.data(), row.model.flop, row.model.input,
                  row.model.output, row.model.step);
    text += line;
  }
  return text;
}

std::string calibration_file() {
  auto path = folder("EINC_CACHE_DIR", "");
  if (!path) path = folder("XDG_CACHE_HOME", "/einc");
  if (!path) path = folder("HOME", "/.cache/einc");
  return path ? *path + "/calibration.txt" : "";
}

const Result<std::vector<CalibrationRow>>& user_calibration() {
  static const auto* const none =
      new Result<std::vector<CalibrationRow>>(std::vector<CalibrationRow>());
  if (is_ignored) return *none;
  static const auto* const rows = new Result<std::vector<CalibrationRow>>(read_user_calibration());
  return *rows;
}

void ignore_user_calibration() { is_ignored = true; }

}  // namespace einc
