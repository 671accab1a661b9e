// Outputs that are too large for the caches are written by whole lines, wherever they begin: every
// schedule gives the same bits at every address, and writes nothing beside them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "bound_request.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "einc/einc.h"
#include "nest_program.h"
#include "runtime/run.h"

namespace einc::test {
namespace {

struct Case {
  const char* expression;
  DType dtype;
  std::map<char, int64_t> extents;
  Request request() const {
    return request_of(expression, dtype, [&](char label) { return extents.at(label); });
  }
};

// Of one step.
PlanStep step_of(const Request& request) {
  const Einsum einsum = bound(request);
  const auto steps = plan(einsum, *plan_request({}, einsum), std::nullopt, nullptr);
  EXPECT_EQ(steps->steps.size(), size_t{1});
  return steps->steps[0];
}

// Everything comes from memory there.
Target without_l3(Target target) {
  target.l3_bytes = 16 << 10;
  return target;
}

std::vector<Tensor> operands_of(const Request& request) {
  std::vector<Tensor> inputs;
  for (const TensorType& type : request.inputs) {
    inputs.push_back(*Tensor::zeros(type.dtype, type.extents));
    const int64_t count = element_count(type.extents);
    for (int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<double>(i * 7919 % 101);
      const Tensor element = Tensor::filled(type.dtype, {}, value);
      const auto bytes = static_cast<size_t>(info(type.dtype).bytes);
      std::memcpy(static_cast<char*>(inputs.back().data()) + static_cast<size_t>(i) * bytes,
                  element.data(), bytes);
    }
  }
  return inputs;
}

// What a program writes so many bytes after a line, and whether it leaves alone what is around it.
std::vector<unsigned char> bytes_written(const Program& program, const std::vector<Tensor>& inputs,
                                         int64_t offset, int threads) {
  constexpr int64_t kAround = 256;
  constexpr unsigned char kUntouched = 0xa5;
  std::vector<const void*> addresses;
  for (const Tensor& input : inputs) addresses.push_back(input.data());
  const int64_t bytes = element_count(program.output.extents) * info(program.output.dtype).bytes;
  const Tensor room = *Tensor::zeros(DType::kUInt8, {bytes + 2 * kAround});
  auto* const begin = static_cast<unsigned char*>(room.data());
  std::fill_n(begin, room.size(), kUntouched);
  unsigned char* const output = begin + kAround + offset;
  EXPECT_TRUE(run_program(program, addresses, output, default_executor(threads)));
  EXPECT_TRUE(std::all_of(begin, output, [](unsigned char c) { return c == kUntouched; }));
  EXPECT_TRUE(std::all_of(output + bytes, begin + room.size(),
                          [](unsigned char c) { return c == kUntouched; }));
  return {output, output + bytes};
}

const Case kCases[] = {
    {"ab->ba", DType::kFloat32, {{'a', 160}, {'b', 203}}},
    {"ab->ba", DType::kFloat64, {{'a', 61}, {'b', 77}}},
    {"ab->ba", DType::kInt8, {{'a', 192}, {'b', 291}}},
    {"abcd->dcba", DType::kFloat16, {{'a', 20}, {'b', 10}, {'c', 6}, {'d', 40}}},
    {"abc->cba", DType::kComplex64, {{'a', 24}, {'b', 10}, {'c', 51}}},
    {"ab->ba", DType::kComplex128, {{'a', 60}, {'b', 77}}},
    {"ab,ba->ab", DType::kComplex128, {{'a', 60}, {'b', 77}}},
    {"ab,ba,b->ab", DType::kBFloat16, {{'a', 96}, {'b', 72}}},
    {"nc->cn", DType::kFloat32, {{'n', 4800}, {'c', 3}}},
    {"i,j->ij", DType::kFloat64, {{'i', 70}, {'j', 136}}},
    {"i,j->ij", DType::kFloat32, {{'i', 70}, {'j', 301}}},
    {"bi,bj->bij", DType::kInt32, {{'b', 9}, {'i', 10}, {'j', 301}}},
    {"ij,k->ijk", DType::kComplex128, {{'i', 20}, {'j', 31}, {'k', 7}}},
    {"i,i,i->i", DType::kComplex64, {{'i', 9000}}},
    {"i,i->i", DType::kInt16, {{'i', 30000}}},
    {"mk,kn->mn", DType::kFloat32, {{'m', 60}, {'k', 5}, {'n', 512}}},
    {"mk,kn->mn", DType::kFloat32, {{'m', 3000}, {'k', 64}, {'n', 96}}},
    {"mk,kn->mn", DType::kFloat32, {{'m', 60}, {'k', 64}, {'n', 513}}},
    {"km,kn->mn", DType::kFloat64, {{'m', 530}, {'k', 70}, {'n', 131}}},
    {"mk,nk->mn", DType::kComplex64, {{'m', 40}, {'k', 9}, {'n', 256}}},
    {"mk,kn->mn", DType::kBFloat16, {{'m', 70}, {'k', 34}, {'n', 320}}},
    {"efgb,gdac->abcdef",
     DType::kFloat32,
     {{'a', 3}, {'b', 4}, {'c', 3}, {'d', 8}, {'e', 12}, {'f', 20}, {'g', 24}}},
    {"dfgb,geac->abcdef",
     DType::kFloat32,
     {{'a', 5}, {'b', 4}, {'c', 3}, {'d', 8}, {'e', 4}, {'f', 20}, {'g', 24}}},
};

TEST(UnalignedOutput, EverySchedulesBitsAreTheSameAtEveryAddress) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  for (const Case& item : kCases) {
    const Request request = item.request();
    const PlanStep step = step_of(request);
    const std::vector<Tensor> inputs = operands_of(request);
    const int64_t element = info(item.dtype).bytes;
    for (const Target& row : targets()) {
      if (find_target(row.name) == nullptr) continue;
      const Target target = without_l3(row);
      for (const LoopNest& nest : schedules(step, target)) {
        SCOPED_TRACE(testing::Message() << item.expression << " on " << row.name << '\n'
                                        << to_string(nest));
        const Program program = program_of(request, step, nest, target);
        const auto expected = bytes_written(program, inputs, 0, 1);
        for (const int64_t offset : {element, int64_t{16}, 64 - element, int64_t{1}})
          EXPECT_TRUE(bytes_written(program, inputs, offset, 2) == expected) << offset;
        if (HasFailure()) return;
      }
    }
  }
}

std::string chosen(const Case& item) {
  return to_string(schedules(step_of(item.request()), targets().back()).front());
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(UnalignedOutput, GoesByLinesWhereverItBegins) {
  const Case streamed[] = {
      {"i,j->ij", DType::kFloat32, {{'i', 4096}, {'j', 4096}}},
      {"nc->cn", DType::kFloat32, {{'n', 4000000}, {'c', 3}}},
      {"mk,kn->mn", DType::kFloat32, {{'m', 3000}, {'k', 8}, {'n', 4000}}},
      {"ab->ba", DType::kFloat32, {{'a', 4096}, {'b', 4096}}},
  };
  for (const Case& item : streamed) {
    const std::string nest = chosen(item);
    EXPECT_EQ(count_of(nest, "if out begins at a line"), size_t{1}) << nest;
    EXPECT_EQ(count_of(nest, "streaming"), size_t{1}) << nest;
    EXPECT_EQ(count_of(nest, "in lines"), size_t{1}) << nest;
  }
  // Rows that begin inside of lines do so at every address.
  const Case inside[] = {
      {"ab->ba", DType::kFloat32, {{'a', 4097}, {'b', 4095}}},
      {"i,j->ij", DType::kFloat32, {{'i', 4096}, {'j', 4095}}},
      {"nc->cn", DType::kFloat32, {{'n', 3999999}, {'c', 3}}},
      {"mk,kn->mn", DType::kFloat32, {{'m', 3000}, {'k', 64}, {'n', 4001}}},
  };
  for (const Case& item : inside) {
    const std::string nest = chosen(item);
    EXPECT_EQ(count_of(nest, "if out begins"), size_t{0}) << nest;
    EXPECT_EQ(count_of(nest, "in lines"), size_t{1}) << nest;
  }
}

// Panels of some vectors are short runs of C; several of them are packed side by side.
TEST(UnalignedOutput, TakesWidePanels) {
  const std::string nest =
      chosen({"mk,kn->mn", DType::kFloat32, {{'m', 3000}, {'k', 64}, {'n', 4000}}});
  EXPECT_EQ(count_of(nest, "in lines"), size_t{1}) << nest;
  EXPECT_GE(count_of(nest, "blocks of"), size_t{1}) << nest;
}

}  // namespace
}  // namespace einc::test
