#include "problem.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstring>
#include <type_traits>

#include "operands.h"

namespace einc::bench {
namespace {

template <class T>
double distance(const T& a, const T& b) {
  if constexpr (std::is_integral_v<T>) {
    return a == b ? 0 : INFINITY;
  } else if constexpr (std::is_same_v<T, std::complex<float>> ||
                       std::is_same_v<T, std::complex<double>>) {
    return static_cast<double>(std::abs(a - b));
  } else {
    return std::abs(static_cast<double>(static_cast<float>(a)) -
                    static_cast<double>(static_cast<float>(b)));
  }
}

template <>
double distance(const double& a, const double& b) {
  return std::abs(a - b);
}

template <class T>
double largest_distance(const Array& a, const Array& b) {
  double largest = 0;
  const auto x = a.elements<T>();
  const auto y = b.elements<T>();
  for (size_t i = 0; i < x.size(); ++i) {
    const double next = distance(x[i], y[i]);
    if (!(next <= largest)) largest = std::isnan(next) ? INFINITY : next;
  }
  return largest;
}

double largest_distance(const Array& a, const Array& b) {
  switch (a.dtype()) {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) \
  case DType::id:                                               \
    return largest_distance<storage>(a, b);
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
  }
  return INFINITY;
}

// The standard deviation of an element of the result: the operands' elements have 1/3 of variance.
double spread(const Problem& problem) {
  double points = 1;
  for (const auto& [label, extent] : label_extents(problem.terms, problem.item.inputs))
    if (problem.terms.output.find(label) == std::string::npos)
      points *= static_cast<double>(extent);
  return std::sqrt(points * std::pow(1.0 / 3, static_cast<double>(problem.inputs.size())));
}

}  // namespace

Result<Problem> make_problem(const Case& item, const Options& options, int64_t offset) {
  const auto start = std::chrono::steady_clock::now();
  auto kernel = compile(item.expression, item.inputs, options);
  const double compile_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!kernel) return kernel.error();
  Problem problem{item,
                  split_terms(item.expression),
                  work_of(item, kernel->output_type()),
                  *kernel,
                  compile_seconds,
                  {},
                  {},
                  {},
                  {},
                  {}};
  Random random;
  for (const TensorType& type : item.inputs) {
    const auto array = Array::zeros(type, offset);
    if (!array) return array.error();
    fill(*array, random);
    problem.inputs.push_back(*array);
    problem.views.push_back(*array);
    problem.addresses.push_back(array->data());
  }
  for (Array* result : {&problem.output, &problem.expected}) {
    const auto array = Array::zeros(kernel->output_type(), offset);
    if (!array) return array.error();
    *result = *array;
  }
  problem.output_view = problem.output;
  kernel->wait_until_compiled();
  if (auto done = problem.run(); !done) return done.error();
  std::memcpy(problem.expected.data(), problem.output.data(),
              static_cast<size_t>(problem.output.bytes()));
  return problem;
}

double difference(const Problem& problem) {
  return largest_distance(problem.output, problem.expected) / spread(problem);
}

double tolerance(DType dtype) {
  switch (info(dtype).compute) {
    case DType::kFloat64:
    case DType::kComplex128:
      return 1e-7;
    case DType::kFloat32:
    case DType::kComplex64:
      return is_narrow_float(dtype) ? 0.1 : 1e-2;
    default:
      return 0;
  }
}

}  // namespace einc::bench
