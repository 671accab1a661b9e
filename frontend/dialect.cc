#include "frontend/dialect.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace einc {

std::span<const Dialect> dialects() {
  using A = Dialect::Alphabet;
  using P = Dialect::Promotion;
  using S = Dialect::Sublist;
  //  name         labels         dtypes                  integers        blanks repeat size1 sum
  //  lone
  static constexpr Dialect kDialects[] = {
      {"einc", A::kLetters, P::kPromote, S::kNumbers, false, true, true, false, false},
      {"numpy", A::kAscii, P::kPromote, S::kUpperFirst, false, false, true, false, false},
      {"numpy_opt", A::kAscii, P::kPromote, S::kLowerFirst, true, false, true, true, false},
      {"torch", A::kAscii, P::kSameWhenContracted, S::kUpperFirst, false, false, true, true, false},
      {"tf", A::kAscii, P::kSame, S::kNone, true, false, false, false, true},
      {"opt_einsum", A::kAnything, P::kPromote, S::kRanked, true, false, true, true, false},
  };
  return kDialects;
}

const Dialect* find_dialect(std::string_view name) {
  const auto rows = dialects();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const Dialect& dialect) { return dialect.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace einc
