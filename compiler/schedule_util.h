// What schedulers share: how nests are put together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Vectors of the compute dtype's real part: lanes of one register.
int lanes_of(DType compute, const Target& target);

// Lanes of squares that are transposed in registers, which should hold one.
int square_lanes(DType compute, const Target& target);

// Lanes of the vectors along an axis of that extent: the target's, or, where the extent does not
// fill one, the next power of two; the one below where masks are slow, as vectors may overlap.
int vector_lanes(int64_t extent, DType compute, const Target& target);

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Of a number, at most `most`.
int64_t largest_divisor(int64_t number, int64_t most);

// Room that the elements of a tile take in a buffer: whole vectors, or, where they do not fill one,
// the next power of two.
int64_t padded(int64_t elements, int64_t lanes);

// Leaves the steps between parts of so many neighbouring positions to an axis. Returns the axis
// within a part.
Axis cut(Axis& axis, int64_t positions);

// One loop to open: steps of an axis.
struct Step {
  int axis = 0;
  int64_t size = 1;
};

// Adds a buffer behind those that are there in scratch of the task or of all. Returns its number.
int add_buffer(LoopNest& nest, Buffer buffer);

// As many whole steps as have so many bytes, of elements side by side.
Step in_long_run(Step step, int64_t element_bytes, int64_t least_bytes);

// Builds the body of a nest from the outside in: a loop or a buffer opens a level, a leaf stays on
// it.
class NestBuilder {
 public:
  explicit NestBuilder(LoopNest& nest);

  // No loop where the range is one step long anyway.
  void loop(Step step) { open(step, false); }
  void loops(const std::vector<Step>& steps);
  // Opens parallel loops over the first of the steps, several of them in one iteration, until there
  // are `tasks` tasks. Returns how many times as many are still wanted.
  double parallel_loops(const std::vector<Step>& steps, double tasks);
  void local(int buffer);
  void leaf(Node node) { body_->push_back(std::move(node)); }

  // Positions of an axis that the open loops leave, at most.
  int64_t range(int axis) const { return ranges_[static_cast<size_t>(axis)]; }

  // They begin at multiples of this; 0 if they always begin at 0.
  int64_t grain(int axis) const { return grains_[static_cast<size_t>(axis)]; }

  // Where the builder is; to come back to.
  struct Place {
    std::vector<Node>* body;
    std::vector<int64_t> ranges;
    std::vector<int64_t> grains;
  };
  Place place() const { return {body_, ranges_, grains_}; }
  void return_to(const Place& place);
  // Two bodies on this level: where the output begins at a line, and elsewhere.
  std::pair<Place, Place> at_lines();

 private:
  void open(Step step, bool parallel);

  std::vector<Node>* body_;
  std::vector<int64_t> ranges_;
  std::vector<int64_t> grains_;
};

// Lays a buffer out, from the inside out, over the ranges that the builder is at.
class BufferBuilder {
 public:
  BufferBuilder(LoopNest& nest, const NestBuilder& builder) : nest_(nest), builder_(builder) {}

  // A tile's dims, in blocks of the tile's size where the range is longer, each padded; then
  // `between`, then the blocks.
  void add_tile(const std::vector<TileDim>& dims, int64_t lanes, const std::vector<int>& between);
  // A tile's dims, then what `add_between` adds, then the blocks.
  void add_blocks(const std::vector<TileDim>& dims, const std::function<void()>& add_between);
  void add(int axis, int64_t positions);
  // Another axis that walks the elements from `stride` on, one after the other.
  void alias(int axis, int64_t stride) { dims_.push_back({axis, stride, 0, 0}); }
  int64_t elements() const { return elements_; }
  // To an odd number of lines.
  void pad();
  // To a number of elements.
  void pad_to(int64_t elements) { elements_ = elements; }

  // Adds the buffer to the nest, with room for `lanes` more elements, so that whole vectors can be
  // read anywhere. Returns its number.
  int finish(int64_t lanes, bool shared = false);

 private:
  LoopNest& nest_;
  const NestBuilder& builder_;
  std::vector<BufferDim> dims_;
  int64_t elements_ = 1;
};

// Whether what is written would only push other things out of the caches.
bool output_exceeds_caches(const LoopNest& nest, const Target& target);

// Whether a tile where the builder is may write past the caches: the output is too large for them,
// and the tile writes lines of it that are whole and begin where tiles do.
bool streams_whole_lines(const LoopNest& nest, const NestBuilder& builder, const Tile& tile,
                         const Target& target);

struct CopyOptions {
  int64_t most_square = 8;  // lanes of squares of registers that are transposed
  int64_t room = 0;         // elements that each row of the destination has room for, if known
  bool streams = false;     // past the caches, where that pays
  std::vector<int> ignored = {};  // axes that walk elements which others walk too
};

// Loops that copy the current ranges of one operand into another, through vectors that lie along
// what both have contiguous, or else through transposed squares.
void copy(LoopNest& nest, NestBuilder& builder, int from, int to, const Target& target,
          const CopyOptions& options);

// The first nest that takes at most so many bytes of scratch for each task; if there is none, the
// one that takes least.
LoopNest first_within(std::vector<LoopNest> nests, std::optional<int64_t> most_scratch_bytes);

}  // namespace einc
