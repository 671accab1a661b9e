// Compiled once per instruction set by foreach_target.h. A row takes three passes: its largest
// element; exp of what is below it, written to the output and summed; the division.
//
// The lanes of a vector lie along the axis, or, if only the rows lie side by side in memory, across
// rows. A row with other strides is copied, to the output or to scratch, and worked on there.
//
// Both ways add up a row in the same order, so a layout that the compiler chooses never shows in
// the result. Element i of a block goes to partial sum i % (4 * lanes), which gets 8 of them; the
// partial sums are halved until one is left, and the blocks' sums added, both with compensation
// (Knuth's TwoSum). However long the axis, the sum is off by little more than those of 8 terms, and
// that of a short one by nothing; the division keeps it so.

#include "runtime/kernels/softmax.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "einc/dtype.h"
#include "runtime/abi.h"
#include "runtime/check.h"
#include "runtime/program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/softmax.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h, on which it depends.
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace einc {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr int64_t kMaxLanes = 64 / sizeof(T);

// Capped, so that arrays on the stack can hold vectors of a size known only at run time.
template <class T>
using Tag = hn::CappedTag<T, kMaxLanes<T>>;

constexpr int64_t kPartialVectors = 4;  // of a row whose axis lies along the lanes
constexpr int64_t kTerms = 8;           // of a partial sum in one block

template <class T>
int64_t lanes_of() {
  return static_cast<int64_t>(hn::Lanes(Tag<T>()));
}

// Vector v begins at base[v * step]; its lanes are contiguous.
template <class T>
struct Vectors {
  T* base;
  int64_t step;

  T* at(int64_t v) const { return base + v * step; }
};

// `used` lanes, and -inf in the others: it is never the largest, and its exp is 0.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load(D d, const T* from, int64_t used) {
  if (used == lanes_of<T>()) return hn::LoadU(d, from);
  const auto filler = hn::Set(d, -std::numeric_limits<T>::infinity());
#if HWY_MEM_OPS_MIGHT_FAULT
  alignas(64) T lanes[kMaxLanes<T>];
  hn::Store(filler, d, lanes);
  std::copy_n(from, used, lanes);
  return hn::Load(d, lanes);
#else
  const auto mask = hn::FirstN(d, static_cast<size_t>(used));
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, from), filler);
#endif
}

template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store(D d, V value, T* to, int64_t used) {
  if (used == lanes_of<T>()) return hn::StoreU(value, d, to);
#if HWY_MEM_OPS_MIGHT_FAULT
  alignas(64) T lanes[kMaxLanes<T>];
  hn::Store(value, d, lanes);
  std::copy_n(lanes, used, to);
#else
  hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(used)), d, to);
#endif
}

// Vectors to work through; all have `used` lanes but the last.
struct Extent {
  int64_t vectors;
  int64_t used;
  int64_t used_of_last;

  int64_t used_of(int64_t v) const { return v + 1 < vectors ? used : used_of_last; }
};

// Lane by lane. A NaN may or may not show: it reaches the sum anyway.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> largest_of(D d, const Vectors<const T>& input, const Extent& extent) {
  auto largest = hn::Set(d, -std::numeric_limits<T>::infinity());
  for (int64_t v = 0; v < extent.vectors; ++v)
    largest = hn::Max(load(d, input.at(v), extent.used_of(v)), largest);
  return largest;
}

// exp(x) for x <= 0. Highway's own takes NaN to 0, by way of an integer that NaN has none of.
template <class D, class V>
HWY_INLINE V exp_of(D d, V x) {
  const auto is_nan = hn::IsNaN(x);
  return hn::IfThenElse(is_nan, x, hn::Exp(d, hn::IfThenZeroElse(is_nan, x)));
}

// sum + lost becomes sum + lost + term, with what rounding takes from the sum kept in `lost`.
template <class V>
HWY_INLINE void add_compensated(V term, V& sum, V& lost) {
  const V next = hn::Add(sum, term);
  const V added = hn::Sub(next, sum);
  const V kept = hn::Sub(next, added);
  lost = hn::Add(lost, hn::Add(hn::Sub(sum, kept), hn::Sub(term, added)));
  sum = next;
}

// Halves `count` partial sums, and what they lost, until the first holds the sum.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void halve(D d, T* partials, T* losses, int64_t count) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t half = count / 2 * step; half >= step; half /= 2)
    for (int64_t p = 0; p < half; p += step) {
      auto sum = hn::LoadU(d, partials + p);
      auto lost = hn::Add(hn::LoadU(d, losses + p), hn::LoadU(d, losses + half + p));
      add_compensated(hn::LoadU(d, partials + half + p), sum, lost);
      hn::StoreU(sum, d, partials + p);
      hn::StoreU(lost, d, losses + p);
    }
}

// output = exp(input - largest) for vectors [begin, end). Vector v is also added to vector
// v % count of `partials`.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void exponentials(D d, const Vectors<const T>& input, const Vectors<T>& output,
                             const Extent& extent, int64_t begin, int64_t end, V largest,
                             T* partials, int64_t count) {
  const int64_t lanes = lanes_of<T>();
  std::fill(partials, partials + count * lanes, T{0});
  for (int64_t v = begin; v < end; ++v) {
    const int64_t used = extent.used_of(v);
    const V value = exp_of(d, hn::Sub(load(d, input.at(v), used), largest));
    store(d, value, output.at(v), used);
    T* const partial = partials + v % count * lanes;
    hn::Store(hn::Add(hn::Load(d, partial), value), d, partial);
  }
}

// By sum + lost, as a product with the reciprocal in two parts: as good as dividing by what the sum
// is without rounding.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void divide(D d, const Vectors<T>& output, const Extent& extent, V sum, V lost) {
  const V one = hn::Set(d, T{1});
  const V high = hn::Div(one, hn::Add(sum, lost));
  const V rest = hn::NegMulAdd(high, lost, hn::NegMulAdd(high, sum, one));
  const V low = hn::Mul(high, rest);
  for (int64_t v = 0; v < extent.vectors; ++v) {
    const int64_t used = extent.used_of(v);
    const V value = load(d, output.at(v), used);
    store(d, hn::MulAdd(value, high, hn::Mul(value, low)), output.at(v), used);
  }
}

// The three passes: for one row if the axis lies along the lanes, else for a row per lane.
template <bool kAlongLanes, class D, class T = hn::TFromD<D>>
HWY_INLINE void softmax(D d, const Vectors<const T>& input, const Vectors<T>& output,
                        const Extent& extent) {
  const int64_t lanes = lanes_of<T>();
  constexpr int64_t kMostPartials =
      kPartialVectors * kMaxLanes<T> * (kAlongLanes ? 1 : kMaxLanes<T>);
  alignas(64) T partials[kMostPartials];
  alignas(64) T losses[kMostPartials];
  const int64_t most = kAlongLanes ? kPartialVectors : kPartialVectors * lanes;
  // Without those that a short axis would leave at 0.
  const auto power = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(extent.vectors)));
  const int64_t count = std::min(most, power);
  const int64_t block = kTerms * most;

  auto largest = largest_of(d, input, extent);
  if (kAlongLanes) largest = hn::MaxOfLanes(d, largest);
  auto sum = hn::Zero(d);
  auto lost = sum;
  for (int64_t begin = 0; begin < extent.vectors; begin += block) {
    const int64_t end = std::min(begin + block, extent.vectors);
    exponentials(d, input, output, extent, begin, end, largest, partials, count);
    std::fill(losses, losses + count * lanes, T{0});
    halve(d, partials, losses, count);
    if (kAlongLanes) halve(hn::CappedTag<T, 1>(), partials, losses, lanes);
    add_compensated(kAlongLanes ? hn::Set(d, partials[0]) : hn::Load(d, partials), sum, lost);
    lost = hn::Add(lost, kAlongLanes ? hn::Set(d, losses[0]) : hn::Load(d, losses));
  }
  divide(d, output, extent, sum, lost);
}

// One contiguous row of n elements.
template <class T>
void softmax_row(const T* input, T* output, int64_t n) {
  const Tag<T> d;
  const int64_t lanes = lanes_of<T>();
  const int64_t vectors = (n + lanes - 1) / lanes;
  const Extent extent{vectors, lanes, n - (vectors - 1) * lanes};
  softmax<true>(d, Vectors<const T>{input, lanes}, Vectors<T>{output, lanes}, extent);
}

// Rows side by side: element i of row r is input[r + i * axis.input_stride].
template <class T>
void softmax_columns(const T* input, T* output, const SoftmaxDim& axis, int64_t rows) {
  const Tag<T> d;
  const int64_t lanes = lanes_of<T>();
  for (int64_t row = 0; row < rows; row += lanes) {
    const int64_t used = std::min(lanes, rows - row);
    softmax<false>(d, Vectors<const T>{input + row, axis.input_stride},
                   Vectors<T>{output + row, axis.output_stride}, Extent{axis.extent, used, used});
  }
}

// Highway dispatches no templates.
void row_f32(const float* input, float* output, int64_t n) { softmax_row(input, output, n); }
void row_f64(const double* input, double* output, int64_t n) { softmax_row(input, output, n); }
void columns_f32(const float* input, float* output, const SoftmaxDim& axis, int64_t rows) {
  softmax_columns(input, output, axis, rows);
}
void columns_f64(const double* input, double* output, const SoftmaxDim& axis, int64_t rows) {
  softmax_columns(input, output, axis, rows);
}

}  // namespace HWY_NAMESPACE
}  // namespace einc
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace einc {
namespace {

HWY_EXPORT(row_f32);
HWY_EXPORT(row_f64);
HWY_EXPORT(columns_f32);
HWY_EXPORT(columns_f64);

void softmax_row(const float* input, float* output, int64_t n) {
  HWY_DYNAMIC_DISPATCH(row_f32)(input, output, n);
}
void softmax_row(const double* input, double* output, int64_t n) {
  HWY_DYNAMIC_DISPATCH(row_f64)(input, output, n);
}
void softmax_columns(const float* input, float* output, const SoftmaxDim& axis, int64_t rows) {
  HWY_DYNAMIC_DISPATCH(columns_f32)(input, output, axis, rows);
}
void softmax_columns(const double* input, double* output, const SoftmaxDim& axis, int64_t rows) {
  HWY_DYNAMIC_DISPATCH(columns_f64)(input, output, axis, rows);
}

constexpr int64_t kTaskElements = 32768;
constexpr int64_t kMinColumns = 8;  // with fewer, more lanes would idle than a copy costs

bool is_contiguous(const SoftmaxDim& dim) {
  return dim.input_stride == 1 && dim.output_stride == 1;
}

// The outer dimension to put across the lanes; null to put the axis along them.
const SoftmaxDim* find_columns(const SoftmaxDescription& description) {
  if (is_contiguous(description.axis)) return nullptr;
  const auto& outer = description.outer;
  const auto found = std::find_if(outer.begin(), outer.end(), [](const SoftmaxDim& dim) {
    return dim.extent >= kMinColumns && is_contiguous(dim);
  });
  return found == outer.end() ? nullptr : &*found;
}

int64_t row_count(const SoftmaxDescription& description) {
  const auto is_empty = [](const SoftmaxDim& dim) { return dim.extent == 0; };
  const auto& outer = description.outer;
  // First, because the product of the others may overflow then.
  if (is_empty(description.axis) || std::any_of(outer.begin(), outer.end(), is_empty)) return 0;
  int64_t rows = 1;
  for (const SoftmaxDim& dim : outer) rows *= dim.extent;
  return rows;
}

// Of columns a multiple of every vector's lanes, so that only the last task leaves lanes idle.
int64_t rows_per_task(const SoftmaxDescription& description) {
  constexpr int64_t kWhole = 16;
  const int64_t rows = kTaskElements / std::max<int64_t>(description.axis.extent, 1);
  if (find_columns(description)) return std::max(rows / kWhole, int64_t{1}) * kWhole;
  return std::max(rows, int64_t{1});
}

// Where a row begins. Rows count the columns fastest, then the other dimensions, the last first.
struct RowOffset {
  int64_t column = 0;
  int64_t input = 0;
  int64_t output = 0;
};

RowOffset row_offset(const SoftmaxDescription& description, const SoftmaxDim* columns,
                     int64_t row) {
  RowOffset offset;
  const auto take = [&](const SoftmaxDim& dim) {
    const int64_t index = row % dim.extent;
    row /= dim.extent;
    offset.input += index * dim.input_stride;
    offset.output += index * dim.output_stride;
    return index;
  };
  if (columns) offset.column = take(*columns);
  for (size_t d = description.outer.size(); d-- > 0;)
    if (&description.outer[d] != columns) take(description.outer[d]);
  return offset;
}

template <class T>
void run_row(const SoftmaxDim& axis, const T* input, T* output, T* scratch) {
  T* const row = axis.output_stride == 1 ? output : scratch;
  const bool copies = axis.input_stride != 1;
  if (copies)
    for (int64_t i = 0; i < axis.extent; ++i) row[i] = input[i * axis.input_stride];
  softmax_row(copies ? row : input, row, axis.extent);
  if (row != output)
    for (int64_t i = 0; i < axis.extent; ++i) output[i * axis.output_stride] = row[i];
}

template <class T>
void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& description = *static_cast<const SoftmaxDescription*>(args->description);
  const SoftmaxDim* const columns = find_columns(description);
  const int64_t chunk = rows_per_task(description);
  const int64_t end = std::min((task + 1) * chunk, row_count(description));
  for (int64_t row = task * chunk; row < end;) {
    const RowOffset offset = row_offset(description, columns, row);
    const T* const input = static_cast<const T*>(args->in[0]) + offset.input;
    T* const output = static_cast<T*>(args->out) + offset.output;
    if (columns) {
      const int64_t rows = std::min(columns->extent - offset.column, end - row);
      softmax_columns(input, output, description.axis, rows);
      row += rows;
    } else {
      run_row(description.axis, input, output, static_cast<T*>(args->task_scratch));
      ++row;
    }
  }
}

}  // namespace

std::shared_ptr<const Code> softmax_code(const SoftmaxDescription& description) {
  EINC_CHECK(description.dtype == DType::kFloat32 || description.dtype == DType::kFloat64);
  auto code = std::make_shared<Code>();
  code->entry = description.dtype == DType::kFloat32 ? run_task<float> : run_task<double>;
  const int64_t chunk = rows_per_task(description);
  code->phase_tasks = {(row_count(description) + chunk - 1) / chunk};
  if (description.axis.output_stride != 1 && !find_columns(description))
    code->task_scratch_bytes = description.axis.extent * info(description.dtype).bytes;
  return code;
}

}  // namespace einc
#endif  // HWY_ONCE
