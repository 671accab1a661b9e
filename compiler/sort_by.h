#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace einc {

// Sorts by a key and keeps the order of equals. Not std::stable_sort: libstdc++ 12's calls what
// clang 19 warns of.
template <class T, class Key>
void sort_by(std::vector<T>& values, Key key) {
  std::vector<std::pair<decltype(key(values[0])), size_t>> order;
  for (size_t i = 0; i < values.size(); ++i) order.emplace_back(key(values[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<T> sorted;
  for (const auto& place : order) sorted.push_back(std::move(values[place.second]));
  values = std::move(sorted);
}

}  // namespace einc
