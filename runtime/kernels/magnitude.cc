#include "runtime/kernels/magnitude.h"

#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/magnitude.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace einc {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
T largest_of(const T* HWY_RESTRICT numbers, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // Of two of which the first is no number, Max gives the second.
  const auto larger = [&](auto most, int64_t i)
                          HWY_ATTR { return hn::Max(hn::Abs(hn::LoadU(d, numbers + i)), most); };
  auto a = hn::Zero(d), b = hn::Zero(d), c = hn::Zero(d), e = hn::Zero(d);
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a = larger(a, i);
    b = larger(b, i + lanes);
    c = larger(c, i + 2 * lanes);
    e = larger(e, i + 3 * lanes);
  }
  for (; i + lanes <= count; i += lanes) a = larger(a, i);
  const hn::CappedTag<T, 1> one;
  auto rest = hn::Zero(one);
  for (; i < count; ++i) rest = hn::Max(hn::Abs(hn::LoadU(one, numbers + i)), rest);
  const T most = hn::GetLane(hn::MaxOfLanes(d, hn::Max(hn::Max(a, b), hn::Max(c, e))));
  const T last = hn::GetLane(rest);
  return most > last ? most : last;
}

float largest_float(const float* numbers, int64_t count) { return largest_of(numbers, count); }
double largest_double(const double* numbers, int64_t count) { return largest_of(numbers, count); }

template <class T>
void multiply(T* HWY_RESTRICT numbers, int64_t count, T factor) {
  for (int64_t i = 0; i < count; ++i) numbers[i] *= factor;
}

void multiply_floats(float* numbers, int64_t count, float factor) {
  multiply(numbers, count, factor);
}
void multiply_doubles(double* numbers, int64_t count, double factor) {
  multiply(numbers, count, factor);
}

}  // namespace HWY_NAMESPACE
}  // namespace einc
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace einc {
namespace {

HWY_EXPORT(largest_float);
HWY_EXPORT(largest_double);
HWY_EXPORT(multiply_floats);
HWY_EXPORT(multiply_doubles);

}  // namespace

float largest_magnitude(const float* numbers, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(largest_float)(numbers, count);
}
double largest_magnitude(const double* numbers, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(largest_double)(numbers, count);
}
void multiply_all(float* numbers, int64_t count, float factor) {
  HWY_DYNAMIC_DISPATCH(multiply_floats)(numbers, count, factor);
}
void multiply_all(double* numbers, int64_t count, double factor) {
  HWY_DYNAMIC_DISPATCH(multiply_doubles)(numbers, count, factor);
}

}  // namespace einc
#endif  // HWY_ONCE
