#pragma once

#include <vector>

#include "compiler/einsum_ir.h"

namespace einc {

// An equal einsum with fewer labels: labels of extent 1 vanish, and labels that always travel
// together, outer then inner with strides to match, become one. A softmax label stays as it is, and
// so do the labels of `kept`, which get their new numbers.
Einsum simplify(const Einsum& einsum, std::vector<Label>& kept);

inline Einsum simplify(const Einsum& einsum) {
  std::vector<Label> none;
  return simplify(einsum, none);
}

}  // namespace einc
