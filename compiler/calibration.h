// Measured time models: what `einc calibrate` writes and the library reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/error.h"

namespace einc {

struct CalibrationRow {
  std::string target;
  CodeKind code = CodeKind::kCompiled;
  DType compute = DType::kFloat32;
  TimeModel model;
  friend bool operator==(const CalibrationRow&, const CalibrationRow&) = default;
};

// Lines of "target tier dtype flop input output step", times in seconds; empty lines and what
// follows a '#' are ignored. Fails with kSyntax and the rule "calibration", naming the line.
Result<std::vector<CalibrationRow>> parse_calibration(std::string_view text);

std::string to_string(const std::vector<CalibrationRow>& rows);

// Where the user's lies: calibration.txt in $EINC_CACHE_DIR, $XDG_CACHE_HOME/einc or
// ~/.cache/einc, whichever comes first; empty if none of these is set.
std::string calibration_file();

// The user's, read once in a process; empty where there is none. Fails as parse_calibration(),
// naming the file.
const Result<std::vector<CalibrationRow>>& user_calibration();

// From now on this process goes as if there were none.
void ignore_user_calibration();

}  // namespace einc
