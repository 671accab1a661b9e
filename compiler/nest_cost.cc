#include "compiler/nest_cost.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/nest_memory.h"
#include "compiler/operand_places.h"
#include "compiler/register_tile.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

// Of of_tile(tile, ranges), over all runs of all tiles.
double sum_over_tiles(const std::vector<Node>& body, const Ranges& ranges, const auto& of_tile) {
  double sum = 0;
  for (const Node& node : body) {
    if (const auto* loop = std::get_if<Loop>(&node)) {
      sum += trips(*loop, ranges) * sum_over_tiles(loop->body, inside(*loop, ranges), of_tile);
    } else if (const auto* inner = body_run_once(node)) {
      sum += sum_over_tiles(*inner, ranges, of_tile);
    } else {
      sum += of_tile(std::get<Tile>(node), ranges);
    }
  }
  return sum;
}

double sum_over_tiles(const LoopNest& nest, const auto& of_tile) {
  Ranges ranges;
  for (const Axis& axis : nest.axes) ranges.push_back(static_cast<double>(axis.extent));
  return sum_over_tiles(nest.body, ranges, of_tile);
}

double terms_of(const Tile& tile, const Ranges& ranges) {
  double terms = 1;
  for (const int axis : tile.reduce_axes) terms *= ranges[static_cast<size_t>(axis)];
  return terms;
}

class Instructions {
 public:
  Instructions(const LoopNest& nest, const Target& target) : nest_(nest), target_(target) {}

  double of_tile(const Tile& tile, const Ranges& ranges) const {
    if (tile.in_matrices) return of_matrices(tile, ranges);
    const double rows = positions(tile.rows, ranges);
    const double width = positions(tile.columns, ranges);
    double steps = terms_of(tile, ranges);
    const bool sums_lanes = !tile.columns.empty() && !tile.reduce_axes.empty() &&
                            tile.columns[0].axis == tile.reduce_axes.back();
    if (sums_lanes) steps = std::ceil(steps / width);
    const double vectors =
        sums_lanes || !is_in_order(tile, rows)
            ? std::ceil(width / tile.lanes)
            : vectors_of(std::llround(width), tile.lanes, nest_.compute, target_);

    double loads = 0;
    double parting = 0;
    for (const int input : tile.inputs) {
      const double own = load(input, tile, ranges, rows, width, vectors);
      loads += parts() * conversion(input) * own;
      parting += part_pairs(input, tile, rows, vectors) + making_words(input, tile) * own;
    }
    const auto products = static_cast<double>(tile.inputs.size()) - 1;
    const double arithmetic =
        parts() * parts() * rows * vectors * std::max(products, 0.5) * rate(tile) + parting;
    const double stores = parts() * store(tile, rows, width, vectors, sums_lanes);
    const double busy = steps * (std::max(arithmetic / 2, loads / 2) + 0.5) + stores;
    // A sum has to wait for the one before.
    constexpr double kLatency = 4;
    const double waiting = tile.reduce_axes.empty() ? 0 : steps * kLatency;
    // What instructions of a tile do not fill the window in which they are reordered, those of the
    // next tiles do.
    constexpr double kWindow = 400;
    const double tiles_at_once = std::max(kWindow / (steps * (arithmetic + loads) + stores), 1.0);
    const bool is_unrolled =
        steps <= kMostUnrolledTerms && steps * rows * vectors <= kMostUnrolledProducts;
    return std::max(busy, waiting / tiles_at_once) + (is_unrolled ? 2 : 10);
  }

 private:
  // A register of terms takes as many cycles to multiply as it has rows; two rows of it are loaded
  // in one.
  double of_matrices(const Tile& tile, const Ranges& ranges) const {
    constexpr double kStart = 50;
    constexpr auto kSide = static_cast<double>(kMatrixSide);
    const double down = positions(tile.rows, ranges) / kSide;
    const double across = positions(tile.columns, ranges) / kSide;
    const double steps = terms_of(tile, ranges) / kSide;
    const double loads = (down + across) * kSide / 2;
    const double stores = 2 * down * across * kSide;
    return steps * std::max(kSide * down * across, loads) + stores + kStart;
  }

  // Whether vectors come and go without anything being put into order.
  bool is_in_order(const Tile& tile, double rows) const {
    const auto comes_in_order = [&](int operand) {
      return !nest_.depends_on(operand, tile.columns) || nest_.is_contiguous(operand, tile.columns);
    };
    return !tile.pads && std::all_of(tile.inputs.begin(), tile.inputs.end(), comes_in_order) &&
           (comes_in_order(tile.output) || nest_.stores_blocks(tile, static_cast<int64_t>(rows)));
  }

  // How many times as long as others a tile's multiply-adds take.
  double rate(const Tile& tile) const {
    const bool adds_words = nest_.reads_words(tile) && !tile.reduce_axes.empty();
    return adds_words && nest_.compute == DType::kFloat32 ? target_.bf16_words_take : 1;
  }

  // Real numbers of an element, in registers of their own.
  int parts() const { return info(nest_.compute).kind == Kind::kComplex ? 2 : 1; }

  // Loads, in units of half a cycle.
  double load(int input, const Tile& tile, const Ranges& ranges, double rows, double width,
              double vectors) const {
    const double own_rows = rows_of(input, tile, ranges);
    if (!nest_.depends_on(input, tile.columns)) return own_rows;
    if (tile.lanes == 1 || nest_.is_contiguous(input, tile.columns)) return own_rows * vectors;
    if (const double n = neighbours(input, tile); n > 1)
      return vectors * n * (1 + 2 * std::max(parts() * n - 1, 1.0)) / terms_at_once(input, tile);
    // Of few rows, a square is mostly empty.
    const double one_by_one = 2 * own_rows * width;
    return is_transposed(input, tile) ? std::min(width + 2 * shuffles(rows, width), one_by_one)
                                      : one_by_one;
  }

  // Rows that differ in an operand.
  double rows_of(int operand, const Tile& tile, const Ranges& ranges) const {
    double product = 1;
    for (const TileDim& dim : tile.rows)
      if (nest_.stride(operand, dim.axis) != 0) product *= positions({dim}, ranges);
    return product;
  }

  // Instructions that put real and imaginary parts, which lie in pairs, into vectors of their own,
  // in units of half a cycle; they take the place of arithmetic.
  double part_pairs(int input, const Tile& tile, double rows, double vectors) const {
    constexpr double kParting = 6;
    if (parts() == 1 || nest_.is_buffer(input) || !nest_.depends_on(input, tile.columns)) return 0;
    return kParting * (nest_.depends_on(input, tile.rows) ? rows : 1) * vectors;
  }

  // Instructions that make words of what a load of an input brings, likewise: bytes may be widened,
  // and terms of the same word put together.
  double making_words(int input, const Tile& tile) const {
    constexpr double kJoining = 6;  // each term, but the first
    if (!nest_.reads_words(tile) || nest_.is_buffer(input)) return 0;
    const NestOperand& operand = nest_.inputs[static_cast<size_t>(input)];
    const auto terms = static_cast<double>(nest_.word_terms());
    const bool is_widened = terms * info(operand.dtype).bytes < kWordBytes;
    // A vector is widened as it is loaded.
    const double widening = !is_widened ? 0 : nest_.depends_on(input, tile.columns) ? 1 : 3;
    const bool lies_in_words = operand.in_words || nest_.unit(input) > 1;
    return lies_in_words ? widening : terms * widening + kJoining * (terms - 1) + 1;
  }

  // How many times as much a load takes that has to change the type.
  double conversion(int input) const {
    constexpr double kConversion = 3;
    if (nest_.is_buffer(input)) return 1;
    const NestOperand& operand = nest_.inputs[static_cast<size_t>(input)];
    const bool comes_whole = operand.in_words && nest_.element_bytes(input) == kWordBytes;
    return operand.dtype == nest_.compute || comes_whole ? 1 : kConversion;
  }

  double store(const Tile& tile, double rows, double width, double vectors, bool sums_lanes) const {
    if (sums_lanes) return rows * (vectors + std::log2(tile.lanes) + 1);
    if (!nest_.depends_on(tile.output, tile.columns) || tile.lanes == 1 ||
        nest_.is_contiguous(tile.output, tile.columns))
      return rows * vectors * (std::fmod(width, tile.lanes) != 0 && !target_.has_masks ? 2 : 1);
    if (const double n = neighbours(tile.output, tile); n > 1) return vectors * n * parts() * n;
    if (is_transposed(tile.output, tile)) return width + shuffles(rows, width);
    if (nest_.stores_blocks(tile, static_cast<int64_t>(rows)))
      return 1.5 * rows * width / static_cast<double>(block_lanes(nest_.compute)) +
             3 * rows * vectors;
    const auto run = static_cast<double>(nest_.run_of_columns(tile.output, tile.columns));
    return 1.5 * rows * std::min(vectors + width / run, width);
  }

  // Elements that one column has side by side, if the next column's come right after them: they are
  // loaded whole and taken apart in registers.
  double neighbours(int operand, const Tile& tile) const {
    constexpr double kMost = 16;
    if (tile.columns.size() != 1 || tile.lanes == 1 || nest_.unit(operand) > 1) return 1;
    double product = terms_at_once(operand, tile);
    for (const TileDim& dim : tile.rows)
      if (nest_.stride(operand, dim.axis) != 0) product *= static_cast<double>(dim.count);
    const int64_t apart = nest_.stride(operand, tile.columns[0].axis);
    return product <= kMost && static_cast<double>(apart) == product ? product : 1;
  }

  // Of a sum's innermost labels, which take no loop; those that differ in an operand.
  double terms_at_once(int operand, const Tile& tile) const {
    const int64_t registers = count_of(tile.rows) * ceil_div(count_of(tile.columns), tile.lanes);
    int64_t terms = 1;
    double own = 1;
    for (size_t level = tile.reduce_axes.size(); level-- > 0;) {
      const int axis = tile.reduce_axes[level];
      terms *= nest_.axes[static_cast<size_t>(axis)].extent;
      if (terms > kMostUnrolledTerms || terms * registers > kMostUnrolledProducts) break;
      if (nest_.stride(operand, axis) != 0)
        own *= static_cast<double>(nest_.axes[static_cast<size_t>(axis)].extent);
    }
    return own;
  }

  // Of a transposition, in the smallest square that holds it.
  static double shuffles(double rows, double width) {
    const double side = std::exp2(std::ceil(std::log2(std::max({rows, width, 2.0}))));
    return side * std::log2(side);
  }

  bool is_transposed(int operand, const Tile& tile) const {
    return tile.rows.size() == 1 && tile.columns.size() == 1 && tile.rows[0].count <= tile.lanes &&
           tile.columns[0].count <= tile.lanes &&
           nest_.stride(operand, tile.rows[0].axis) == nest_.unit(operand);
  }

  static double positions(const std::vector<TileDim>& dims, const Ranges& ranges) {
    double product = 1;
    for (const TileDim& dim : dims)
      product *= std::min(static_cast<double>(dim.count), ranges[static_cast<size_t>(dim.axis)]);
    return product;
  }

  const LoopNest& nest_;
  const Target& target_;
};

}  // namespace

double NestCost::cycles(const Target& target) const {
  const MemoryPace& pace = target.pace;
  constexpr double kInTime = 0.85;  // how much of what is asked into L1 does not show
  const double into_l1 = traffic.into_l1 - kInTime * traffic.asked_into_l1;
  const double computing = instruction_cycles + into_l1 / pace.l1_bytes;
  const double waiting =
      std::max(traffic.into_l2 / pace.l2_bytes, traffic.into_l3 / pace.l3_bytes) +
      pace.page * traffic.pages + pace.run * traffic.runs;
  return std::max(computing, waiting) + pace.not_overlapped * std::min(computing, waiting) +
         pace.far_page * traffic.far_pages;
}

NestCost cost_of(const LoopNest& nest, const Target& target) {
  const Instructions instructions(nest, target);
  return {.instruction_cycles = sum_over_tiles(nest,
                                               [&](const Tile& tile, const Ranges& ranges) {
                                                 return instructions.of_tile(tile, ranges);
                                               }),
          .traffic = traffic_of(nest, target)};
}

namespace {

// How often sums go on in another page of what tiles read where it lies: along vectors, or rows.
double turns_of_sums(const LoopNest& nest, bool along_vectors) {
  constexpr double kPageBytes = 4096;
  return sum_over_tiles(nest, [&](const Tile& tile, const Ranges& ranges) {
    if (tile.reduce_axes.empty()) return 0.0;
    double pages_of_term = 0;
    for (const int input : tile.inputs) {
      if (nest.is_buffer(input) || nest.depends_on(input, tile.columns) != along_vectors) continue;
      const int64_t bytes =
          std::abs(nest.stride(input, tile.reduce_axes.back())) * nest.element_bytes(input);
      pages_of_term += std::min(static_cast<double>(bytes) / kPageBytes, 1.0);
    }
    return pages_of_term * terms_of(tile, ranges);
  });
}

}  // namespace

void sort_by_cost(std::vector<LoopNest>& nests, const Target& target) {
  // Orders of a sum cost the same for all that the model sees.
  constexpr double kDigits = 1e6;
  sort_by(nests, [&](const LoopNest& nest) {
    const double cycles = cost_of(nest, target).cycles(target);
    return std::tuple(std::llround(kDigits * std::log2(cycles)), turns_of_sums(nest, true),
                      turns_of_sums(nest, false));
  });
}

}  // namespace einc
