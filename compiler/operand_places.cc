#include "compiler/operand_places.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "compiler/loop_nest.h"
#include "einc/dtype.h"

namespace einc {
namespace {

class Places {
 public:
  explicit Places(const LoopNest& nest) : nest_(nest) {}

  std::vector<Place> all() const {
    std::vector<Place> places;
    for (int o = 0; o < nest_.buffer_index(static_cast<int>(nest_.buffers.size())); ++o)
      places.push_back(place_of(o));
    return places;
  }

 private:
  Place place_of(int operand) const {
    const auto element_bytes = static_cast<double>(nest_.element_bytes(operand));
    Place place{.element_bytes = element_bytes,
                .whole_bytes = element_bytes,
                .buffer_bytes = 0,
                .times_touched = 1,
                .page_share = 1,
                .asked_for = is_asked_for(operand, false),
                .asked_into_l1 = is_asked_for(operand, true),
                .lines_of_run = lines_of_run(operand),
                .inside_out = axes_of(operand)};
    if (nest_.is_buffer(operand)) {
      place.whole_bytes = info(nest_.compute).bytes;
      place.buffer_bytes =
          static_cast<double>(nest_.buffer_of(operand).elements) * place.whole_bytes;
    }
    if (operand == nest_.output_index()) {
      if (is_written_past_caches()) {
        place.page_share = 0.5;
        place.asked_for = true;
      } else {
        place.times_touched = 2;
      }
    }
    return place;
  }

  bool is_written_past_caches() const {
    return any_tile(nest_.body, [](const Tile& tile) { return tile.streams || tile.writes_lines; });
  }

  // By stride.
  std::vector<OperandAxis> axes_of(int operand) const {
    std::vector<OperandAxis> axes;
    for (size_t a = 0; a < nest_.axes.size(); ++a) {
      const Axis& axis = nest_.axes[a];
      const int64_t stride = std::abs(nest_.stride(operand, static_cast<int>(a)));
      if (stride != 0)
        axes.push_back({a,
                        static_cast<double>(stride),
                        static_cast<double>(axis.extent),
                        !axis.flattens.empty(),
                        {}});
    }
    std::sort(axes.begin(), axes.end(),
              [](const OperandAxis& x, const OperandAxis& y) { return x.stride < y.stride; });
    for (OperandAxis& axis : axes)
      for (const OperandAxis& flat : axes) {
        const std::vector<int>& flattened = nest_.axes[flat.axis].flattens;
        if (std::find(flattened.begin(), flattened.end(), static_cast<int>(axis.axis)) !=
            flattened.end())
          axis.walked_by.push_back(flat);
      }
    return axes;
  }

  // Processors read ahead little of what a tile reads as a few rows side by side for each term.
  double lines_of_run(int operand) const {
    constexpr double kFew = 4;
    const bool jumps =
        any_tile(nest_.body, [&](const Tile& tile) { return jumps_by_terms(operand, tile); });
    return jumps && !nest_.is_buffer(operand) ? kFew : std::numeric_limits<double>::infinity();
  }

  bool jumps_by_terms(int operand, const Tile& tile) const {
    constexpr int64_t kLine = 64;
    if (tile.inputs.size() < 2 || tile.reduce_axes.empty()) return false;
    const int64_t jump = std::abs(nest_.stride(operand, tile.reduce_axes.back()));
    return std::find(tile.inputs.begin(), tile.inputs.end(), operand) != tile.inputs.end() &&
           nest_.depends_on(operand, tile.rows) && !nest_.depends_on(operand, tile.columns) &&
           jump * nest_.element_bytes(operand) >= kLine;
  }

  bool is_asked_for(int operand, bool into_l1) const {
    return any_tile(nest_.body, [&](const Tile& tile) {
      return std::any_of(tile.prefetches.begin(), tile.prefetches.end(), [&](const Prefetch& p) {
        return p.operand == operand && p.into_l1 == into_l1;
      });
    });
  }

  const LoopNest& nest_;
};

}  // namespace

std::vector<Place> places_of(const LoopNest& nest) { return Places(nest).all(); }

}  // namespace einc
