// A contraction order that the user gives.

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "compiler/path/path.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {
namespace {

// Reads "[[0, 1], [0, 1]]", with round brackets as well, after "'einsum_path'," or not; white space
// is ignored.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<LinearPath> path() {
    LinearPath path;
    const bool is_list = list([&] {
      if (path.empty() && take_name()) return true;
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
  bool take(std::string_view expected) {
    skip_blanks();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool take_name() { return take("'einsum_path'") || take("\"einsum_path\""); }
  bool list(const auto& entry) {
    const bool is_round = take("(");
    if (!is_round && !take("[")) return false;
    const std::string_view end = is_round ? ")" : "]";
    if (take(end)) return true;
    do {
      if (!entry()) return false;
    } while (take(","));
    return take(end);
  }
  bool number(int64_t& value) {
    skip_blanks();
    const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return status == std::errc();
  }

  std::string_view rest_;
};

// Each step loses one of its numbers' places at a time: ranks among those that are left.
Result<LinearPath> from_ssa(LinearPath path, size_t inputs, const auto& fail) {
  std::vector<int64_t> left;
  for (size_t i = 0; i < inputs; ++i) left.push_back(static_cast<int64_t>(i));
  auto next = static_cast<int64_t>(inputs);
  for (std::vector<int64_t>& step : path) {
    for (int64_t& number : step) {
      const auto place = std::find(left.begin(), left.end(), number);
      if (place == left.end())
        return fail("names operand " + std::to_string(number) + ", which " +
                    (number < 0 || number >= next ? "does not exist" : "was contracted before"));
      number = place - left.begin();
    }
    std::vector<int64_t> places = step;
    std::sort(places.begin(), places.end(), std::greater<>());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const int64_t place : places) left.erase(left.begin() + place);
    left.push_back(next++);
  }
  return path;
}

Error error_in(std::string_view text, const std::string& reason) {
  constexpr size_t kShown = 80;
  const std::string shown(text.substr(0, kShown));
  return {ErrorCode::kArgument,
          "the path " + shown + (text.size() > kShown ? "..." : "") + " " + reason, std::nullopt,
          "path"};
}

constexpr std::string_view kSliced = "sliced";

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Separated by commas, in brackets or not.
std::vector<std::string_view> names_in(std::string_view text) {
  std::vector<std::string_view> names;
  for (;;) {
    text = without_blanks(text);
    const bool is_in_brackets = text.starts_with('[') && text.find(']') != std::string_view::npos;
    const size_t comma = text.find(',', is_in_brackets ? text.find(']') : 0);
    std::string_view name = without_blanks(text.substr(0, comma));
    if (name.size() > 1 && name.front() == '[' && name.back() == ']')
      name = name.substr(1, name.size() - 2);
    names.push_back(name);
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<std::vector<int>> sliced_labels(const Options& options,
                                       const std::vector<std::string>& names) {
  const std::string_view text = options.path;
  const size_t begin = text.find(kSliced);
  std::vector<int> labels;
  if (begin == std::string_view::npos) return labels;
  for (const std::string_view name : names_in(text.substr(begin + kSliced.size()))) {
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end())
      return error_in(text.substr(begin), "has no label '" + std::string(name) + "' to slice");
    labels.push_back(static_cast<int>(place - names.begin()));
    if (std::count(labels.begin(), labels.end(), labels.back()) > 1)
      return error_in(text.substr(begin), "names '" + std::string(name) + "' twice");
  }
  return labels;
}

Result<LinearPath> parse_path(std::string_view text, size_t inputs) {
  const auto fail = [&](const std::string& reason) { return error_in(text, reason); };
  const std::string_view pairs = text.substr(0, text.find(kSliced));
  const bool is_ssa = pairs.starts_with("ssa");
  auto path = Parser(pairs.substr(is_ssa ? 3 : 0)).path();
  if (!path) return fail("is no list of lists of positions");
  if (is_ssa) {
    auto linear = from_ssa(*std::move(path), inputs, fail);
    if (!linear) return linear.error();
    path = *std::move(linear);
  }
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

}  // namespace einc
