#include "frontend/bind.h"

#include <gtest/gtest.h>

#include "einc/einc.h"

namespace einc {
namespace {

struct BindCase {
  const char* dialect;
  const char* text;
  std::vector<const char*> types;
  const char* outcome;  // the einsum as printed, or the error as rendered
};

std::string outcome(const BindCase& item) {
  const Dialect& dialect = *find_dialect(item.dialect);
  std::vector<TensorType> types;
  for (const char* type : item.types) types.push_back(*parse_type(type));
  const auto subscripts = parse(item.text, dialect);
  if (!subscripts) return render(subscripts.error(), item.text);
  const auto bound = einc::bind(*subscripts, types, std::nullopt, std::nullopt, dialect);
  return bound ? to_string(bound->einsum) : render(bound.error(), item.text);
}

TEST(Bind, MakesTypedEinsums) {
  const BindCase kCases[] = {
      {"einc",
       "ij,jk->ik",
       {"float32[2,3]", "float32[3,4]"},
       "%0 = float32[i:2,j:3]{3,1}\n%1 = float32[j:3,k:4]{4,1}\nout = float32[i:2,k:4]{4,1}\n"},
      // A diagonal is one label with the sum of the strides
      {"einc", "ii->i", {"int32[5,5]"}, "%0 = int32[i:5]{6}\nout = int32[i:5]{1}\n"},
      // A repeated output label likewise, over a fill
      {"einc",
       "i->ii",
       {"int8[3]"},
       "%0 = int8[i:3]{1}\nout = int8[i:3]{4}\nzero fill 3{3} 3{1}\n"},
      // An extent of 1 that others stretch is a label that the operand lacks
      {"einc",
       "ij,ij->ij",
       {"float64[1,3]", "float64[2,3]"},
       "%0 = float64[j:3]{1}\n%1 = float64[i:2,j:3]{3,1}\nout = float64[i:2,j:3]{3,1}\n"},
      {"einc",
       "i,i->i",
       {"float32[1]", "float32[0]"},
       "%0 = float32[]{}\n%1 = float32[i:0]{0}\nout = float32[i:0]{0}\n"},
      // Ellipses align from the right
      {"einc",
       "...i,...i->...",
       {"float32[4,2,3]", "float32[2,3]"},
       "%0 = float32[...2:4,...1:2,i:3]{6,3,1}\n%1 = float32[...1:2,i:3]{3,1}\n"
       "out = float32[...2:4,...1:2]{2,1}\n"},
      // Promotion
      {"einc",
       "i,i->i",
       {"int32[2]", "float32[2]"},
       "%0 = int32[i:2]{1}\n%1 = float32[i:2]{1}\nout = float64[i:2]{1}\n"},
      {"torch", "i->", {"int8[4]"}, "%0 = int8[i:4]{1}\nout = int64[]{}\n"},
      {"opt_einsum", "...i->i", {"int8[2,4]"}, "%0 = int8[...1:2,i:4]{4,1}\nout = int8[i:4]{1}\n"},
  };
  for (const BindCase& item : kCases) EXPECT_EQ(outcome(item), item.outcome) << item.text;
}

TEST(Bind, NamesTheCulprit) {
  const BindCase kCases[] = {
      {"einc",
       "ij,jk->ik",
       {"float32[2,128]", "float32[120,3]"},
       "shape error: label 'j' is 128 in operand 0 but 120 in operand 1\n  ij,jk->ik\n     ^"},
      {"einc",
       "ij,jk->ik",
       {"float32[2,3]"},
       "shape error: the expression has 2 terms but 1 operand is given"},
      {"einc",
       "ijk,jk->ik",
       {"float32[2,3]", "float32[3,4]"},
       "shape error: operand 0 has rank 2 but 3 labels\n  ijk,jk->ik\n  ^^^"},
      {"einc",
       "...ijk",
       {"float32[2,3]"},
       "shape error: operand 0 has rank 2 but at least 3 labels\n  ...ijk\n  ^^^^^^"},
      {"einc",
       "ii->",
       {"float32[2,3]"},
       "shape error: label 'i' is repeated in operand 0 with extents 2 and 3\n  ii->\n   ^"},
      {"einc",
       "ii->",
       {"float32[1,3]"},
       "shape error: label 'i' is repeated in operand 0 with extents 1 and 3\n  ii->\n   ^"},
      {"einc",
       "...,...->...",
       {"float32[2,3]", "float32[4,3]"},
       "shape error: dimension 2 from the right of '...' is 2 in operand 0 but 4 in operand 1\n"
       "  ...,...->...\n      ^^^"},
      {"einc",
       "...i->i",
       {"float32[2,3]"},
       "shape error: the output lacks '...', which covers 1 dimension of the inputs\n"
       "  ...i->i\n        ^"},
      {"tf",
       "i,i->i",
       {"float32[1]", "float32[3]"},
       "shape error: label 'i' is 1 in operand 0 but 3 in operand 1\n  i,i->i\n    ^"},
      {"tf",
       "...i,...i",
       {"float32[2,3]", "float32[2,3]"},
       "shape error: the implicit output keeps '...' only if one operand has it, but 2 operands "
       "have; write '->'"},
      {"tf",
       "i,i->i",
       {"float32[3]", "float64[3]"},
       "dtype error: operand 0 is float32 but operand 1 is float64; dialect tf converts neither\n"
       "  i,i->i\n    ^"},
      {"torch",
       "i,i->",
       {"float32[3]", "float64[3]"},
       "dtype error: operand 0 is float32 but operand 1 is float64; dialect torch converts "
       "neither\n  i,i->\n    ^"},
      {"einc",
       "a,b->ab",
       {"bool[4000000000]", "bool[4000000000]"},
       "shape error: the extents and strides reach 2^60 bytes or more"},
  };
  for (const BindCase& item : kCases) EXPECT_EQ(outcome(item), item.outcome) << item.text;
}

TEST(Bind, ChecksTheRequestedOutput) {
  const auto error = [](const char* output) {
    const auto kernel = compile("ij->ji", {*parse_type("float32[2,3]")}, *parse_type(output));
    return kernel ? std::string("ok") : kernel.error().message;
  };
  EXPECT_EQ(error("float32[3,2]"), "ok");
  EXPECT_EQ(error("float64[3,2]{1,3}"), "ok");
  EXPECT_EQ(error("float32[3,2]{-2,1}"), "ok");
  EXPECT_EQ(error("float32[2,3]"), "the output is float32[2,3] but the result is float32[3,2]");
  EXPECT_EQ(error("int64[3,2]"),
            "the output is int64[3,2] but the result is float32[3,2], which it cannot hold");
  EXPECT_EQ(error("float32[3,2]{0,1}"),
            "the output is float32[3,2]{0,1} but the result is float32[3,2]; its elements overlap");
}

}  // namespace
}  // namespace einc
