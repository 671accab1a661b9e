// softmax, as every library that has one defines it.
#pragma once

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "frontend/call_table.h"

namespace einc {

// Of the row's first parameter, along `axis`.
Result<CallResult> softmax_call(const Arguments& arguments, const Options& options);

}  // namespace einc
