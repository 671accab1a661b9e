// einc: einsum expressions, compiled.
//
// The short way computes at once. The first call of a shape plans (tens of microseconds), later
// ones find what it planned; code is compiled in the background, and taken once it is there:
//
//   #include <einc/einc.h>
//
//   auto a = einc::Tensor::of<float>({2, 2}, {1, 2, 3, 4});
//   auto b = einc::Tensor::of<float>({2, 2}, {5, 6, 7, 8});
//   einc::Result<einc::Tensor> c = einc::einsum("ij,jk->ik", {a, b});
//   if (!c) std::puts(einc::render(c.error(), "ij,jk->ik").c_str());
//
// Into memory of your own, of any strides; nothing is allocated but scratch:
//
//   float data[4];
//   einc::TensorView out{data, einc::TensorType::row_major(einc::DType::kFloat32, {2, 2})};
//   einc::Result<void> done = einc::einsum("ij,jk->ik", {a, b}, out);
//
// Compiled ahead, for the same types again and again:
//
//   auto kernel = einc::compile("bij,bjk->bik", {x.type(), y.type()});
//   if (kernel) kernel->run(operands, out);
//
// An expression names each dimension of each operand by a label, in NumPy's notation: labels that
// are not in the output are summed over, a repeated label walks a diagonal, "..." stands for any
// number of leading dimensions, extents of 1 broadcast. Beyond NumPy: "i->ii" writes a diagonal
// (zero elsewhere), labels may be any letter of Unicode, or names: "[batch][time],[time]->[batch]".
// Options::dialect switches to the exact rules of NumPy, PyTorch, TensorFlow or opt_einsum.
//
// What goes wrong is a Result's Error; nothing here throws, prints or aborts. Everything is
// thread-safe unless it says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/executor.h"
#include "einc/export.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

// Compiles `expression` for operands of exactly these types, one per comma-separated term in order.
// The kernel writes `output`, or without one a row-major tensor of the promoted dtype.
//
// Fails with kSyntax, kShape or kDType where expression and types disagree, with kArgument for an
// option that has no such value, with kUnsupported if no code can be made for the target.
EINC_EXPORT Result<Kernel> compile(std::string_view expression,
                                   const std::vector<TensorType>& inputs,
                                   const std::optional<TensorType>& output,
                                   const Options& options = {});
EINC_EXPORT Result<Kernel> compile(std::string_view expression,
                                   const std::vector<TensorType>& inputs,
                                   const Options& options = {});

// Evaluates `expression` into `output`, which may share no byte with an input. Fails as compile()
// and Kernel::run() do; the output is then untouched.
EINC_EXPORT Result<void> einsum(std::string_view expression, const std::vector<TensorView>& inputs,
                                const TensorView& output, const Options& options = {});

// The same into a new row-major tensor.
EINC_EXPORT Result<Tensor> einsum(std::string_view expression,
                                  const std::vector<TensorView>& inputs,
                                  const Options& options = {});

// Stands for "..." in a sublist.
inline constexpr int64_t kEllipsis = INT64_MIN;

// An operand of the interleaved form: einsum({{a, {0, 1}}, {b, {1, 2}}}, {{0, 2}}).
struct SublistOperand {
  TensorView tensor;
  std::vector<int64_t> labels;
};

// The interleaved form, labels being integers from 0 on; without `output`, the labels that occur
// once, in ascending order.
EINC_EXPORT Result<Tensor> einsum(const std::vector<SublistOperand>& operands,
                                  const std::optional<std::vector<int64_t>>& output,
                                  const Options& options = {});

}  // namespace einc
