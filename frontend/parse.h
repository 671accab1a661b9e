// From the text of an einsum expression to its terms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/einc.h"
#include "einc/error.h"
#include "frontend/dialect.h"

namespace einc {

struct LabelRef {
  std::string name;  // without brackets
  SourceRange where;
};

// One comma-separated part, or the output.
struct Term {
  std::vector<LabelRef> labels;
  std::optional<size_t> ellipsis;  // stands before labels[*ellipsis]
  SourceRange ellipsis_where;
  SourceRange where;
};

struct Subscripts {
  std::vector<Term> inputs;
  Term output;
  bool implicit_output = false;  // there was no "->": labels used once, in order
};

// Reads "ij,jk->ik". Fails with kSyntax at the offending character.
Result<Subscripts> parse(std::string_view text, const Dialect& dialect);

// The expression that the integer labels of the interleaved form stand for, to be parsed; kEllipsis
// stands for "...".
// Fails with kSyntax for an integer that names no label.
Result<std::string> expression_from_sublists(const std::vector<std::vector<int64_t>>& inputs,
                                             const std::optional<std::vector<int64_t>>& output,
                                             const Dialect& dialect);

// With explicit output, one character or a bracketed name per label: "ij,jk->ik".
std::string to_string(const Subscripts& subscripts);

}  // namespace einc
