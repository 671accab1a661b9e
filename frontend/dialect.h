// What varies between the einsum strings of NumPy, PyTorch, TensorFlow, opt_einsum and our own:
// one row of switches each, read by parse and bind. Sources: numpy einsum.cpp and einsumfunc.py,
// PyTorch Linear.cpp, TensorFlow einsum_op_util.cc and special_math_ops.py, opt_einsum parser.py.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace einc {

struct Dialect {
  // What may name a label.
  enum class Alphabet : uint8_t {
    kAscii,     // A-Z a-z
    kLetters,   // those, any character beyond ASCII, and [names] in brackets
    kAnything,  // any character but blanks and , - > .
  };
  // How the dtypes of the operands combine.
  enum class Promotion : uint8_t {
    kPromote,             // to their common type
    kSame,                // they must agree
    kSameWhenContracted,  // they must agree if a label is summed; a lone sum of small integers
                          // widens to int64
  };
  // Which labels the integers of the interleaved form stand for, in the order of implicit output.
  enum class Sublist : uint8_t {
    kUpperFirst,  // 0..51: A-Z a-z
    kLowerFirst,  // 0..51: a-z A-Z, sorted as characters
    kNumbers,     // any integer from 0 on, sorted as numbers: 7 is [7]
    kRanked,      // any integer; the smallest used is A, the next B, ...
    kNone,        // the dialect has no interleaved form
  };

  std::string_view name;
  Alphabet alphabet;
  Promotion promotion;
  Sublist sublist;
  bool blanks_inside_arrow;      // blanks are removed before anything is read
  bool repeated_output;          // i->ii writes a diagonal
  bool size_one_broadcasts;      // a named label of extent 1 meets extent n
  bool missing_ellipsis_is_sum;  // dims of an ellipsis that the output lacks are summed
  bool lone_implicit_ellipsis;   // an implicit output keeps an ellipsis of one operand only
};

std::span<const Dialect> dialects();

// The row of that name, null if there is none.
const Dialect* find_dialect(std::string_view name);

}  // namespace einc
