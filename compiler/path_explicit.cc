// A contraction order that the user gives.

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path.h"
#include "compiler/path_network.h"
#include "einc/error.h"

namespace einc {
namespace {

// Reads "[[0, 1], [0, 1]]"; white space is ignored.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<LinearPath> path() {
    LinearPath path;
    const bool is_list = list([&] {
      path.emplace_back();
      return list([&] { return number(path.back().emplace_back()); });
    });
    skip_blanks();
    if (!is_list || !rest_.empty()) return std::nullopt;
    return path;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])))
      rest_.remove_prefix(1);
  }
  bool take(char expected) {
    skip_blanks();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool list(const auto& entry) {
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!entry()) return false;
    } while (take(','));
    return take(']');
  }
  bool number(int64_t& value) {
    skip_blanks();
    const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return status == std::errc();
  }

  std::string_view rest_;
};

}  // namespace

Result<LinearPath> parse_linear_path(std::string_view text, size_t inputs) {
  const auto fail = [&](const std::string& reason) {
    return Error{ErrorCode::kArgument, "the path " + std::string(text) + " " + reason, std::nullopt,
                 "path"};
  };
  auto path = Parser(text).path();
  if (!path) return fail("is no list of lists of positions");
  auto left = static_cast<int64_t>(inputs);
  for (std::vector<int64_t>& step : *path) {
    std::sort(step.begin(), step.end());
    const std::string positions = std::to_string(left) + " operands are left";
    if (step.empty()) return fail("has an empty step");
    if (step.front() < 0 || step.back() >= left)
      return fail("names position " +
                  std::to_string(step.front() < 0 ? step.front() : step.back()) + " where " +
                  positions);
    if (std::adjacent_find(step.begin(), step.end()) != step.end())
      return fail("names a position twice in one step");
    left -= static_cast<int64_t>(step.size()) - 1;
  }
  if (left != 1) return fail("leaves " + std::to_string(left) + " operands uncontracted");
  return *std::move(path);
}

ContractionTree path_explicit(const Einsum& einsum, const LinearPath& path) {
  TreeBuilder builder(einsum);
  std::vector<int> nodes;
  for (size_t i = 0; i < builder.leaf_count(); ++i) nodes.push_back(builder.leaf(i));
  for (const std::vector<int64_t>& step : path) {
    int node = nodes[static_cast<size_t>(step[0])];
    for (size_t i = 1; i < step.size(); ++i)
      node = builder.contract(node, nodes[static_cast<size_t>(step[i])]);
    for (size_t i = step.size(); i-- > 0;) nodes.erase(nodes.begin() + step[i]);
    nodes.push_back(node);
  }
  return builder.finish();
}

LinearPath to_linear_path(const ContractionTree& tree, size_t inputs) {
  LinearPath path;
  std::vector<int> nodes;
  for (size_t i = 0; i < inputs; ++i) nodes.push_back(static_cast<int>(i));
  int next = static_cast<int>(inputs);
  for (const TreeStep& step : tree.steps) {
    if (step.inputs.size() == 1 && inputs > 1) {  // a sum of private labels is no step of its own
      std::replace(nodes.begin(), nodes.end(), step.inputs[0], next++);
      continue;
    }
    std::vector<int64_t> positions;
    for (const int node : step.inputs)
      positions.push_back(std::find(nodes.begin(), nodes.end(), node) - nodes.begin());
    std::sort(positions.begin(), positions.end());
    for (size_t i = positions.size(); i-- > 0;) nodes.erase(nodes.begin() + positions[i]);
    nodes.push_back(next++);
    path.push_back(std::move(positions));
  }
  return path;
}

}  // namespace einc
