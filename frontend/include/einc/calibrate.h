// Measuring what steps cost on this machine, so that contraction orders and tiers are chosen for
// it. Without a calibration, the library goes by what is known of the instruction set.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/export.h"

namespace einc {

struct CalibrateOptions {
  std::vector<DType> dtypes = {DType::kFloat32,    DType::kFloat64, DType::kComplex64,
                               DType::kComplex128, DType::kInt32,   DType::kInt64,
                               DType::kBFloat16,   DType::kInt16,   DType::kInt8};
  std::string target = "host";  // one that runs here
  int steps = 120;              // measured for each dtype and tier; a half of them tests the model
  uint64_t seed = 0;            // of their shapes
  // Told the part that is done, from 0 to 1; returns false to give up.
  std::function<bool(double part)> progress = nullptr;
};

// A step of F multiply-adds on operands A and B and a result C takes, on one core,
//   flop * F + input * (|A| + |B|) + output * |C| + step   seconds.
struct CalibratedTier {
  std::string target;
  std::string tier;  // jit or highway
  DType dtype = DType::kFloat32;
  double flop = 0, input = 0, output = 0, step = 0;
  // Median of |log2(predicted / measured)| over steps that were not used to find these numbers, and
  // the same for the best model that counts multiply-adds alone.
  double error = 0, flops_only_error = 0;
};

// Takes about a minute for each dtype. From then on this process goes by no calibration: the next
// reads what was written. Fails with kUnsupported for a target that does not run here,
// with kArgument for less than 4 steps, for a dtype that goes by another's calibration, and where
// `progress` gives up.
EINC_EXPORT Result<std::vector<CalibratedTier>> calibrate(const CalibrateOptions& options = {});

// The text of a calibration file: what was measured, and what an existing file says of other dtypes
// and targets. What is no calibration is left out.
EINC_EXPORT std::string calibration_text(const std::vector<CalibratedTier>& measured,
                                         std::string_view existing = {});

// Where the library looks for one when a process compiles for the first time: calibration.txt in
// $EINC_CACHE_DIR, $XDG_CACHE_HOME/einc or ~/.cache/einc, whichever comes first; empty if none of
// these is set.
EINC_EXPORT std::string calibration_path();

}  // namespace einc
