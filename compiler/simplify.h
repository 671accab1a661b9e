#pragma once

#include "compiler/einsum_ir.h"

namespace einc {

// An equal einsum with fewer labels: labels of extent 1 vanish, and labels that always travel
// together, outer then inner with strides to match, become one. A softmax label stays as it is.
Einsum simplify(const Einsum& einsum);

}  // namespace einc
