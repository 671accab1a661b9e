#include "random_einsum.h"

#include <algorithm>
#include <map>

namespace einc::test {
namespace {

constexpr DType kDTypes[] = {
#define EINC_ROW(id, storage, kind, name, npy, dlpack, compute) DType::id,
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
};

DType random_dtype(Rng& rng) {
  return kDTypes[random_below(rng, static_cast<int64_t>(std::size(kDTypes)))];
}

// Extents around the sizes of vectors and tiles, now and then 0 or large.
int64_t random_extent(Rng& rng) {
  static constexpr int64_t kExtents[] = {1,  2,  3,  4,  5,  6,  7,  8,  9, 12,
                                         13, 15, 16, 17, 24, 31, 33, 48, 65};
  if (one_in(rng, 60)) return 0;
  if (one_in(rng, 12)) return 100 + random_below(rng, 1200);
  return kExtents[random_below(rng, static_cast<int64_t>(std::size(kExtents)))];
}

// Strides of a dense tensor whose dims lie in random order, sometimes with gaps, reversed, or, for
// inputs, broadcast.
std::vector<int64_t> random_strides(const std::vector<int64_t>& extents, Rng& rng, bool is_input) {
  std::vector<size_t> order(extents.size());
  for (size_t d = 0; d < order.size(); ++d) order[d] = d;
  if (one_in(rng, 2)) std::shuffle(order.begin(), order.end(), rng);
  std::vector<int64_t> strides(extents.size());
  int64_t stride = one_in(rng, 8) ? 2 : 1;
  for (size_t i = order.size(); i-- > 0;) {
    const size_t d = order[i];
    strides[d] = stride;
    stride *= std::max<int64_t>(extents[d], 1);
    if (one_in(rng, 8)) stride += 1 + random_below(rng, 5);
    if (one_in(rng, 16)) strides[d] = -strides[d];
    if (is_input && one_in(rng, 24)) strides[d] = 0;
  }
  return strides;
}

// Dims of ellipses are written as digits in the spelled-out terms: '1' is the rightmost.
struct Drawn {
  std::string labels;
  std::map<char, int64_t> extents;
  std::string ellipsis;  // of the widest operand, such as "21"
};

// Of iteration, if no label of extent 0 is used.
double points(const std::map<char, int64_t>& extents) {
  double product = 1;
  for (const auto& [label, extent] : extents)
    product *= static_cast<double>(std::max<int64_t>(extent, 1));
  return product;
}

Drawn draw_labels(Rng& rng, double most_points) {
  Drawn drawn;
  const int64_t count = 1 + random_below(rng, 6);
  for (int64_t i = 0; i < count; ++i) drawn.labels += static_cast<char>('a' + i);
  if (one_in(rng, 4)) drawn.ellipsis = one_in(rng, 2) ? "21" : "1";
  const std::string all = drawn.labels + drawn.ellipsis;
  for (const char label : all) drawn.extents[label] = random_extent(rng);
  while (points(drawn.extents) > most_points) {
    auto largest =
        std::max_element(drawn.extents.begin(), drawn.extents.end(),
                         [](const auto& x, const auto& y) { return x.second < y.second; });
    largest->second = (largest->second + 1) / 2;
  }
  return drawn;
}

std::string random_subset(const std::string& labels, Rng& rng, size_t most) {
  std::string subset = labels;
  std::shuffle(subset.begin(), subset.end(), rng);
  return subset.substr(0, static_cast<size_t>(random_below(
                              rng, static_cast<int64_t>(std::min(most, subset.size())) + 1)));
}

// A product of two operands with every group of labels, batch, M, N and K, of one or two labels,
// and sums long enough to be cut into blocks.
Request random_contraction(Rng& rng, double most_points) {
  static constexpr const char* kTerms[] = {"abij", "abkl",
                                           "ijkl"};  // kl against ab, summed over ij
  std::map<char, int64_t> extents;
  for (const char label : std::string("bjl"))
    extents[label] = one_in(rng, 2) ? 1 : random_extent(rng);
  for (const char label : std::string("ik")) extents[label] = random_extent(rng);
  extents['z'] = one_in(rng, 2) ? 1 : 1 + random_below(rng, 4);
  extents['a'] = one_in(rng, 2) ? 500 + random_below(rng, 1500) : random_extent(rng);
  // K is what may stay long.
  for (const char label : std::string("jlbkika"))
    while (points(extents) > most_points && extents[label] > 1)
      extents[label] = (extents[label] + 1) / 2;

  Request request;
  const DType common = random_dtype(rng);
  for (int operand = 0; operand < 3; ++operand) {
    std::string term;
    // Operand 0 has M = i, j and K = a, b; operand 1 has K and N = k, l; the output M and N.
    for (const char label : std::string(kTerms[operand]) + "z")
      if (extents[label] > 1 || one_in(rng, 4)) term += label;
    std::shuffle(term.begin(), term.end(), rng);
    if (operand == 2) {
      std::erase_if(
          term, [&](char label) { return request.expression.find(label) == std::string::npos; });
      request.output = term;
      request.expression += "->" + term;
    } else {
      request.terms.push_back(term);
      request.expression += (operand == 0 ? "" : ",") + term;
    }
    TensorType type{operand < 2 && one_in(rng, 8) ? random_dtype(rng) : common, {}, {}};
    for (const char label : term) type.extents.push_back(extents[label]);
    type.strides = random_strides(type.extents, rng, operand < 2);
    if (operand < 2) {
      request.inputs.push_back(type);
    } else {
      type.dtype = promote(request.inputs[0].dtype, request.inputs[1].dtype);
      request.output_type = type;
    }
  }
  return request;
}

}  // namespace

int64_t random_below(Rng& rng, int64_t bound) {
  return std::uniform_int_distribution<int64_t>(0, bound - 1)(rng);
}

bool one_in(Rng& rng, int64_t chances) { return random_below(rng, chances) == 0; }

Request random_request(Rng& rng, double most_points) {
  if (one_in(rng, 3)) return random_contraction(rng, 3 * most_points);
  const Drawn drawn = draw_labels(rng, most_points);
  Request request;
  const int64_t operands = 1 + std::min(random_below(rng, 4), random_below(rng, 4));
  const DType common = random_dtype(rng);
  DType result = common;
  std::string used;
  std::map<char, bool> stretched;  // labels that some operand has in full
  for (int64_t i = 0; i < operands; ++i) {
    std::string written = random_subset(drawn.labels, rng, 4);
    if (!written.empty() && one_in(rng, 8)) written += written[0];
    std::string spelled = written;
    if (!drawn.ellipsis.empty() && !one_in(rng, 4)) {
      const auto position =
          static_cast<size_t>(random_below(rng, static_cast<int64_t>(written.size()) + 1));
      const std::string dims = drawn.ellipsis.substr(
          static_cast<size_t>(random_below(rng, static_cast<int64_t>(drawn.ellipsis.size()) + 1)));
      spelled.insert(position, dims);
      written.insert(position, "...");
    }
    std::vector<int64_t> extents;
    const bool broadcasts = one_in(rng, 12);
    for (const char label : spelled) extents.push_back(broadcasts ? 1 : drawn.extents.at(label));
    TensorType type{one_in(rng, 5) ? random_dtype(rng) : common, extents, {}};
    type.strides = random_strides(extents, rng, true);
    result = i == 0 ? type.dtype : promote(result, type.dtype);
    request.inputs.push_back(std::move(type));
    request.terms.push_back(spelled);
    request.expression += (i == 0 ? "" : ",") + written;
    for (const char label : spelled) {
      if (used.find(label) == std::string::npos) used += label;
      if (!broadcasts) stretched[label] = true;
    }
  }
  std::string letters;
  std::string dims;
  for (const char label : used) (label >= 'a' ? letters : dims) += label;
  std::sort(dims.rbegin(), dims.rend());
  std::string written = random_subset(letters, rng, 4);
  // Off the diagonal the output is larger than the iteration.
  if (!written.empty() && one_in(rng, 16) && drawn.extents.at(written[0]) < 10)
    written += written[0];
  request.output = written;
  if (!dims.empty()) {
    const auto position =
        static_cast<size_t>(random_below(rng, static_cast<int64_t>(written.size()) + 1));
    request.output.insert(position, dims);
    written.insert(position, "...");
  }
  request.expression += "->" + written;
  request.output_type.dtype = result;
  for (const char label : request.output)
    request.output_type.extents.push_back(stretched[label] ? drawn.extents.at(label) : 1);
  request.output_type.strides = random_strides(request.output_type.extents, rng, false);
  return request;
}

void fill_random(const TensorView& tensor, Rng& rng, bool any_bits) {
  const DTypeInfo& row = info(tensor.type.dtype);
  std::uniform_real_distribution<double> real(-1, 1);
  std::uniform_int_distribution<uint64_t> bits;
  for_each_element(tensor.type, [&](int64_t offset) {
    std::complex<long double> value;
    switch (row.kind) {
      case Kind::kBoolean:
        value = one_in(rng, 2) ? 0 : 1 + static_cast<long double>(random_below(rng, 255));
        break;
      case Kind::kSigned:
        value = any_bits ? static_cast<long double>(static_cast<int64_t>(bits(rng)))
                         : static_cast<long double>(random_below(rng, 19) - 9);
        break;
      case Kind::kUnsigned:
        value = any_bits ? static_cast<long double>(bits(rng))
                         : static_cast<long double>(random_below(rng, 10));
        break;
      case Kind::kReal:
        value = real(rng);
        break;
      case Kind::kComplex:
        value = {real(rng), real(rng)};
        break;
    }
    set_element(tensor, offset, value);
  });
}

}  // namespace einc::test
