#include "compiler/path/join.h"

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "compiler/path/network.h"

namespace einc {

int join_smallest_first(const Network& network, Contractor& contractor,
                        const std::vector<int>& nodes, SsaPath& path) {
  using Part = std::pair<double, int>;
  std::priority_queue<Part, std::vector<Part>, std::greater<>> parts;
  const auto add = [&](int node) {
    parts.emplace(log2_elements(network, contractor.labels(node)), node);
  };
  for (const int node : nodes) add(node);
  while (parts.size() > 1) {
    const int a = parts.top().second;
    parts.pop();
    const int b = parts.top().second;
    parts.pop();
    path.emplace_back(a, b);
    add(contractor.contract(a, b));
  }
  return parts.empty() ? -1 : parts.top().second;
}

}  // namespace einc
