// A scanner over bytes. Labels are whole UTF-8 characters or bracketed names; every error knows the
// bytes it is about.

#include "frontend/parse.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "einc/einc.h"
#include "einc/error.h"
#include "frontend/dialect.h"

namespace einc {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_number(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_digit);
}

// Bytes of the UTF-8 character at the start of `text`, 0 where there is none (overlong forms and
// surrogates included: two spellings of one label would be two labels).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;
  if (byte(0) == 0xED && byte(1) >= 0xA0) return 0;
  if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

// The order of an implicit output: by code point (which is byte order in UTF-8), then bracketed
// names; numbers among those by value.
bool comes_before(std::string_view a, std::string_view b) {
  const bool a_single = utf8_length(a) == a.size();
  const bool b_single = utf8_length(b) == b.size();
  if (is_number(a) && is_number(b) && a.size() != b.size()) return a.size() < b.size();
  if (a_single != b_single && !(is_number(a) && is_number(b))) return a_single;
  return a < b;
}

class Parser {
 public:
  Parser(std::string_view text, const Dialect& dialect) : text_(text), dialect_(dialect) {}

  Result<Subscripts> parse() {
    Subscripts subscripts;
    bool more_terms = true;
    while (more_terms) {
      Result<Term> term = parse_term();
      if (!term) return term.error();
      subscripts.inputs.push_back(*std::move(term));
      more_terms = peek() == ',';
      if (more_terms) ++position_;
    }
    if (at_end()) {
      subscripts.implicit_output = true;
      subscripts.output = implicit_output(subscripts.inputs);
      return subscripts;
    }
    if (!skip_arrow()) return unexpected();
    Result<Term> output = parse_term();
    if (!output) return output.error();
    if (!at_end()) return unexpected();
    subscripts.output = *std::move(output);
    if (auto valid = check_output(subscripts); !valid) return valid.error();
    return subscripts;
  }

 private:
  // Labels and at most one ellipsis, up to a comma, an arrow or the end.
  Result<Term> parse_term() {
    Term term;
    skip_blanks();
    term.where.begin = position_;
    while (!at_end() && peek() != ',' && peek() != '-') {
      if (peek() == '.') {
        if (auto ellipsis = parse_ellipsis(term); !ellipsis) return ellipsis.error();
      } else {
        Result<LabelRef> label = parse_label();
        if (!label) return label.error();
        term.labels.push_back(*std::move(label));
      }
      term.where.end = position_;
    }
    term.where.end = std::max(term.where.begin, term.where.end);
    return term;
  }

  Result<void> parse_ellipsis(Term& term) {
    const size_t begin = position_;
    for (int dot = 0; dot < 3; ++dot) {
      if (dialect_.blanks_inside_arrow) skip_blanks();
      if (position_ >= text_.size() || text_[position_] != '.')
        return fail(begin, position_, "'.' is not part of an ellipsis '...'", "ellipsis");
      ++position_;
    }
    if (term.ellipsis) return fail(begin, position_, "second ellipsis in one term", "ellipsis");
    term.ellipsis = term.labels.size();
    term.ellipsis_where = {begin, position_};
    return {};
  }

  Result<LabelRef> parse_label() {
    const size_t begin = position_;
    const char first = text_[begin];
    if (dialect_.alphabet == Dialect::Alphabet::kLetters && first == '[') return parse_name();
    const size_t length = utf8_length(text_.substr(begin));
    if (length == 0) return fail(begin, begin + 1, "invalid UTF-8", "einsum-syntax");
    const bool allowed =
        dialect_.alphabet == Dialect::Alphabet::kAnything
            ? first != '>'
            : is_letter(first) || (length > 1 && dialect_.alphabet == Dialect::Alphabet::kLetters);
    if (!allowed) return unexpected();
    position_ += length;
    return LabelRef{std::string(text_.substr(begin, length)), {begin, position_}};
  }

  // [name]: letters, digits, '_' and anything beyond ASCII.
  Result<LabelRef> parse_name() {
    const size_t begin = position_++;
    while (position_ < text_.size() && text_[position_] != ']') {
      const char c = text_[position_];
      const size_t length = utf8_length(text_.substr(position_));
      if (length == 0) return fail(position_, position_ + 1, "invalid UTF-8", "einsum-syntax");
      if (length == 1 && !is_letter(c) && !is_digit(c) && c != '_') return unexpected();
      position_ += length;
    }
    if (position_ >= text_.size())
      return fail(begin, position_, "'[' without ']'", "einsum-syntax");
    const std::string_view name = text_.substr(begin + 1, position_ - begin - 1);
    ++position_;
    if (name.empty()) return fail(begin, position_, "empty label name", "einsum-syntax");
    return LabelRef{std::string(name), {begin, position_}};
  }

  // Labels that occur once over all inputs, in order; the ellipsis before them.
  Term implicit_output(const std::vector<Term>& inputs) const {
    Term output;
    output.where = {text_.size(), text_.size()};
    std::map<std::string, int> uses;
    int ellipses = 0;
    for (const Term& term : inputs) {
      for (const LabelRef& label : term.labels) ++uses[label.name];
      ellipses += term.ellipsis ? 1 : 0;
    }
    if (dialect_.lone_implicit_ellipsis ? ellipses == 1 : ellipses > 0) output.ellipsis = 0;
    for (const auto& [name, count] : uses)
      if (count == 1) output.labels.push_back({name, output.where});
    std::sort(output.labels.begin(), output.labels.end(),
              [](const LabelRef& a, const LabelRef& b) { return comes_before(a.name, b.name); });
    return output;
  }

  Result<void> check_output(const Subscripts& subscripts) const {
    const Term& output = subscripts.output;
    for (size_t i = 0; i < output.labels.size(); ++i) {
      const LabelRef& label = output.labels[i];
      const auto same = [&](const LabelRef& other) { return other.name == label.name; };
      const bool known =
          std::any_of(subscripts.inputs.begin(), subscripts.inputs.end(), [&](const Term& term) {
            return std::any_of(term.labels.begin(), term.labels.end(), same);
          });
      if (!known)
        return fail(label.where.begin, label.where.end,
                    "output label '" + label.name + "' appears in no input",
                    "einsum-label-unknown");
      if (!dialect_.repeated_output &&
          std::any_of(output.labels.begin(), output.labels.begin() + static_cast<ptrdiff_t>(i),
                      same))
        return fail(label.where.begin, label.where.end, "output repeats label '" + label.name + "'",
                    "einsum-dup-output");
    }
    return {};
  }

  bool skip_arrow() {
    const size_t begin = position_;
    if (peek() == '-') {
      ++position_;
      if (dialect_.blanks_inside_arrow) skip_blanks();
      if (position_ < text_.size() && text_[position_] == '>') {
        ++position_;
        return true;
      }
    }
    position_ = begin;
    return false;
  }

  void skip_blanks() {
    while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
  }
  bool at_end() { return skip_blanks(), position_ >= text_.size(); }
  char peek() { return at_end() ? '\0' : text_[position_]; }

  Error unexpected() const {
    const size_t length = std::max<size_t>(1, utf8_length(text_.substr(position_)));
    const std::string_view culprit = text_.substr(position_, length);
    return fail(
        position_, position_ + length,
        "unexpected '" + std::string(culprit) + "' at position " + std::to_string(position_),
        "einsum-syntax");
  }

  static Error fail(size_t begin, size_t end, std::string message, std::string_view rule) {
    return {ErrorCode::kSyntax, std::move(message), SourceRange{begin, end}, rule};
  }

  std::string_view text_;
  const Dialect& dialect_;
  size_t position_ = 0;
};

void print(std::ostream& out, const Term& term) {
  for (size_t i = 0; i <= term.labels.size(); ++i) {
    if (term.ellipsis == i) out << "...";
    if (i == term.labels.size()) break;
    const std::string& name = term.labels[i].name;
    const bool is_bare =
        utf8_length(name) == name.size() && (is_letter(name[0]) || name.size() > 1);
    if (is_bare) {
      out << name;
    } else {
      out << '[' << name << ']';
    }
  }
}

constexpr std::string_view kUpperFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kLowerFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// The i-th label of a dialect with an open alphabet: A-Z, a-z, then characters of two and three
// bytes from U+00C0 on. Ascending in code point; nullopt beyond U+D7FF.
std::optional<std::string> ranked_label(size_t rank) {
  if (rank < kUpperFirst.size()) return std::string(1, kUpperFirst[rank]);
  const size_t code = 0xC0 + rank - kUpperFirst.size();
  if (code >= 0xD800) return std::nullopt;
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x800) return std::string{static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  return std::string{static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
}

// The label that an integer of a sublist stands for, nullopt where there is none. `used` holds
// every integer of the expression, ascending.
std::optional<std::string> sublist_label(int64_t number, Dialect::Sublist sublist,
                                         const std::vector<int64_t>& used) {
  using Sublist = Dialect::Sublist;
  if (number == kEllipsis) return "...";
  const bool is_letter_index = number >= 0 && number < static_cast<int64_t>(kUpperFirst.size());
  switch (sublist) {
    case Sublist::kUpperFirst:
      if (!is_letter_index) return std::nullopt;
      return std::string(1, kUpperFirst[static_cast<size_t>(number)]);
    case Sublist::kLowerFirst:
      if (!is_letter_index) return std::nullopt;
      return std::string(1, kLowerFirst[static_cast<size_t>(number)]);
    case Sublist::kNumbers:
      if (number < 0) return std::nullopt;
      return "[" + std::to_string(number) + "]";
    case Sublist::kRanked:
      return ranked_label(
          static_cast<size_t>(std::lower_bound(used.begin(), used.end(), number) - used.begin()));
    case Sublist::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

// Every integer label, ascending, each once.
std::vector<int64_t> distinct_labels(const std::vector<std::vector<int64_t>>& inputs,
                                     const std::optional<std::vector<int64_t>>& output) {
  std::vector<int64_t> used;
  for (const auto& labels : inputs) used.insert(used.end(), labels.begin(), labels.end());
  if (output) used.insert(used.end(), output->begin(), output->end());
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  used.erase(std::remove(used.begin(), used.end(), kEllipsis), used.end());
  return used;
}

}  // namespace

Result<Subscripts> parse(std::string_view text, const Dialect& dialect) {
  return Parser(text, dialect).parse();
}

Result<std::string> expression_from_sublists(const std::vector<std::vector<int64_t>>& inputs,
                                             const std::optional<std::vector<int64_t>>& output,
                                             const Dialect& dialect) {
  const std::vector<int64_t> used = distinct_labels(inputs, output);
  std::string text;
  const auto append = [&](const std::vector<int64_t>& labels) -> Result<void> {
    for (const int64_t number : labels) {
      const std::optional<std::string> label = sublist_label(number, dialect.sublist, used);
      if (!label)
        return Error{ErrorCode::kSyntax,
                     "sublist entry " + std::to_string(number) + " names no label in dialect " +
                         std::string(dialect.name),
                     std::nullopt, "einsum-syntax"};
      text += *label;
    }
    return {};
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i > 0) text += ',';
    if (auto appended = append(inputs[i]); !appended) return appended.error();
  }
  if (output) {
    text += "->";
    if (auto appended = append(*output); !appended) return appended.error();
  }
  return text;
}

std::string to_string(const Subscripts& subscripts) {
  std::ostringstream out;
  for (size_t i = 0; i < subscripts.inputs.size(); ++i) {
    if (i > 0) out << ',';
    print(out, subscripts.inputs[i]);
  }
  out << "->";
  print(out, subscripts.output);
  return std::move(out).str();
}

}  // namespace einc
