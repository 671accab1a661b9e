// oneDNN: matrix products in float32, and permutations as reorders.
#include "libraries.h"

#ifdef EINC_ONEDNN

#include <dlfcn.h>

#include <algorithm>
#include <dnnl.hpp>
#include <set>
#include <unordered_map>
#include <utility>

#include "matrix_product.h"

namespace einc::bench {
namespace {

using Type = dnnl::memory::data_type;

struct Context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

// oneDNN asks sensible strides of dimensions of extent 1 too.
dnnl::memory::desc describe(const Matrices& matrices, int64_t batch, int64_t rows,
                            int64_t columns) {
  const int64_t column = columns == 1 ? 1 : matrices.column;
  const int64_t row = rows == 1 ? columns * column : matrices.row;
  if (batch == 1) return {{rows, columns}, Type::f32, {row, column}};
  return {{batch, rows, columns}, Type::f32, {matrices.batch, row, column}};
}

Timer timer(Context& context, const dnnl::primitive& primitive,
            const std::unordered_map<int, dnnl::memory>& arguments) {
  return timed([&context, primitive, arguments] {
    primitive.execute(context.stream, arguments);
    context.stream.wait();
  });
}

std::optional<Timer> prepare_product(Context& context, const Problem& problem) {
  const auto product = as_matrix_product(problem);
  if (!product) return std::nullopt;
  const auto& p = *product;
  const auto a = describe(p.a, p.batch, p.m, p.k);
  const auto b = describe(p.b, p.batch, p.k, p.n);
  const auto c = describe(p.c, p.batch, p.m, p.n);
  const dnnl::matmul::primitive_desc description({a, b, c}, context.engine);
  if (std::string(description.impl_info_str()).find("ref") != std::string::npos)
    return std::nullopt;  // its reference is no contestant
  return timer(context, dnnl::matmul(description),
               {{DNNL_ARG_SRC, {a, context.engine, problem.inputs[p.swapped ? 1 : 0].data()}},
                {DNNL_ARG_WEIGHTS, {b, context.engine, problem.inputs[p.swapped ? 0 : 1].data()}},
                {DNNL_ARG_DST, {c, context.engine, problem.output.data()}}});
}

std::optional<Timer> prepare_permutation(Context& context, const Problem& problem) {
  const std::string& from = problem.terms.inputs[0];
  const std::string& to = problem.terms.output;
  if (from.size() != to.size() || std::set<char>(from.begin(), from.end()).size() != from.size())
    return std::nullopt;
  const TensorType& type = problem.inputs[0].type();
  std::vector<int64_t> strides;
  for (const char label : from) strides.push_back(problem.output.type().strides[to.find(label)]);
  dnnl::memory source({type.extents, Type::f32, type.strides}, context.engine,
                      problem.inputs[0].data());
  dnnl::memory target({type.extents, Type::f32, strides}, context.engine, problem.output.data());
  return timer(context, dnnl::reorder(source, target),
               {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
}

std::optional<Timer> prepare(Context& context, const Problem& problem) {
  if (problem.item.dtype() != DType::kFloat32) return std::nullopt;
  try {
    return problem.inputs.size() == 1 ? prepare_permutation(context, problem)
                                      : prepare_product(context, problem);
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<Peer> onednn_peer(int threads) {
  // It takes as many threads as OpenMP has; which OpenMP that is, it knows and we do not.
  if (auto* const set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    set(threads);
  const auto* version = dnnl::version();
  const auto context = std::make_shared<Context>();
  return Peer{"onednn",
              std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                  std::to_string(version->patch),
              [context](const Problem& problem) { return prepare(*context, problem); }};
}

}  // namespace einc::bench

#else

namespace einc::bench {

std::optional<Peer> onednn_peer(int) { return std::nullopt; }

}  // namespace einc::bench

#endif
