#include "compiler/path/matrix_chain.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/path/interval_search.h"
#include "compiler/path/network.h"

namespace einc {
namespace {

// Corners i < k < j: the product of matrices i to k - 1 times that of k to j - 1.
struct Triangle {
  int i, k, j;
};

class Polygon {
 public:
  explicit Polygon(std::vector<double> corners) : corners_(std::move(corners)) {}

  // Of the triangulation with the smallest sum of products of corners.
  std::optional<std::vector<Triangle>> triangulate() {
    find_diagonals();
    if (!find_fans()) return std::nullopt;
    for (int diagonal = 0; diagonal < size(); ++diagonal) find_costs(diagonal);
    cut();
    return std::move(triangles_);
  }

 private:
  // From corner a to corner b, above which all corners are larger; the last one is the whole
  // polygon.
  struct Diagonal {
    int a, b;
    int left, right;  // of the two parts above: diagonals, or -1 for a side of the polygon
    int corner;       // between them
    int fan = kNone;  // the first of the fans that it may be covered by
  };
  // Triangles with one corner in common, which lies below a diagonal; those below it follow.
  struct Fan {
    int corner;
    int next;
    int length;
  };
  static constexpr int kNone = -1;

  int size() const { return static_cast<int>(diagonals_.size()); }
  double at(int corner) const { return corners_[static_cast<size_t>(corner)]; }
  Diagonal& diagonal(int d) { return diagonals_[static_cast<size_t>(d)]; }
  int lower_corner(const Diagonal& d) const { return at(d.a) <= at(d.b) ? d.a : d.b; }

  // Around the polygon from its smallest corner: corners that a smaller one follows are cut off.
  void find_diagonals() {
    const auto count = static_cast<int>(corners_.size());
    const auto first =
        static_cast<int>(std::min_element(corners_.begin(), corners_.end()) - corners_.begin());
    struct Open {
      int corner;
      int part;  // between the corner before and this one
    };
    std::vector<Open> open{{first, kNone}};
    for (int i = 1; i <= count; ++i) {
      const int corner = (first + i) % count;
      int part = kNone;
      while (open.size() > 1 && (i == count || at(open.back().corner) > at(corner))) {
        const Open top = open.back();
        open.pop_back();
        diagonals_.push_back({open.back().corner, corner, top.part, part, top.corner});
        part = size() - 1;
      }
      open.push_back({corner, part});
    }
  }

  // False if there are too many.
  bool find_fans() {
    constexpr double kMost = 1 << 28;
    double all = 0;
    for (int d = size() - 1; d >= 0; --d) {
      const Diagonal& below = diagonal(d);
      const int corner = lower_corner(below);
      int fan = below.fan;
      if (fan == kNone || fans_[static_cast<size_t>(fan)].corner != corner) {
        const int length = fan == kNone ? 1 : fans_[static_cast<size_t>(fan)].length + 1;
        fans_.push_back({corner, fan, length});
        fan = static_cast<int>(fans_.size()) - 1;
      }
      for (const int part : {below.left, below.right}) {
        if (part == kNone) continue;
        diagonal(part).fan = fan;
        all += fans_[static_cast<size_t>(fan)].length;
      }
    }
    return all <= kMost;
  }

  double product(int x, int y, int z) const { return at(x) * at(y) * at(z); }

  // Of what is above a diagonal, and between it and the corner of each of its fans.
  void find_costs(int d) {
    const Diagonal& above = diagonal(d);
    const int corner = lower_corner(above);
    const bool is_in_first_fan =
        above.fan != kNone && fans_[static_cast<size_t>(above.fan)].corner == corner;
    const double alone = cost(above.left, above.a, above.corner, corner, 0) +
                         cost(above.right, above.corner, above.b, corner, 0);
    std::vector<double> costs;
    std::vector<bool> cuts;
    size_t place = is_in_first_fan ? 0 : 1;
    for (int f = above.fan; f != kNone; f = fans_[static_cast<size_t>(f)].next, ++place) {
      const int below = fans_[static_cast<size_t>(f)].corner;
      const bool is_side_of_fan = below == above.a || below == above.b;
      const double cut = is_side_of_fan ? alone : alone + product(below, above.a, above.b);
      const double open = is_side_of_fan
                              ? cut
                              : cost(above.left, above.a, above.corner, below, place) +
                                    cost(above.right, above.corner, above.b, below, place);
      costs.push_back(std::min(cut, open));
      cuts.push_back(cut <= open);
    }
    for (const int part : {above.left, above.right})
      if (part != kNone) std::vector<double>().swap(costs_[static_cast<size_t>(part)]);
    costs_.push_back(std::move(costs));
    is_cut_.push_back(std::move(cuts));
  }

  // Of a part from a to b that is covered by the fan of a corner, the `place`th of its own.
  double cost(int part, int a, int b, int corner, size_t place) const {
    if (part != kNone) return costs_[static_cast<size_t>(part)][place];
    return corner == a || corner == b ? 0 : product(corner, a, b);
  }

  // Of all parts, whether they are cut, from the whole polygon up.
  void cut() {
    struct Part {
      int part, a, b, corner;
      size_t place;
    };
    std::vector<Part> parts;
    const auto open = [&](int d, int corner, size_t place) {
      const Diagonal& above = diagonal(d);
      parts.push_back({above.left, above.a, above.corner, corner, place});
      parts.push_back({above.right, above.corner, above.b, corner, place});
    };
    open(size() - 1, lower_corner(diagonals_.back()), 0);
    while (!parts.empty()) {
      const Part part = parts.back();
      parts.pop_back();
      const bool is_side_of_fan = part.corner == part.a || part.corner == part.b;
      const bool is_cut = part.part == kNone || is_cut_[static_cast<size_t>(part.part)][part.place];
      if (is_cut && !is_side_of_fan) add_triangle(part.a, part.b, part.corner);
      if (part.part == kNone) continue;
      const Diagonal& above = diagonal(part.part);
      const int corner = is_cut ? lower_corner(above) : part.corner;
      const bool is_in_first_fan =
          fans_[static_cast<size_t>(above.fan)].corner == lower_corner(above);
      open(part.part, corner, is_cut ? 0 : part.place + (is_in_first_fan ? 0 : 1));
    }
  }

  void add_triangle(int x, int y, int z) {
    const auto [low, high] = std::minmax({x, y, z});
    triangles_.push_back({low, x + y + z - low - high, high});
  }

  const std::vector<double> corners_;
  std::vector<Diagonal> diagonals_;  // each after those above it
  std::vector<Fan> fans_;
  std::vector<std::vector<double>> costs_;  // of each diagonal, for each of its fans
  std::vector<std::vector<bool>> is_cut_;
  std::vector<Triangle> triangles_;
};

// The extents between neighbours in the order of the chain, and before and after all of them.
std::optional<std::vector<double>> extents_of(const Network& network,
                                              const std::vector<int>& order) {
  const size_t labels = network.log2_extents.size();
  constexpr size_t kNowhere = ~size_t{0};
  std::vector<size_t> first(labels, kNowhere), last(labels, kNowhere);  // places of its holders
  for (size_t place = 0; place < order.size(); ++place)
    for (const int label : network.terms[static_cast<size_t>(order[place])]) {
      const auto l = static_cast<size_t>(label);
      if (first[l] == kNowhere) first[l] = place;
      last[l] = place;
    }
  std::vector<bool> is_output(labels);
  for (const int label : network.output) is_output[static_cast<size_t>(label)] = true;
  std::vector<double> extents(order.size() + 1, 1);
  for (size_t label = 0; label < labels; ++label) {
    if (network.log2_extents[label] == 0 || first[label] == kNowhere) continue;
    const bool is_between = first[label] != last[label];
    const bool is_at_end = first[label] == 0 || first[label] + 1 == order.size();
    if (is_between == is_output[label] || !(is_between || is_at_end)) return std::nullopt;
    const size_t corner = is_between || first[label] == 0 ? last[label] : order.size();
    extents[corner] *= std::exp2(network.log2_extents[label]);
  }
  return extents;
}

}  // namespace

std::optional<SsaPath> matrix_chain_path(const Network& network) {
  const auto order = chain_of(network);
  if (!order) return std::nullopt;
  auto extents = extents_of(network, *order);
  if (!extents) return std::nullopt;
  auto triangles = Polygon(*std::move(extents)).triangulate();
  if (!triangles) return std::nullopt;
  // Short products first: then the last one made that begins with a matrix is the one to take.
  std::sort(triangles->begin(), triangles->end(),
            [](const Triangle& x, const Triangle& y) { return x.j - x.i < y.j - y.i; });
  std::vector<int> beginning_with = *order;
  SsaPath path;
  for (const Triangle& triangle : *triangles) {
    int& left = beginning_with[static_cast<size_t>(triangle.i)];
    path.emplace_back(left, beginning_with[static_cast<size_t>(triangle.k)]);
    left = static_cast<int>(order->size() + path.size()) - 1;
  }
  return path;
}

}  // namespace einc
