// Every schedule of a step gives the same result, whichever the cost model would choose: each is
// forced in turn, on every instruction set of this machine, on the widest registers whatever the
// machine has, and with caches so small that every loop is cut.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "bound_request.h"
#include "case_count.h"
#include "compiler/assemble.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/schedule.h"
#include "compiler/target.h"
#include "einc/einc.h"
#include "nest_program.h"
#include "random_case.h"
#include "runtime/run.h"
#include "small_integers.h"

namespace einc::test {
namespace {

// The schedules of the widest target, in instructions that this machine has.
Target widest_registers(const Target& host) {
  Target target = targets().back();
  for (const Target& row : targets())
    if (!row.has_bf16 && row.vector_bytes >= target.vector_bytes) target = row;
  target.cpu = host.cpu;
  target.features = host.features;
  target.has_fma = host.has_fma;
  target.has_f16 = host.has_f16;
  target.has_masks = host.has_masks;
  return target;
}

Target small_caches(Target target) {
  target.l1_bytes = 1 << 10;
  target.l2_bytes = 4 << 10;
  target.l3_bytes = 16 << 10;
  return target;
}

std::vector<Target> all_targets() {
  std::vector<Target> result;
  for (const Target& target : targets())
    if (find_target(target.name) != nullptr) result.push_back(target);
  result.push_back(small_caches(result.back()));
  result.push_back(widest_registers(*find_target("host")));
  result.push_back(small_caches(result.back()));
  return result;
}

// The program of a request in which each step has its `choice`th schedule, as far as it has so
// many.
Program forced(const Request& request, const Plan& plan, const Target& target, size_t choice) {
  Program program{.scratch_bytes = plan.scratch_bytes};
  program.inputs = request.inputs;
  program.output = request.output_type;
  for (const PlanStep& step : plan.steps) {
    const MakeCode make_code = [&](const LoopNest&, const Target&) {
      const std::vector<LoopNest> all = schedules(step, target);
      return (*code_generator())->compile(all[choice % all.size()], target);
    };
    program.steps.push_back(*assemble(step, target, std::nullopt, make_code, nullptr));
  }
  return program;
}

void check_all_schedules(RandomCase& random_case) {
  const Request& request = random_case.request();
  const auto steps = plan(bound(request), *plan_request({}, bound(request)), std::nullopt, nullptr);
  for (const Target& target : all_targets()) {
    size_t choices = 1;
    for (const PlanStep& step : steps->steps)
      choices = std::max(choices, schedules(step, target).size());
    for (size_t choice = 0; choice < choices; ++choice) {
      const Program program = forced(request, *steps, target, choice);
      const auto faults =
          random_case.check([&](const std::vector<TensorView>& inputs, const TensorView& output) {
            const auto done =
                run_program(program, Addresses(inputs), output.data, default_executor(1));
            return done ? std::string() : done.error().message;
          });
      ASSERT_EQ(faults, "") << "schedule " << choice << " on " << target.name << " with "
                            << target.vector_registers << " registers, L2 " << target.l2_bytes;
    }
  }
}

class Schedules : public testing::TestWithParam<int> {};

TEST_P(Schedules, AllAgreeWithTheReference) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  const int cases = case_count(15);
  for (int i = 0; i < cases; ++i) {
    const auto seed = static_cast<uint32_t>(7000000 + GetParam() * 1000 + i);
    RandomCase random_case(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << random_case.description());
    check_all_schedules(random_case);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Shard, Schedules, testing::Range(0, 8));

// What random cases seldom meet: runs of C that belong to both operands, in whole lines and not;
// few columns of long sums; pairs of bfloat16 in all orders; permutations too large for the caches,
// whose rows begin inside of lines and not; blocks of some labels whose first choice has no room;
// panels that tasks share.
TEST(Schedule, RareShapesAgreeWithTheReference) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  struct Case {
    const char* expression;
    DType dtype;
    std::map<char, int64_t> extents;
  };
  const Case cases[] = {
      {"dega,gfbc->abcdef", DType::kFloat32, {{'e', 8}, {'f', 20}, {'a', 5}}},
      {"dfga,gebc->abcdef", DType::kFloat32, {{'e', 4}, {'f', 4}, {'b', 7}}},
      {"gfac,degb->abcdef", DType::kFloat32, {{'e', 5}, {'f', 7}, {'c', 6}}},
      {"hdega,hgfbc->habcdef", DType::kFloat64, {{'e', 3}, {'f', 24}, {'d', 4}}},
      {"gace,gbd->abcde", DType::kFloat32, {{'d', 16}, {'e', 3}, {'a', 9}}},
      {"dega,gfbc->abcdef", DType::kComplex64, {{'e', 4}, {'f', 6}, {'b', 5}}},
      {"dega,gfbc->abcdef", DType::kInt32, {{'e', 2}, {'f', 17}, {'c', 5}}},
      {"bmk,bkn->bmn", DType::kFloat32, {{'m', 9}, {'k', 37}}},
      {"kn,mk->mn", DType::kComplex64, {{'m', 7}, {'k', 33}, {'n', 2}}},
      {"abk,nk->anb", DType::kFloat64, {{'b', 5}, {'k', 40}, {'n', 6}}},
      {"abcd->dcba", DType::kFloat32, {{'a', 5}, {'b', 7}, {'c', 9}, {'d', 23}}},
      {"ab->ba", DType::kFloat64, {{'a', 61}, {'b', 77}}},
      {"ab->ba", DType::kInt8, {{'a', 67}, {'b', 291}}},
      {"abc->cba", DType::kFloat16, {{'a', 19}, {'b', 10}, {'c', 51}}},
      {"abcd->dcba", DType::kFloat32, {{'a', 32}, {'b', 3}, {'c', 2}, {'d', 48}}},
      {"ab,ba,b->ab", DType::kFloat64, {{'a', 56}, {'b', 72}}},
      {"mk,kn->mn", DType::kBFloat16, {{'m', 15}, {'k', 34}, {'n', 37}}},
      {"mk,nk->mn", DType::kBFloat16, {{'m', 9}, {'k', 66}, {'n', 18}}},
      {"km,kn->nm", DType::kBFloat16, {{'m', 33}, {'k', 12}, {'n', 7}}},
      {"bmhk,bhkn->bhmn", DType::kBFloat16, {{'m', 8}, {'k', 6}, {'n', 21}}},
      {"amkc,ckn->man", DType::kBFloat16, {{'m', 5}, {'k', 8}, {'n', 40}}},
      {"mk,k->m", DType::kBFloat16, {{'m', 17}, {'k', 70}}},
      {"mk,kn->mn", DType::kBFloat16, {{'m', 37}, {'k', 602}, {'n', 530}}},
      {"bmk,bkn->bmn", DType::kBFloat16, {{'b', 16}, {'m', 18}, {'k', 33410}, {'n', 5}}},
      {"mk,kn->mn", DType::kBFloat16, {{'m', 70}, {'k', 131}, {'n', 130}}},
      {"mk,nk->mn", DType::kBFloat16, {{'m', 70}, {'k', 131}, {'n', 130}}},
      {"amck,cbnk->abnm", DType::kBFloat16, {{'m', 40}, {'k', 45}, {'n', 70}}},
      {"bmk,bnk->bmn", DType::kBFloat16, {{'m', 48}, {'k', 256}, {'n', 36}}},
      {"amck,cbnk->abnm", DType::kBFloat16, {{'m', 17}, {'c', 5}, {'k', 32}, {'n', 290}}},
      {"dega,gfbc->abcdef", DType::kBFloat16, {{'e', 8}, {'f', 20}, {'g', 4}}},
      {"km,kacebd->mabcde",
       DType::kFloat64,
       {{'m', 4}, {'k', 6}, {'b', 2}, {'c', 2}, {'d', 16}, {'e', 2}}},
      {"abc->cb", DType::kFloat32, {{'a', 45}, {'b', 9}, {'c', 21}}},
      {"de,debac->cab", DType::kBFloat16, {{'d', 6}, {'e', 11}, {'b', 17}, {'a', 4}, {'c', 2}}},
      {"a,abc->cb", DType::kComplex64, {{'a', 37}, {'b', 6}, {'c', 19}}},
      {"ji,bij->b", DType::kFloat32, {{'j', 37}, {'i', 19}, {'b', 11}}},
      {"cb,bac->a", DType::kComplex128, {{'b', 9}, {'c', 21}, {'a', 10}}},
      {"kji,bijk->b", DType::kBFloat16, {{'k', 18}, {'j', 4}, {'i', 5}, {'b', 9}}},
      {"mkb,knb->mnb", DType::kFloat32, {{'m', 17}, {'k', 5}, {'n', 10}, {'b', 37}}},
      {"mkb,nkb->bmn", DType::kFloat64, {{'m', 9}, {'k', 7}, {'n', 11}, {'b', 19}}},
      {"mk,kn->mn", DType::kFloat32, {{'m', 530}, {'k', 131}, {'n', 33}}},
      {"km,nk->nm", DType::kBFloat16, {{'m', 518}, {'k', 134}, {'n', 31}}},
      {"bmk,bkn->bmn", DType::kComplex64, {{'b', 2}, {'m', 515}, {'k', 129}, {'n', 18}}},
      {"aebf,fdec->abcd",
       DType::kFloat64,
       {{'a', 23}, {'b', 23}, {'e', 11}, {'f', 13}, {'c', 5}, {'d', 7}}},
      {"eafd,fbec->abcd", DType::kFloat32, {{'a', 5}, {'d', 40}}},
      {"afd,fb->abd", DType::kFloat64, {{'a', 7}, {'d', 20}, {'b', 11}}},
      {"afd,fb->abd", DType::kComplex64, {{'a', 9}, {'d', 11}, {'b', 6}}},
      {"afd,fb->abd", DType::kBFloat16, {{'a', 5}, {'d', 26}, {'b', 7}, {'f', 10}}},
      {"afd,fb->abd", DType::kInt16, {{'a', 6}, {'d', 21}, {'b', 5}}},
      {"mk,kn->mn", DType::kInt8, {{'m', 15}, {'k', 36}, {'n', 37}}},
      {"mk,nk->mn", DType::kInt8, {{'m', 9}, {'k', 68}, {'n', 18}}},
      {"mk,kn->mn", DType::kUInt8, {{'m', 70}, {'k', 264}, {'n', 130}}},
      {"km,nk->nm", DType::kUInt8, {{'m', 33}, {'k', 34}, {'n', 7}}},
      {"bmhk,bhkn->bhmn", DType::kInt8, {{'m', 8}, {'k', 12}, {'n', 21}}},
      {"amkc,ckn->man", DType::kInt8, {{'m', 5}, {'k', 8}, {'n', 40}}},
      {"mk,nk->mn", DType::kInt8, {{'m', 70}, {'k', 131}, {'n', 130}}},
      {"mk,kn->mn", DType::kInt8, {{'m', 4}, {'k', 5000}, {'n', 2}}},
      {"mk,kn->mn", DType::kInt16, {{'m', 15}, {'k', 34}, {'n', 37}}},
      {"mk,nk->mn", DType::kUInt16, {{'m', 9}, {'k', 66}, {'n', 18}}},
      {"amck,cbnk->abnm", DType::kInt16, {{'m', 40}, {'k', 45}, {'n', 70}, {'c', 4}}},
      {"bmk,bkn->bmn", DType::kUInt16, {{'b', 16}, {'m', 18}, {'k', 258}, {'n', 5}}},
      {"mk,kn->mn", DType::kInt16, {{'m', 70}, {'k', 131}, {'n', 130}}},
      {"mk,k->m", DType::kInt8, {{'m', 17}, {'k', 140}}},
      {"mk,k->m", DType::kUInt16, {{'m', 5}, {'k', 70}}},
      {"k,kn->n", DType::kUInt8, {{'k', 44}, {'n', 70}}},
      {"kc,ck->", DType::kInt8, {{'k', 5000}, {'c', 4}}},
      {"bkc,bck->b", DType::kInt16, {{'b', 9}, {'k', 6}, {'c', 35}}},
      {"ik,k,k->i", DType::kInt8, {{'i', 9}, {'k', 64}}},
  };
  int turn = 0;
  for (const auto& [expression, dtype, extents] : cases) {
    if (turn++ * case_count(100) % 100 >= case_count(100)) continue;
    const auto extent_of = [&](char label) {
      const auto found = extents.find(label);
      return found == extents.end() ? int64_t{3} : found->second;
    };
    RandomCase random_case(request_of(expression, dtype, extent_of), 1);
    SCOPED_TRACE(random_case.description());
    check_all_schedules(random_case);
    if (HasFatalFailure()) return;
  }
}

TEST(Schedule, SmallIntegersOfAllKindsAgreeWithTheReference) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  int turn = 0;
  for (const SmallIntegers& integers : kSmallIntegers)
    for (const char* const expression : {"mk,kn->mn", "mk,nk->mn"}) {
      if (turn++ * case_count(100) % 100 >= case_count(100)) continue;
      RandomCase random_case = case_of(integers, expression, 36);
      SCOPED_TRACE(random_case.description());
      check_all_schedules(random_case);
      if (HasFatalFailure()) return;
    }
}

// Positive numbers, large or small.
template <typename Real>
Tensor numbers_near(double scale, const TensorType& type) {
  Tensor tensor = *Tensor::zeros(type.dtype, type.extents);
  const auto reals =
      element_count(type.extents) * info(type.dtype).bytes / static_cast<int64_t>(sizeof(Real));
  for (int64_t i = 0; i < reals; ++i)
    static_cast<Real*>(tensor.data())[i] =
        static_cast<Real>(scale * (1 + static_cast<double>(i * 7919 % 1009) / 1009));
  return tensor;
}

// Bit by bit what the nest gives without, divided by the power of two that brings it below 1.
template <typename Real>
void check_stripped(const Request& request, const Program& without, const Program& with,
                    double scale) {
  std::vector<Tensor> inputs;
  std::vector<const void*> addresses;
  for (const TensorType& type : request.inputs) inputs.push_back(numbers_near<Real>(scale, type));
  for (const Tensor& input : inputs) addresses.push_back(input.data());
  const auto result_of = [&](const Program& program, int64_t& exponent) {
    Tensor output = *Tensor::zeros(request.output_type.dtype, request.output_type.extents);
    exponent = *run_program(program, addresses, output.data(), default_executor(2));
    return output;
  };
  int64_t exponent = 0;
  const Tensor plain = result_of(without, exponent);
  const Tensor stripped = result_of(with, exponent);
  const auto reals = element_count(request.output_type.extents) *
                     info(request.output_type.dtype).bytes / static_cast<int64_t>(sizeof(Real));
  const auto* const expected = static_cast<const Real*>(plain.data());
  const auto* const actual = static_cast<const Real*>(stripped.data());
  Real largest = 0;
  for (int64_t i = 0; i < reals; ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    ASSERT_EQ(std::ldexp(actual[i], static_cast<int>(exponent)), expected[i]) << "at " << i;
  }
  // Sums of complex numbers may be larger on the way.
  const bool is_complex = info(request.output_type.dtype).kind == Kind::kComplex;
  const int64_t power = std::ilogb(largest) + 1;
  EXPECT_GE(exponent, power);
  EXPECT_LE(exponent, power + (is_complex ? 3 : 0));
}

TEST(Schedule, StripsTheExponentOfItsOutput) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  const struct {
    const char* expression;
    DType dtype;
    std::map<char, int64_t> extents;
  } kCases[] = {
      {"abc->cb", DType::kFloat32, {{'a', 45}, {'b', 9}, {'c', 21}}},
      {"mkb,knb->mnb", DType::kFloat32, {{'m', 17}, {'k', 5}, {'n', 10}, {'b', 37}}},
      {"mk,kn->mn", DType::kFloat32, {{'m', 530}, {'k', 131}, {'n', 33}}},
      {"mk,nk->nm", DType::kFloat64, {{'m', 37}, {'k', 41}, {'n', 29}}},
      {"bmk,bkn->bmn", DType::kComplex64, {{'b', 5}, {'m', 9}, {'k', 70}, {'n', 18}}},
      {"dega,gfbc->abcdef", DType::kFloat32, {{'e', 8}, {'f', 20}, {'a', 5}}},
      {"ij->j", DType::kComplex128, {{'i', 33}, {'j', 70}}},
      {"ab->ba", DType::kFloat32, {{'a', 701}, {'b', 640}}},
      {"i,j->ij", DType::kFloat64, {{'i', 700}, {'j', 513}}},
  };
  int turn = 0;
  for (const auto& [expression, dtype, extents] : kCases) {
    if (turn++ * case_count(100) % 100 >= case_count(100)) continue;
    const Request request = request_of(expression, dtype, [&](char label) {
      const auto found = extents.find(label);
      return found == extents.end() ? int64_t{3} : found->second;
    });
    Plan steps =
        *plan(bound(request), *plan_request({}, bound(request)), int64_t{1} << 40, nullptr);
    ASSERT_EQ(steps.steps.size(), size_t{1});
    PlanStep& step = steps.steps[0];
    if (auto* contraction = std::get_if<Contraction>(&step)) contraction->strips_exponent = true;
    if (auto* map_reduce = std::get_if<MapReduce>(&step)) map_reduce->strips_exponent = true;
    const bool is_single = dtype == DType::kFloat32 || dtype == DType::kComplex64;
    for (const Target& target : all_targets())
      for (const LoopNest& nest : schedules(step, target)) {
        SCOPED_TRACE(testing::Message() << expression << " on " << target.name << '\n'
                                        << to_string(nest));
        ASSERT_TRUE(nest.stripping);
        LoopNest plain = nest;
        plain.stripping.reset();
        Program without = program_of(request, step, plain, target);
        without.steps[0].stripped_elements = 0;
        const Program with = program_of(request, step, nest, target);
        for (const double power : {0.26, -0.32})  // of the range
          is_single ? check_stripped<float>(request, without, with, std::exp2(127 * power))
                    : check_stripped<double>(request, without, with, std::exp2(1023 * power));
        if (HasFailure()) return;
      }
  }
}

}  // namespace
}  // namespace einc::test
