// Requests by expression, and bound to their types.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "compiler/einsum_ir.h"
#include "einc/dtype.h"
#include "random_einsum.h"

namespace einc::test {

// An expression without spaces or ellipses, and the extent of each label.
Request request_of(const std::string& expression, DType dtype,
                   const std::function<int64_t(char)>& extent_of);

Einsum bound(const Request& request);

}  // namespace einc::test
