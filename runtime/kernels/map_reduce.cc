// The output is computed in tiles that stay in L1, rows x columns of two kept dims: a sum in the
// compute dtype for each element, to which every position of the reduced dims adds the product of
// the inputs. Each input is loaded along whichever side of the tile it is contiguous in, and
// transposed if that is the rows'. Where inputs are contiguous along a reduced dim instead, an
// element's sum is taken along that, run by run.

#include "runtime/kernels/map_reduce.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "runtime/abi.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

namespace einc {
namespace {

constexpr int64_t kTileBytes = 16384;  // of each of the buffers, a few of which fit L1
constexpr int64_t kTileRows = 64;      // of a tile that has rows
constexpr int64_t kTileSums = 32;      // of a tile of sums along runs
constexpr int64_t kTaskElements = 65536;
constexpr int64_t kMostTasks = 64;

struct Input {
  LoadRun load;
  int64_t bytes;  // of an element
  bool conjugate;
  bool is_direct;        // as it lies it is what load would make of it
  bool runs_along_rows;  // loaded by columns, and transposed
};

// The dims in their roles, and what the loops call.
struct Prepared {
  std::vector<Input> inputs;
  RunArithmetic arithmetic;
  LoadRun load_output;
  StoreRun store;
  int64_t output_bytes;
  int64_t compute_bytes;
  bool accumulates;

  StepDim rows, columns;         // kept; the absent one has extent 1 and no strides
  StepDim run;                   // reduced, of sums along a run; else extent 1
  bool sums_runs = false;        // rows is absent then
  std::vector<StepDim> outer;    // the other kept dims
  std::vector<StepDim> reduced;  // the other reduced dims
  int64_t tile_rows, tile_columns;
  int64_t tiles;  // of the whole output
  int64_t task_tiles;

  size_t output() const { return inputs.size(); }
};

StepDim absent(size_t operands) { return {1, std::vector<int64_t>(operands)}; }

StepDim take(std::vector<StepDim>& dims, size_t index) {
  StepDim dim = std::move(dims[index]);
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(index));
  return dim;
}

double elements(const MapReduceDescription& step, size_t operand) {
  double product = 1;
  for (const auto* dims : {&step.kept, &step.reduced})
    for (const StepDim& dim : *dims)
      if (dim.strides[operand] != 0) product *= static_cast<double>(dim.extent);
  return product;
}

// The elements that are contiguous along a dim, or need no more than one load.
double score(const MapReduceDescription& step, const StepDim& dim) {
  double score = 0;
  for (size_t o = 0; o <= step.inputs.size(); ++o)
    if (dim.strides[o] == 1) score += elements(step, o);
  return score * std::min(static_cast<double>(dim.extent) / 16, 1.0);
}

size_t best(const MapReduceDescription& step, const std::vector<StepDim>& dims) {
  size_t best = 0;
  for (size_t d = 1; d < dims.size(); ++d)
    if (score(step, dims[d]) > score(step, dims[best])) best = d;
  return best;
}

// The kept dim to write along: the one the output is densest in.
size_t densest(const std::vector<StepDim>& kept, size_t output) {
  const auto key = [&](const StepDim& dim) {
    return std::pair(dim.extent == 1, std::abs(dim.strides[output]));
  };
  return static_cast<size_t>(
      std::min_element(kept.begin(), kept.end(),
                       [&](const StepDim& x, const StepDim& y) { return key(x) < key(y); }) -
      kept.begin());
}

// The kept dim, beside the columns, that an input is contiguous in; kept.size() if there is none.
size_t row_dim(const Prepared& prepared, const std::vector<StepDim>& kept) {
  for (size_t i = 0; i < prepared.inputs.size(); ++i) {
    if (std::abs(prepared.columns.strides[i]) <= 1) continue;
    for (size_t d = 0; d < kept.size(); ++d)
      if (kept[d].strides[i] == 1 && kept[d].extent > 1) return d;
  }
  return kept.size();
}

void choose_roles(Prepared& prepared, const MapReduceDescription& step) {
  const size_t operands = step.inputs.size() + 1;
  prepared.rows = prepared.columns = prepared.run = absent(operands);
  prepared.outer = step.kept;
  prepared.reduced = step.reduced;
  if (!step.reduced.empty()) {
    const size_t run = best(step, prepared.reduced);
    const double along_kept = step.kept.empty() ? 0 : score(step, step.kept[best(step, step.kept)]);
    prepared.sums_runs = step.kept.empty() || score(step, prepared.reduced[run]) > along_kept;
    if (prepared.sums_runs) prepared.run = take(prepared.reduced, run);
  }
  if (!prepared.outer.empty())
    prepared.columns = take(prepared.outer, densest(prepared.outer, operands - 1));
  if (prepared.sums_runs) return;
  const size_t rows = row_dim(prepared, prepared.outer);
  if (rows < prepared.outer.size()) prepared.rows = take(prepared.outer, rows);
}

void choose_tiles(Prepared& prepared) {
  const int64_t capacity = kTileBytes / prepared.compute_bytes;
  prepared.tile_rows = std::min(prepared.rows.extent, kTileRows);
  prepared.tile_columns = std::min(prepared.columns.extent,
                                   prepared.sums_runs ? kTileSums : capacity / prepared.tile_rows);
  prepared.tiles = extent_of(prepared.outer) * ceil_div(prepared.rows.extent, prepared.tile_rows) *
                   ceil_div(prepared.columns.extent, prepared.tile_columns);
  const double work = static_cast<double>(extent_of(prepared.outer)) *
                      static_cast<double>(prepared.rows.extent * prepared.columns.extent) *
                      static_cast<double>(extent_of(prepared.reduced)) *
                      static_cast<double>(prepared.run.extent);
  const auto tasks =
      static_cast<int64_t>(std::clamp(work / kTaskElements, 1.0, static_cast<double>(kMostTasks)));
  prepared.task_tiles = ceil_div(prepared.tiles, std::min(tasks, prepared.tiles));
}

// The buffers of a task: the sums, the product so far, one input, one column-wise input.
struct Buffers {
  char* sums;
  char* product;
  char* loaded;
  char* across;

  Buffers(void* scratch)
      : sums(static_cast<char*>(scratch)),
        product(sums + kTileBytes),
        loaded(product + kTileBytes),
        across(loaded + kTileBytes) {}
};

// Calls use(inputs) for every position of `dims`, with the inputs' addresses there.
void for_each_position(const std::vector<StepDim>& dims, const std::vector<Input>& inputs,
                       size_t level, std::vector<const char*>& places, const auto& use) {
  if (level == dims.size()) return use();
  const StepDim& dim = dims[level];
  for (int64_t position = 0; position < dim.extent; ++position) {
    for_each_position(dims, inputs, level + 1, places, use);
    for (size_t i = 0; i < inputs.size(); ++i) places[i] += dim.strides[i] * inputs[i].bytes;
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    places[i] -= dim.extent * dim.strides[i] * inputs[i].bytes;
}

class TileTask {
 public:
  TileTask(const Prepared& prepared, const EincArgs& args)
      : p_(prepared), args_(args), buffers_(args.task_scratch), places_(prepared.inputs.size()) {}

  void run(int64_t tile) {
    const int64_t column_tiles = ceil_div(p_.columns.extent, p_.tile_columns);
    const int64_t row_tiles = ceil_div(p_.rows.extent, p_.tile_rows);
    const int64_t column = tile % column_tiles * p_.tile_columns;
    tile /= column_tiles;
    const int64_t row = tile % row_tiles * p_.tile_rows;
    const int64_t outer = tile / row_tiles;
    rows_ = std::min(p_.tile_rows, p_.rows.extent - row);
    columns_ = std::min(p_.tile_columns, p_.columns.extent - column);
    const auto place = [&](size_t operand) {
      return offset_of(p_.outer, operand, outer) + row * p_.rows.strides[operand] +
             column * p_.columns.strides[operand];
    };
    for (size_t i = 0; i < p_.inputs.size(); ++i)
      places_[i] = static_cast<const char*>(args_.in[i]) + place(i) * p_.inputs[i].bytes;
    output_ = static_cast<char*>(args_.out) + place(p_.output()) * p_.output_bytes;
    const char* const sums = p_.sums_runs ? sum_runs() : sum_tiles();
    store(sums);
  }

 private:
  int64_t tile_elements() const { return rows_ * columns_; }
  size_t tile_bytes() const { return static_cast<size_t>(tile_elements() * p_.compute_bytes); }

  const char* sum_runs() {
    std::memset(buffers_.sums, 0, tile_bytes());
    for_each_position(p_.reduced, p_.inputs, 0, places_, [&] {
      const int64_t capacity = kTileBytes / p_.compute_bytes;
      for (int64_t column = 0; column < columns_; ++column)
        for (int64_t begin = 0; begin < p_.run.extent; begin += capacity)
          add_run(column, begin, std::min(capacity, p_.run.extent - begin));
    });
    return buffers_.sums;
  }

  void add_run(int64_t column, int64_t begin, int64_t n) {
    const auto run_of = [&](size_t i, char* buffer) {
      const int64_t stride = p_.run.strides[i];
      const int64_t offset = column * p_.columns.strides[i] + begin * stride;
      return load_run(p_.inputs[i], places_[i] + offset * p_.inputs[i].bytes, stride, n, buffer);
    };
    char* const sum = buffers_.sums + column * p_.compute_bytes;
    const size_t inputs = p_.inputs.size();
    if (inputs == 1) return p_.arithmetic.add_sum(run_of(0, buffers_.loaded), n, sum);
    const char* product = run_of(0, buffers_.product);
    for (size_t i = 1; i + 1 < inputs; ++i) {
      product = owned(product, n);
      p_.arithmetic.multiply(buffers_.product, run_of(i, buffers_.loaded), n);
    }
    p_.arithmetic.add_dot(product, run_of(inputs - 1, buffers_.loaded), n, sum);
  }

  // The product in the buffer that may be changed.
  const char* owned(const char* product, int64_t n) {
    if (product != buffers_.product)
      std::memcpy(buffers_.product, product, static_cast<size_t>(n * p_.compute_bytes));
    return buffers_.product;
  }

  static const char* load_run(const Input& input, const char* from, int64_t stride, int64_t n,
                              char* buffer) {
    if (input.is_direct && stride == 1) return from;
    input.load(from, stride, n, input.conjugate, buffer);
    return buffer;
  }

  // The sums of a tile, in the buffer of sums, or where a lone input lies.
  const char* sum_tiles() {
    if (p_.inputs.empty()) {
      std::memset(buffers_.sums, 0, tile_bytes());
      return buffers_.sums;
    }
    if (p_.reduced.empty()) return tile_product();
    std::memset(buffers_.sums, 0, tile_bytes());
    for_each_position(p_.reduced, p_.inputs, 0, places_,
                      [&] { p_.arithmetic.add(buffers_.sums, tile_product(), tile_elements()); });
    return buffers_.sums;
  }

  const char* tile_product() {
    const char* product = load_tile(0, buffers_.product);
    for (size_t i = 1; i < p_.inputs.size(); ++i) {
      product = owned(product, tile_elements());
      p_.arithmetic.multiply(buffers_.product, load_tile(i, buffers_.loaded), tile_elements());
    }
    return product;
  }

  // One input's elements of the tile, row by row.
  const char* load_tile(size_t i, char* buffer) {
    const Input& input = p_.inputs[i];
    const int64_t row_stride = p_.rows.strides[i];
    const int64_t column_stride = p_.columns.strides[i];
    if (!input.runs_along_rows) {
      if (rows_ == 1) return load_run(input, places_[i], column_stride, columns_, buffer);
      for (int64_t row = 0; row < rows_; ++row)
        input.load(places_[i] + row * row_stride * input.bytes, column_stride, columns_,
                   input.conjugate, buffer + row * columns_ * p_.compute_bytes);
      return buffer;
    }
    for (int64_t column = 0; column < columns_; ++column)
      input.load(places_[i] + column * column_stride * input.bytes, row_stride, rows_,
                 input.conjugate, buffers_.across + column * rows_ * p_.compute_bytes);
    p_.arithmetic.transpose(buffers_.across, columns_, rows_, buffer);
    return buffer;
  }

  void store(const char* sums) {
    const int64_t row_stride = p_.rows.strides[p_.output()];
    const int64_t column_stride = p_.columns.strides[p_.output()];
    for (int64_t row = 0; row < rows_; ++row) {
      const char* values = sums + row * columns_ * p_.compute_bytes;
      char* const to = output_ + row * row_stride * p_.output_bytes;
      if (p_.accumulates) {
        p_.load_output(to, column_stride, columns_, false, buffers_.loaded);
        p_.arithmetic.add(buffers_.loaded, values, columns_);
        values = buffers_.loaded;
      }
      p_.store(values, columns_, to, column_stride);
    }
  }

  const Prepared& p_;
  const EincArgs& args_;
  Buffers buffers_;
  std::vector<const char*> places_;  // of each input, at the tile and the position summed
  char* output_ = nullptr;
  int64_t rows_ = 1;
  int64_t columns_ = 1;
};

void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& prepared = *static_cast<const Prepared*>(args->description);
  TileTask tile_task(prepared, *args);
  const int64_t end = std::min(prepared.tiles, (task + 1) * prepared.task_tiles);
  for (int64_t tile = task * prepared.task_tiles; tile < end; ++tile) tile_task.run(tile);
}

std::string describe(const Prepared& prepared) {
  if (prepared.sums_runs)
    return "map_reduce: sums along runs of " + std::to_string(prepared.run.extent) + ", tasks: ";
  return "map_reduce: tiles of " + std::to_string(prepared.tile_rows) + " x " +
         std::to_string(prepared.tile_columns) + ", tasks: ";
}

}  // namespace

PrecompiledStep map_reduce_step(const MapReduceDescription& step) {
  auto prepared = std::make_shared<Prepared>();
  for (const StepTensor& input : step.inputs)
    prepared->inputs.push_back({.load = find_load(input.dtype, step.compute),
                                .bytes = info(input.dtype).bytes,
                                .conjugate = input.conjugate,
                                .is_direct = input.dtype == step.compute && !input.conjugate &&
                                             input.dtype != DType::kBool,
                                .runs_along_rows = false});
  prepared->arithmetic = run_arithmetic(step.compute);
  prepared->load_output = find_load(step.output.dtype, step.compute);
  prepared->store = find_store(step.compute, step.output.dtype);
  prepared->output_bytes = info(step.output.dtype).bytes;
  prepared->compute_bytes = info(step.compute).bytes;
  prepared->accumulates = step.accumulates;
  choose_roles(*prepared, step);
  for (size_t i = 0; i < step.inputs.size(); ++i)
    prepared->inputs[i].runs_along_rows =
        prepared->rows.strides[i] == 1 && std::abs(prepared->columns.strides[i]) > 1;
  choose_tiles(*prepared);
  auto code = std::make_shared<Code>();
  code->entry = run_task;
  code->phase_tasks = {ceil_div(prepared->tiles, prepared->task_tiles)};
  code->task_scratch_bytes = 4 * kTileBytes;
  std::string text = describe(*prepared) + std::to_string(code->phase_tasks[0]);
  return {std::move(code), std::move(prepared), std::move(text)};
}

}  // namespace einc
