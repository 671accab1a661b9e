#include "frontend/cli/literal.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "einc/call.h"

namespace einc {
namespace {

constexpr int kMostNesting = 32;

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : rest_(text) {}

  std::optional<Value> read() {
    auto first = read_value(0);
    if (!first) return std::nullopt;
    if (peek() == '\0') return rest_.empty() ? first : std::nullopt;
    List list{*std::move(first)};
    if (!read_more(list, 0) || peek() != '\0' || !rest_.empty()) return std::nullopt;
    return list;
  }

 private:
  char peek() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool take(char c) {
    if (peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  // ", value" as often as it comes; a comma may end the list.
  bool read_more(List& list, int depth) {
    while (take(',')) {
      const char next = peek();
      if (next == ']' || next == ')' || next == '\0') return true;
      auto value = read_value(depth);
      if (!value) return false;
      list.push_back(*std::move(value));
    }
    return true;
  }

  std::optional<Value> read_value(int depth) {
    const char first = peek();
    if (first == '[' || first == '(') return read_list(depth + 1);
    if (first == '\'' || first == '"') return read_string(first);
    if (take_word("None")) return None{};
    if (take_word("True")) return true;
    if (take_word("False")) return false;
    return read_number();
  }

  std::optional<Value> read_list(int depth) {
    if (depth > kMostNesting) return std::nullopt;
    const char end = rest_[0] == '[' ? ']' : ')';
    rest_.remove_prefix(1);
    List list;
    if (take(end)) return list;
    auto value = read_value(depth);
    if (!value) return std::nullopt;
    list.push_back(*std::move(value));
    if (!read_more(list, depth) || !take(end)) return std::nullopt;
    return list;
  }

  std::optional<Value> read_string(char quote) {
    const size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return Value(std::move(text));
  }

  std::optional<Value> read_number() {
    if (rest_.starts_with("+") && !rest_.starts_with("+-")) rest_.remove_prefix(1);
    const std::string number(rest_.substr(0, rest_.find_first_of(",]) ")));
    const char* const begin = number.data();
    const char* const end = begin + number.size();
    int64_t whole = 0;
    if (const auto [stop, status] = std::from_chars(begin, end, whole);
        status == std::errc() && stop == end) {
      rest_.remove_prefix(number.size());
      return whole;
    }
    double real = 0;
    const auto [stop, status] = std::from_chars(begin, end, real);
    if (number.empty() || status != std::errc() || stop != end) return std::nullopt;
    rest_.remove_prefix(number.size());
    return real;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Value> parse_literal(std::string_view text) { return LiteralReader(text).read(); }

}  // namespace einc
