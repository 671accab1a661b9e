// A task owns a block of C, and for one block of K after the other packs its parts of A and B and
// multiplies them, panel by panel. Tasks share nothing, so that they need no barrier; how K is cut
// depends on the description alone, and with it every bit of the result.

#include "runtime/kernels/contraction.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "runtime/abi.h"
#include "runtime/kernels/microkernel.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"

namespace einc {
namespace {

constexpr int64_t kDepthBytes = 1024;     // of a row of K in a panel: a panel of B fills half of L1
constexpr int64_t kBlockBytes = 1 << 18;  // of a block of A, a quarter of L2
constexpr int64_t kMostColumns = 512;     // of a block of C
constexpr double kTaskFlops = 1e6;        // a task is not worth handing over for less
constexpr int64_t kAlignment = 64;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t multiple) { return ceil_div(a, multiple) * multiple; }

// One side of the product: A with its rows, or B with its columns, each against K.
struct Side {
  size_t operand;
  LoadRun load;
  int64_t bytes;
  bool conjugate;
  bool runs_along_k;  // else along the side
  int64_t width;      // of a panel
};

struct Prepared {
  ContractionDescription step;
  Microkernel microkernel;
  RunArithmetic arithmetic;
  Side a, b;
  LoadRun load_c;
  StoreRun store_c;
  int64_t compute_bytes;
  int64_t m, n, k;
  int64_t mc, nc, kc;  // extents of a block
  int64_t blocks;      // of C, all batches together
  int64_t task_blocks;
  int64_t b_offset, rest_offset;  // bytes into task scratch
};

// The last dim of a group and how far it can be walked from a position.
struct Run {
  int64_t stride;
  int64_t length;
};
Run run_at(const std::vector<StepDim>& dims, size_t operand, int64_t position, int64_t end) {
  if (dims.empty()) return {0, 1};
  const StepDim& last = dims.back();
  return {last.strides[operand], std::min(last.extent - position % last.extent, end - position)};
}

// ---- Packing

// Packs [begin, begin + extent) of a side against [k_begin, k_begin + depth) of K, in panels of
// `width`, each `depth` deep.
class Packer {
 public:
  Packer(const Prepared& prepared, const Side& side, const std::vector<StepDim>& dims,
         const char* from, char* scratch)
      : p_(prepared), side_(side), dims_(dims), from_(from), scratch_(scratch) {}

  void pack(int64_t begin, int64_t extent, int64_t k_begin, int64_t depth, char* panels) {
    const int64_t panel_bytes = side_.width * depth * p_.compute_bytes;
    for (int64_t first = 0; first < extent; first += side_.width, panels += panel_bytes) {
      const int64_t n = std::min(side_.width, extent - first);
      side_.runs_along_k ? pack_along_k(begin + first, n, k_begin, depth, panels)
                         : pack_along_side(begin + first, n, k_begin, depth, panels);
    }
  }

 private:
  void pack_along_k(int64_t begin, int64_t n, int64_t k_begin, int64_t depth, char* panel) {
    for (int64_t i = 0; i < n; ++i)
      load(p_.step.k, offset_of(dims_, side_.operand, begin + i), k_begin, depth,
           scratch_ + i * depth * p_.compute_bytes);
    p_.microkernel.pack_transposed(scratch_, n, depth, side_.width, panel);
  }

  void pack_along_side(int64_t begin, int64_t n, int64_t k_begin, int64_t depth, char* panel) {
    for (int64_t p = 0; p < depth; ++p) {
      load(dims_, offset_of(p_.step.k, side_.operand, k_begin + p), begin, n, scratch_);
      p_.microkernel.pack(scratch_, n, side_.width, panel + p * side_.width * p_.compute_bytes);
    }
  }

  // [begin, begin + n) of `dims`, as many runs as there are.
  void load(const std::vector<StepDim>& dims, int64_t offset, int64_t begin, int64_t n, char* to) {
    const int64_t end = begin + n;
    while (begin < end) {
      const Run run = run_at(dims, side_.operand, begin, end);
      const char* const from =
          from_ + (offset + offset_of(dims, side_.operand, begin)) * side_.bytes;
      side_.load(from, run.stride, run.length, side_.conjugate, to);
      to += run.length * p_.compute_bytes;
      begin += run.length;
    }
  }

  const Prepared& p_;
  const Side& side_;
  const std::vector<StepDim>& dims_;
  const char* from_;
  char* scratch_;
};

// ---- A task

class Task {
 public:
  Task(const Prepared& prepared, const EincArgs& args)
      : p_(prepared),
        args_(args),
        a_(static_cast<char*>(args.task_scratch)),
        b_(a_ + prepared.b_offset),
        rest_(a_ + prepared.rest_offset) {}

  void run(int64_t block) {
    const int64_t n_blocks = ceil_div(p_.n, p_.nc);
    const int64_t m_blocks = ceil_div(p_.m, p_.mc);
    const int64_t n_begin = block % n_blocks * p_.nc;
    block /= n_blocks;
    const int64_t m_begin = block % m_blocks * p_.mc;
    const int64_t batch = block / m_blocks;
    const int64_t m = std::min(p_.mc, p_.m - m_begin);
    const int64_t n = std::min(p_.nc, p_.n - n_begin);
    const auto place = [&](const void* base, size_t operand, int64_t bytes) {
      return static_cast<const char*>(base) + offset_of(p_.step.batch, operand, batch) * bytes;
    };
    Packer pack_a(p_, p_.a, p_.step.m, place(args_.in[0], 0, p_.a.bytes), rest_);
    Packer pack_b(p_, p_.b, p_.step.n, place(args_.in[1], 1, p_.b.bytes), rest_);
    const int64_t c_bytes = info(p_.step.c.dtype).bytes;
    c_ = static_cast<char*>(args_.out) + offset_of(p_.step.batch, 2, batch) * c_bytes;
    for (int64_t k_begin = 0; k_begin < p_.k; k_begin += p_.kc) {
      const int64_t depth = std::min(p_.kc, p_.k - k_begin);
      adds_ = p_.step.accumulates || k_begin > 0;
      pack_b.pack(n_begin, n, k_begin, depth, b_);
      pack_a.pack(m_begin, m, k_begin, depth, a_);
      multiply(m_begin, m, n_begin, n, depth);
    }
  }

 private:
  void multiply(int64_t m_begin, int64_t m, int64_t n_begin, int64_t n, int64_t depth) {
    const int64_t mr = p_.microkernel.rows;
    const int64_t nr = p_.microkernel.columns;
    for (int64_t j = 0; j < n; j += nr)
      for (int64_t i = 0; i < m; i += mr) {
        p_.microkernel.run(depth, a_ + i * depth * p_.compute_bytes,
                           b_ + j * depth * p_.compute_bytes, rest_);
        store_tile(m_begin + i, std::min(mr, m - i), n_begin + j, std::min(nr, n - j));
      }
  }

  // The tile's rows, as many runs of C as each is.
  void store_tile(int64_t m_begin, int64_t rows, int64_t n_begin, int64_t columns) {
    const int64_t nr = p_.microkernel.columns;
    const int64_t c_bytes = info(p_.step.c.dtype).bytes;
    char* const sum = rest_ + p_.microkernel.rows * nr * p_.compute_bytes;
    const int64_t end = n_begin + columns;
    for (int64_t column = n_begin; column < end;) {
      const Run run = run_at(p_.step.n, 2, column, end);
      const int64_t n_offset = offset_of(p_.step.n, 2, column);
      for (int64_t row = 0; row < rows; ++row) {
        char* const to = c_ + (offset_of(p_.step.m, 2, m_begin + row) + n_offset) * c_bytes;
        const char* values = rest_ + (row * nr + column - n_begin) * p_.compute_bytes;
        if (adds_) {
          p_.load_c(to, run.stride, run.length, false, sum);
          p_.arithmetic.add(sum, values, run.length);
          values = sum;
        }
        p_.store_c(values, run.length, to, run.stride);
      }
      column += run.length;
    }
  }

  const Prepared& p_;
  const EincArgs& args_;
  char* a_;     // packed
  char* b_;     // packed
  char* rest_;  // what packing needs; then a tile, and a row of it
  char* c_ = nullptr;
  bool adds_ = false;
};

void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& prepared = *static_cast<const Prepared*>(args->description);
  Task blocks(prepared, *args);
  const int64_t end = std::min(prepared.blocks, (task + 1) * prepared.task_blocks);
  for (int64_t block = task * prepared.task_blocks; block < end; ++block) blocks.run(block);
}

// ---- Preparation

Side side_of(const ContractionDescription& step, size_t operand, const StepTensor& tensor,
             const std::vector<StepDim>& dims, int64_t width) {
  const auto step_along = [&](const std::vector<StepDim>& group) {
    return group.empty() ? INT64_MAX : std::abs(group.back().strides[operand]);
  };
  return {.operand = operand,
          .load = find_load(tensor.dtype, step.compute),
          .bytes = info(tensor.dtype).bytes,
          .conjugate = tensor.conjugate,
          .runs_along_k = step_along(step.k) < step_along(dims),
          .width = width};
}

// Equal shares of an extent, none above `most`.
int64_t share(int64_t extent, int64_t most, int64_t multiple) {
  return round_up(ceil_div(extent, ceil_div(extent, most)), multiple);
}

void choose_blocks(Prepared& prepared) {
  const ContractionDescription& step = prepared.step;
  prepared.m = extent_of(step.m);
  prepared.n = extent_of(step.n);
  prepared.k = extent_of(step.k);
  const int64_t depth = kDepthBytes / prepared.compute_bytes;
  prepared.kc = is_narrow_float(step.c.dtype) ? prepared.k : share(prepared.k, depth, 1);
  const int64_t most_rows =
      std::max(kBlockBytes / (prepared.kc * prepared.compute_bytes), prepared.microkernel.rows);
  prepared.mc = share(prepared.m, most_rows, prepared.microkernel.rows);
  prepared.nc = share(prepared.n, std::max(kMostColumns, prepared.microkernel.columns),
                      prepared.microkernel.columns);
  prepared.blocks =
      extent_of(step.batch) * ceil_div(prepared.m, prepared.mc) * ceil_div(prepared.n, prepared.nc);
  const double flops = static_cast<double>(std::min(prepared.mc, prepared.m)) *
                       static_cast<double>(std::min(prepared.nc, prepared.n)) *
                       static_cast<double>(prepared.k);
  prepared.task_blocks = std::clamp<int64_t>(static_cast<int64_t>(kTaskFlops / flops), 1,
                                             ceil_div(prepared.blocks, 4));
}

std::string describe(const Prepared& prepared) {
  const auto extents = [](int64_t m, int64_t n) {
    return std::to_string(m) + " x " + std::to_string(n);
  };
  return "contraction: packed, tiles of " +
         extents(prepared.microkernel.rows, prepared.microkernel.columns) + ", blocks of " +
         extents(prepared.mc, prepared.nc) + " x " + std::to_string(prepared.kc) + ", tasks: ";
}

}  // namespace

PrecompiledStep contraction_step(const ContractionDescription& step) {
  auto prepared = std::make_shared<Prepared>();
  prepared->step = step;
  prepared->microkernel = microkernel(step.compute);
  prepared->arithmetic = run_arithmetic(step.compute);
  prepared->compute_bytes = info(step.compute).bytes;
  prepared->a = side_of(step, 0, step.a, step.m, prepared->microkernel.rows);
  prepared->b = side_of(step, 1, step.b, step.n, prepared->microkernel.columns);
  prepared->load_c = find_load(step.c.dtype, step.compute);
  prepared->store_c = find_store(step.compute, step.c.dtype);
  choose_blocks(*prepared);

  const int64_t bytes = prepared->compute_bytes;
  const int64_t mr = prepared->microkernel.rows;
  const int64_t nr = prepared->microkernel.columns;
  const int64_t packing = std::max(mr, nr) * prepared->kc * bytes;
  const int64_t tile = (mr + 1) * nr * bytes;
  prepared->b_offset = round_up(round_up(prepared->mc, mr) * prepared->kc * bytes, kAlignment);
  prepared->rest_offset =
      prepared->b_offset + round_up(round_up(prepared->nc, nr) * prepared->kc * bytes, kAlignment);
  auto code = std::make_shared<Code>();
  code->entry = run_task;
  code->phase_tasks = {ceil_div(prepared->blocks, prepared->task_blocks)};
  code->task_scratch_bytes = prepared->rest_offset + std::max(packing, tile);
  std::string text = describe(*prepared) + std::to_string(code->phase_tasks[0]);
  return {std::move(code), std::move(prepared), std::move(text)};
}

}  // namespace einc
