#pragma once

#include <vector>

#include "compiler/path/network.h"

namespace einc {

// Contracts the two smallest of `nodes` until one is left, which it returns, and adds the steps to
// `path`: of tensors that share no label, the order that writes least (Huffman's).
int join_smallest_first(const Network& network, Contractor& contractor,
                        const std::vector<int>& nodes, SsaPath& path);

}  // namespace einc
