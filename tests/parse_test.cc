#include "frontend/parse.h"

#include <gtest/gtest.h>

namespace einc {
namespace {

Result<Subscripts> parse_as(const char* dialect, std::string_view text) {
  return parse(text, *find_dialect(dialect));
}

TEST(Parse, PrintsCanonicalForm) {
  constexpr struct {
    const char* text;
    const char* canonical;
  } kCases[] = {
      // Explicit output
      {"ij,jk->ik", "ij,jk->ik"},
      {" i j , j k -> k i ", "ij,jk->ki"},
      {"ij->", "ij->"},
      {",->", ",->"},
      {"->", "->"},
      {"i->ii", "i->ii"},
      // Implicit output: labels used once, in order of code points
      {"ij,jk", "ij,jk->ik"},
      {"ba", "ba->ab"},
      {"aB", "aB->Ba"},
      {"ii", "ii->"},
      {"", "->"},
      {"βα", "βα->αβ"},
      {"zα", "zα->zα"},
      // Ellipses
      {"...ij,...jk", "...ij,...jk->...ik"},
      {"i...,...->...i", "i...,...->...i"},
      {"i...i", "i...i->..."},
      // Names
      {"[batch][time],[time]->[batch]", "[batch][time],[time]->[batch]"},
      {"[b]i,i->[b]", "bi,i->b"},
      {"[10][9]", "[10][9]->[9][10]"},
      {"[_][aa]", "[_][aa]->[_][aa]"},
      {"[größe]a->a[größe]", "[größe]a->a[größe]"},
  };
  for (const auto& [text, canonical] : kCases) {
    SCOPED_TRACE(text);
    const Result<Subscripts> parsed = parse_as("einc", text);
    ASSERT_TRUE(parsed) << render(parsed.error(), text);
    EXPECT_EQ(to_string(*parsed), canonical);
  }
}

TEST(Parse, PointsAtTheOffendingText) {
  constexpr struct {
    const char* dialect;
    const char* text;
    const char* diagnostic;
  } kCases[] = {
      {"einc", "ij,j1->i", "syntax error: unexpected '1' at position 4\n  ij,j1->i\n      ^"},
      {"einc", "ij->k", "syntax error: output label 'k' appears in no input\n  ij->k\n      ^"},
      {"einc", "i->j->k", "syntax error: unexpected '-' at position 4\n  i->j->k\n      ^"},
      {"einc", "i-", "syntax error: unexpected '-' at position 1\n  i-\n   ^"},
      {"einc", "i- >i", "syntax error: unexpected '-' at position 1\n  i- >i\n   ^"},
      {"einc", "i..j", "syntax error: '.' is not part of an ellipsis '...'\n  i..j\n   ^^"},
      {"einc", "...i...", "syntax error: second ellipsis in one term\n  ...i...\n      ^^^"},
      {"einc", "[ab", "syntax error: '[' without ']'\n  [ab\n  ^^^"},
      {"einc", "[]->", "syntax error: empty label name\n  []->\n  ^^"},
      {"einc", "[a b]", "syntax error: unexpected ' ' at position 2\n  [a b]\n    ^"},
      {"einc", "α,β->γ", "syntax error: output label 'γ' appears in no input\n  α,β->γ\n       ^"},
      {"einc", "i\xff", "syntax error: invalid UTF-8\n  i\xff\n   ^"},
      {"numpy", "ij->ii", "syntax error: output repeats label 'i'\n  ij->ii\n       ^"},
      {"numpy", "iα", "syntax error: unexpected 'α' at position 1\n  iα\n   ^"},
      {"numpy", "[i]", "syntax error: unexpected '[' at position 0\n  [i]\n  ^"},
      {"opt_einsum", "a>b", "syntax error: unexpected '>' at position 1\n  a>b\n   ^"},
  };
  for (const auto& [dialect, text, diagnostic] : kCases) {
    SCOPED_TRACE(text);
    const Result<Subscripts> parsed = parse_as(dialect, text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::kSyntax);
    EXPECT_EQ(render(parsed.error(), text), diagnostic);
  }
}

TEST(Parse, DialectsDiffer) {
  EXPECT_TRUE(parse_as("numpy_opt", "ij - > ji"));
  EXPECT_FALSE(parse_as("numpy", "ij - > ji"));
  EXPECT_EQ(to_string(*parse_as("opt_einsum", "12,23->13")), "[1][2],[2][3]->[1][3]");
  EXPECT_EQ(to_string(*parse_as("tf", "...ij,jk")), "...ij,jk->...ik");
  EXPECT_EQ(to_string(*parse_as("tf", "...ij,...jk")), "...ij,...jk->ik");
}

TEST(Parse, SublistsBecomeExpressions) {
  const auto expression = [](const char* dialect) {
    return *expression_from_sublists({{26, 0}, {0, kEllipsis}}, std::vector<int64_t>{26},
                                     *find_dialect(dialect));
  };
  EXPECT_EQ(expression("einc"), "[26][0],[0]...->[26]");
  EXPECT_EQ(expression("numpy"), "aA,A...->a");
  EXPECT_EQ(expression("numpy_opt"), "Aa,a...->A");
  EXPECT_EQ(expression("opt_einsum"), "BA,A...->B");
  const auto too_large = expression_from_sublists({{52}}, std::nullopt, *find_dialect("numpy"));
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().message, "sublist entry 52 names no label in dialect numpy");
  EXPECT_FALSE(expression_from_sublists({{-1}}, std::nullopt, *find_dialect("einc")));
  EXPECT_FALSE(expression_from_sublists({{0}}, std::nullopt, *find_dialect("tf")));
  EXPECT_EQ(*expression_from_sublists({{-5, 99}}, std::nullopt, *find_dialect("opt_einsum")), "AB");
}

}  // namespace
}  // namespace einc
