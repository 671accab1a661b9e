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
#include "runtime/kernels/packer.h"
#include "runtime/kernels/runs.h"
#include "runtime/kernels/step.h"
#include "runtime/program.h"
#include "runtime/word_products.h"

namespace einc {
namespace {

constexpr int64_t kDepthBytes = 1024;     // of a row of K: a panel of A is a part of L1
constexpr int64_t kBlockBytes = 1 << 18;  // of a packed block, so that two fit L2
constexpr double kTaskFlops = 1e6;        // a task is not worth handing over for less
constexpr int64_t kAlignment = 64;

int64_t round_up(int64_t a, int64_t multiple) { return ceil_div(a, multiple) * multiple; }

// Where the parts of task scratch begin, in bytes.
struct ScratchPlan {
  int64_t b = 0;        // packed; A is at 0
  int64_t rest = 0;     // what packing loads; then a tile, and a row of it
  int64_t offsets = 0;  // six tables
  int64_t total = 0;
};

struct Prepared {
  ContractionDescription step;
  Microkernel microkernel;
  RunArithmetic arithmetic;
  Side a, b;
  LoadRun load_c;
  StoreRun store_c;
  bool stores_tiles;  // C holds the compute dtype, and its rows are contiguous
  int64_t compute_bytes;
  int64_t c_bytes;
  int64_t m, n, k;
  int64_t mc, nc, kc;  // extents of a block
  int64_t blocks;      // of C, all batches together
  int64_t task_blocks;
  ScratchPlan scratch;
};

// ---- A task

// The part of a group of dims that a block has, and its offsets into two operands.
struct BlockOffsets {
  int64_t* first;
  int64_t* second;
  int64_t begin = -1;
  int64_t size = 0;

  // [start, start + most), as far as there are positions. Does nothing if that is the part already.
  void enter(const std::vector<StepDim>& dims, size_t first_operand, size_t second_operand,
             int64_t start, int64_t positions, int64_t most) {
    if (start == begin) return;
    begin = start;
    size = std::min(most, positions - start);
    fill_offsets(dims, first_operand, begin, size, first);
    fill_offsets(dims, second_operand, begin, size, second);
  }
};

class Task {
 public:
  Task(const Prepared& prepared, const EincArgs& args)
      : p_(prepared),
        args_(args),
        a_(static_cast<char*>(args.task_scratch)),
        b_(a_ + prepared.scratch.b),
        rest_(a_ + prepared.scratch.rest) {
    auto* table = reinterpret_cast<int64_t*>(a_ + prepared.scratch.offsets);
    const auto tables_of = [&](int64_t size) {
      int64_t* const first = std::exchange(table, table + 2 * size);
      return BlockOffsets{first, first + size};
    };
    m_ = tables_of(prepared.mc);
    n_ = tables_of(prepared.nc);
    k_ = tables_of(prepared.kc);
  }

  void run(int64_t block) {
    const int64_t n_blocks = ceil_div(p_.n, p_.nc);
    const int64_t m_blocks = ceil_div(p_.m, p_.mc);
    n_.enter(p_.step.n, p_.b.operand, 2, block % n_blocks * p_.nc, p_.n, p_.nc);
    block /= n_blocks;
    m_.enter(p_.step.m, p_.a.operand, 2, block % m_blocks * p_.mc, p_.m, p_.mc);
    const int64_t batch = block / m_blocks;
    const auto place = [&](const void* base, size_t operand, DType dtype) {
      return static_cast<const char*>(base) +
             offset_of(p_.step.batch, operand, batch) * info(dtype).bytes;
    };
    const char* const a = place(args_.in[p_.a.operand], p_.a.operand, p_.step.a.dtype);
    const char* const b = place(args_.in[p_.b.operand], p_.b.operand, p_.step.b.dtype);
    c_ = const_cast<char*>(place(args_.out, 2, p_.step.c.dtype));
    for (int64_t k_begin = 0; k_begin < p_.k; k_begin += p_.kc) {
      k_.enter(p_.step.k, p_.a.operand, p_.b.operand, k_begin, p_.k, p_.kc);
      adds_ = p_.step.accumulates || k_begin > 0;
      pack(p_.b, p_.microkernel, {b, n_.begin, n_.size, n_.first, k_begin, k_.size, k_.second},
           rest_, b_);
      pack(p_.a, p_.microkernel, {a, m_.begin, m_.size, m_.first, k_begin, k_.size, k_.first},
           rest_, a_);
      multiply(k_.size);
    }
  }

 private:
  // A panel of A stays in L1 while those of B come from L2.
  void multiply(int64_t depth) {
    const int64_t mr = p_.microkernel.rows;
    const int64_t nr = p_.microkernel.columns;
    for (int64_t i = 0; i < m_.size; i += mr)
      for (int64_t j = 0; j < n_.size; j += nr) {
        p_.microkernel.run(p_.microkernel.steps(depth), a_ + i * depth * p_.compute_bytes,
                           b_ + j * depth * p_.compute_bytes, rest_);
        const int64_t rows = std::min(mr, m_.size - i);
        const int64_t columns = std::min(nr, n_.size - j);
        store_tile(i, rows, j, columns);
      }
  }

  // The tile's rows, as many runs of C as each is.
  void store_tile(int64_t m_first, int64_t rows, int64_t n_first, int64_t columns) {
    const int64_t position = n_.begin + n_first;
    for (int64_t j = 0; j < columns;) {
      const int64_t run = run_at(p_.step.n, position + j, position + columns);
      const char* const values = rest_ + j * p_.compute_bytes;
      char* const to = c_ + n_.second[n_first + j] * p_.c_bytes;
      if (p_.stores_tiles) {
        p_.microkernel.store(values, rows, run, adds_, m_.second + m_first, to);
      } else {
        store_rows(values, rows, run, m_.second + m_first, to);
      }
      j += run;
    }
  }

  void store_rows(const char* values, int64_t rows, int64_t n, const int64_t* row_offsets,
                  char* c) {
    const int64_t row_bytes = p_.microkernel.columns * p_.compute_bytes;
    const int64_t stride = last_stride(p_.step.n, 2);
    char* const sum = rest_ + p_.microkernel.rows * row_bytes;
    for (int64_t row = 0; row < rows; ++row, values += row_bytes) {
      char* const to = c + row_offsets[row] * p_.c_bytes;
      if (adds_) {
        p_.load_c(to, stride, n, false, sum);
        p_.arithmetic.add(sum, values, n);
      }
      p_.store_c(adds_ ? sum : values, n, to, stride);
    }
  }

  const Prepared& p_;
  const EincArgs& args_;
  char* a_;     // packed
  char* b_;     // packed
  char* rest_;  // what packing loads; then a tile, and a row of it
  char* c_ = nullptr;
  bool adds_ = false;
  BlockOffsets m_, n_, k_;  // into A and C, B and C, A and B
};

void run_task(const EincArgs* args, int32_t, int64_t task) {
  const auto& prepared = *static_cast<const Prepared*>(args->description);
  Task blocks(prepared, *args);
  const int64_t end = std::min(prepared.blocks, (task + 1) * prepared.task_blocks);
  for (int64_t block = task * prepared.task_blocks; block < end; ++block) blocks.run(block);
}

// ---- Preparation

// C^T = B^T A^T where that makes the rows of C contiguous.
bool is_better_transposed(const ContractionDescription& step) {
  const auto steps = [&](const std::vector<StepDim>& dims) {
    return dims.empty() ? INT64_MAX : std::abs(last_stride(dims, 2));
  };
  return steps(step.m) < steps(step.n);
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
  const int64_t most = kBlockBytes / (prepared.kc * prepared.compute_bytes);
  const auto block = [&](int64_t extent, int64_t width) {
    return share(extent, std::max(most, width), width);
  };
  prepared.mc = block(prepared.m, prepared.microkernel.rows);
  prepared.nc = block(prepared.n, prepared.microkernel.columns);
  prepared.blocks =
      extent_of(step.batch) * ceil_div(prepared.m, prepared.mc) * ceil_div(prepared.n, prepared.nc);
  const double flops = static_cast<double>(std::min(prepared.mc, prepared.m)) *
                       static_cast<double>(std::min(prepared.nc, prepared.n)) *
                       static_cast<double>(prepared.k);
  prepared.task_blocks = std::clamp<int64_t>(static_cast<int64_t>(kTaskFlops / flops), 1,
                                             ceil_div(prepared.blocks, 4));
}

ScratchPlan plan_scratch(const Prepared& prepared) {
  const int64_t mr = prepared.microkernel.rows;
  const int64_t nr = prepared.microkernel.columns;
  const auto bytes = [&](int64_t elements) {
    return round_up(elements * prepared.compute_bytes, kAlignment);
  };
  const int64_t packing = std::max(mr, nr) * prepared.kc;
  const int64_t tile = (mr + 1) * nr;
  ScratchPlan plan;
  plan.b = bytes(prepared.mc * prepared.kc);
  plan.rest = plan.b + bytes(prepared.nc * prepared.kc);
  plan.offsets = plan.rest + bytes(std::max(packing, tile));
  plan.total = plan.offsets + 2 * (prepared.mc + prepared.nc + prepared.kc) *
                                  static_cast<int64_t>(sizeof(int64_t));
  return plan;
}

std::string describe(const Prepared& prepared) {
  const auto extents = [](int64_t m, int64_t n) {
    return std::to_string(m) + " x " + std::to_string(n);
  };
  return std::string(prepared.microkernel.join == nullptr
                         ? "contraction: packed, tiles of "
                         : "contraction by twos: packed, tiles of ") +
         extents(prepared.microkernel.rows, prepared.microkernel.columns) + ", blocks of " +
         extents(prepared.mc, prepared.nc) + " x " + std::to_string(prepared.kc) + ", tasks: ";
}

}  // namespace

PrecompiledStep contraction_step(const ContractionDescription& description) {
  auto prepared = std::make_shared<Prepared>();
  ContractionDescription& step = prepared->step;
  step = description;
  const bool is_transposed = is_better_transposed(step);
  if (is_transposed) {
    std::swap(step.a, step.b);
    std::swap(step.m, step.n);
  }
  prepared->microkernel = may_multiply_as_halves(step.a.dtype, step.b.dtype, step.c.dtype)
                              ? halves_microkernel()
                              : microkernel(step.compute);
  prepared->arithmetic = run_arithmetic(step.compute);
  prepared->compute_bytes = info(step.compute).bytes;
  prepared->c_bytes = info(step.c.dtype).bytes;
  const Microkernel& tile = prepared->microkernel;
  prepared->a = side_of(is_transposed ? 1 : 0, step.a, step.compute, step.m, step.k, tile.rows);
  prepared->b = side_of(is_transposed ? 0 : 1, step.b, step.compute, step.n, step.k, tile.columns);
  prepared->load_c = find_load(step.c.dtype, step.compute);
  prepared->store_c = find_store(step.compute, step.c.dtype);
  prepared->stores_tiles = step.c.dtype == step.compute && last_stride(step.n, 2) == 1;
  choose_blocks(*prepared);
  prepared->scratch = plan_scratch(*prepared);

  auto code = std::make_shared<Code>();
  code->entry = run_task;
  code->phase_tasks = {ceil_div(prepared->blocks, prepared->task_blocks)};
  code->task_scratch_bytes = prepared->scratch.total;
  std::string text = describe(*prepared) + std::to_string(code->phase_tasks[0]);
  return {std::move(code), std::move(prepared), std::move(text)};
}

}  // namespace einc
