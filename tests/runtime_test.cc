// dtype, error and tensor vocabulary; scratch memory.

#include <gtest/gtest.h>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/tensor.h"
#include "runtime/arena.h"

namespace einc {
namespace {

TEST(DType, NamesFindTheirRows) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  EXPECT_EQ(dtype_from_name(name), DType::id);                  \
  EXPECT_EQ(dtype_from_npy(npy), DType::id);                    \
  EXPECT_EQ(to_string(DType::id), name);                        \
  EXPECT_EQ(info(DType::id).bytes, static_cast<int>(sizeof(storage)));
  EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  EXPECT_EQ(dtype_from_name("float"), std::nullopt);
  EXPECT_EQ(dtype_of<uint8_t>(), DType::kUInt8);
  EXPECT_EQ(dtype_of<std::complex<float>>(), DType::kComplex64);
}

TEST(DType, PromotesAsNumPy) {
  const struct {
    DType a, b, result;
  } kCases[] = {
      {DType::kBool, DType::kBool, DType::kBool},
      {DType::kBool, DType::kUInt8, DType::kUInt8},
      {DType::kInt8, DType::kUInt8, DType::kInt16},
      {DType::kInt64, DType::kUInt8, DType::kInt64},
      {DType::kInt32, DType::kUInt32, DType::kInt64},
      {DType::kInt64, DType::kUInt64, DType::kFloat64},
      {DType::kInt8, DType::kUInt64, DType::kFloat64},
      {DType::kInt16, DType::kFloat32, DType::kFloat32},
      {DType::kInt32, DType::kFloat32, DType::kFloat64},
      {DType::kUInt64, DType::kFloat32, DType::kFloat64},
      {DType::kFloat32, DType::kFloat64, DType::kFloat64},
      {DType::kFloat32, DType::kComplex64, DType::kComplex64},
      {DType::kFloat64, DType::kComplex64, DType::kComplex128},
      {DType::kInt32, DType::kComplex64, DType::kComplex128},
      {DType::kInt8, DType::kComplex64, DType::kComplex64},
  };
  for (const auto& [a, b, result] : kCases) {
    EXPECT_EQ(promote(a, b), result) << to_string(a) << ' ' << to_string(b);
    EXPECT_EQ(promote(b, a), result) << to_string(b) << ' ' << to_string(a);
  }
}

TEST(Render, PutsTheCaretUnderTheCulprit) {
  const Error error{ErrorCode::kShape, "message", SourceRange{3, 5}};
  EXPECT_EQ(render(error, "abcdef"), "shape error: message\n  abcdef\n     ^^");
  EXPECT_EQ(render(error, "αβdef"), "shape error: message\n  αβdef\n    ^");  // columns, not bytes
  EXPECT_EQ(render(error), "shape error: message");
  EXPECT_EQ(render({ErrorCode::kSyntax, "m", SourceRange{9, 9}}, "ab"),
            "syntax error: m\n  ab\n    ^");
  EXPECT_EQ(render({ErrorCode::kSyntax, "m", SourceRange{1, 2}}, "a\nb"),
            "syntax error: m\n  a b\n   ^");
}

TEST(TensorType, PrintsAndParses) {
  const struct {
    const char* text;
    const char* printed;
  } kCases[] = {
      {"float32[8,64]", "float32[8,64]"},    {" int8 [ 2 , 3 ] { 1 , 2 } ", "int8[2,3]{1,2}"},
      {"float64[2,3]{3,1}", "float64[2,3]"}, {"bool[]", "bool[]"},
      {"complex64[0,5]", "complex64[0,5]"},  {"int16[4]{-1}", "int16[4]{-1}"},
      {"int16[4]{0}", "int16[4]{0}"},
  };
  for (const auto& [text, printed] : kCases) {
    const auto type = parse_type(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(to_string(*type), printed);
  }
}

TEST(TensorType, ErrorsPointAtTheText) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"float[2]", "syntax error: tensor type: unknown dtype 'float'\n  float[2]\n  ^"},
      {"float32", "syntax error: tensor type: expected '['\n  float32\n         ^"},
      {"float32[2", "syntax error: tensor type: expected ',' or ']'\n  float32[2\n           ^"},
      {"float32[2;3]",
       "syntax error: tensor type: expected ',' or ']'\n  float32[2;3]\n           ^"},
      {"float32[a]",
       "syntax error: tensor type: expected a 64-bit integer\n  float32[a]\n          ^"},
      {"float32[2]x",
       "syntax error: tensor type: unexpected text after the type\n  float32[2]x\n            ^"},
      {"float32[99999999999999999999]",
       "syntax error: tensor type: expected a 64-bit integer\n  float32[99999999999999999999]\n    "
       "      ^"},
      {"float32[-1]",
       "shape error: extent -1 of dimension 0 is negative\n  float32[-1]\n  ^^^^^^^^^^^"},
      {"int8[2,3]{1}",
       "shape error: the type has 2 extents but 1 strides\n  int8[2,3]{1}\n  ^^^^^^^^^^^^"},
      {"int8[9223372036854775807,2]",
       "shape error: the extents and strides reach 2^60 bytes or more\n  "
       "int8[9223372036854775807,2]\n"
       "  ^^^^^^^^^^^^^^^^^^^^^^^^^^^"},
  };
  for (const auto& [text, error] : kCases) {
    const auto type = parse_type(text);
    ASSERT_FALSE(type) << text;
    EXPECT_EQ(render(type.error(), text), error);
  }
}

TEST(TensorType, KnowsTheOffsetsItTouches) {
  const auto range = [](const char* text) {
    const OffsetRange offsets = offset_range(*parse_type(text));
    return std::pair(offsets.begin, offsets.end);
  };
  EXPECT_EQ(range("int8[2,3]"), std::pair(int64_t{0}, int64_t{6}));
  EXPECT_EQ(range("int8[2,3]{-3,1}"), std::pair(int64_t{-3}, int64_t{3}));
  EXPECT_EQ(range("int8[2,0]"), std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(range("int8[]"), std::pair(int64_t{0}, int64_t{1}));
}

TEST(Tensor, IsZeroFilledAndAligned) {
  const auto tensor = Tensor::zeros(DType::kFloat32, {3, 5});
  ASSERT_TRUE(tensor);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->data()) % 64, 0U);
  for (const float element : tensor->elements<float>()) EXPECT_EQ(element, 0);
  const auto huge = Tensor::zeros(DType::kFloat32, {int64_t{1} << 60});
  ASSERT_FALSE(huge);
  EXPECT_EQ(Tensor::zeros(DType::kInt8, {(int64_t{1} << 59)}).error().code, ErrorCode::kMemory);
  EXPECT_EQ(Tensor::zeros(DType::kInt8, {-1}).error().code, ErrorCode::kShape);
}

// One large block is kept, for all that fit in it; who needs a larger one gets that instead.
TEST(Scratch, ComesBackIfItIsLarge) {
  constexpr int64_t kLarge = 64 << 20;
  const auto take = [](int64_t bytes) {
    const auto block = take_scratch(bytes);
    static_cast<char*>(block->data())[bytes - 1] = 1;
    return block->data();
  };
  void* const first = take(kLarge);
  EXPECT_EQ(take(kLarge), first);
  EXPECT_EQ(take(kLarge - (8 << 20)), first);
  void* const larger = take(2 * kLarge);
  EXPECT_EQ(take(kLarge), larger);
  const auto held = take_scratch(kLarge);
  EXPECT_NE(take(kLarge), held->data());
}

TEST(Scratch, ComesBack) {
  void* first = nullptr;
  {
    const auto block = take_scratch(1000);
    ASSERT_TRUE(block);
    first = block->data();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0U);
    const auto other = take_scratch(1000);
    EXPECT_NE(other->data(), first);
  }
  EXPECT_EQ(take_scratch(0)->data(), nullptr);
  const auto impossible = take_scratch(int64_t{1} << 60);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().code, ErrorCode::kMemory);
}

TEST(Scratch, TasksHaveBlocksOfTheirOwn) {
  auto scratch = TaskScratch::create(100, 2);
  ASSERT_TRUE(scratch);
  const TaskScratch::Lease a(*scratch);
  {
    const TaskScratch::Lease b(*scratch);
    EXPECT_NE(a.data(), b.data());
  }
  const TaskScratch::Lease c(*scratch);
  EXPECT_NE(a.data(), c.data());
  auto none = TaskScratch::create(0, 2);
  EXPECT_EQ(TaskScratch::Lease(*none).data(), nullptr);
}

}  // namespace
}  // namespace einc
