#include "frontend/softmax_call.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/einsum_ir.h"
#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/lowered_call.h"

namespace einc {

Result<CallResult> softmax_call(const Arguments& arguments, const Options& options) {
  const std::string name(arguments.row().parameters[0].name);
  const TensorView& x = arguments.tensor(name);
  const int64_t axis = arguments.integer("axis");
  const int64_t rank = x.type.rank();
  const auto fail = [&](ErrorCode code, std::string_view rule, const std::string& message) {
    return call_error(arguments.row().name, code, rule, message);
  };
  if (rank == 0)
    return fail(ErrorCode::kShape, "rank",
                name + " is " + to_string(x.type) + " of rank 0 but needs rank 1 or more");
  if (axis < -rank || axis >= rank)
    return fail(ErrorCode::kArgument, "axis-out-of-range",
                "axis " + std::to_string(axis) + " is out of range for " + name + " of rank " +
                    std::to_string(rank));
  if (info(x.type.dtype).kind != Kind::kReal)
    return fail(
        ErrorCode::kDType, "dtype",
        name + " is " + std::string(to_string(x.type.dtype)) + "; cast it to float32 or float64");
  LoweredCall call(arguments.row().name);
  const std::vector<Label> labels = call.add_labels(name, x.type);
  call.add_input(x, labels);
  call.set_softmax(labels[static_cast<size_t>(axis < 0 ? axis + rank : axis)]);
  return wrapped(call.run(x.type.dtype, labels, std::nullopt, options));
}

}  // namespace einc
