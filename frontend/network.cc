// Networks from JSON.

#include <nlohmann/json.hpp>  // IWYU pragma: keep
#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/path.h"
#include "einc/tensor.h"

namespace einc {
namespace {

using Json = nlohmann::json;

Error fail(const std::string& place, const std::string& problem) {
  return {ErrorCode::kArgument, place + " " + problem, std::nullopt, "network"};
}

std::string entry(const std::string& list, size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

Result<std::vector<int64_t>> read_integers(const Json& json, const std::string& place,
                                           int64_t least) {
  if (!json.is_array()) return fail(place, "is no list");
  std::vector<int64_t> integers;
  for (size_t i = 0; i < json.size(); ++i) {
    const bool is_integer = json[i].is_number_integer();
    const bool is_in_range =
        is_integer &&
        !(json[i].is_number_unsigned() &&
          json[i].get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
    if (!is_in_range || json[i].get<int64_t>() < least)
      return fail(entry(place, i), "is no integer from " + std::to_string(least) + " on");
    integers.push_back(json[i].get<int64_t>());
  }
  return integers;
}

Result<void> check_labels(const std::vector<int64_t>& labels, const std::string& place,
                          size_t extents) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (static_cast<size_t>(labels[i]) >= extents)
      return fail(entry(place, i), "is label " + std::to_string(labels[i]) +
                                       ", but sizes has only " + std::to_string(extents) +
                                       " extents");
  return {};
}

Result<void> check_output(const TensorNetwork& network) {
  std::vector<bool> is_input(network.extents.size());
  for (const auto& labels : network.inputs)
    for (const int64_t label : labels) is_input[static_cast<size_t>(label)] = true;
  for (size_t i = 0; i < network.output.size(); ++i) {
    const int64_t label = network.output[i];
    if (!is_input[static_cast<size_t>(label)])
      return fail(entry("output", i), "is label " + std::to_string(label) + ", which no input has");
    if (std::find(network.output.begin(), network.output.begin() + static_cast<ptrdiff_t>(i),
                  label) != network.output.begin() + static_cast<ptrdiff_t>(i))
      return fail(entry("output", i), "is label " + std::to_string(label) + " again");
  }
  return {};
}

}  // namespace

Result<TensorNetwork> parse_network(std::string_view text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    const size_t byte = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    return Error{ErrorCode::kSyntax, "byte " + std::to_string(byte) + " is not what JSON has there",
                 SourceRange{byte, std::min(byte + 1, text.size())}, "json"};
  } catch (const Json::out_of_range&) {
    return Error{ErrorCode::kSyntax, "a number is beyond what any type holds", std::nullopt,
                 "json"};
  }
  if (!json.is_object()) return fail("the network", "is no JSON object");
  for (const char* const member : {"inputs", "output", "sizes"})
    if (!json.contains(member))
      return fail("the network", "has no \"" + std::string(member) + "\"");

  TensorNetwork network;
  if (json.contains("name") && json["name"].is_string())
    network.name = json["name"].get<std::string>();
  auto extents = read_integers(json["sizes"], "sizes", 1);
  if (!extents) return extents.error();
  network.extents = *std::move(extents);
  if (!json["inputs"].is_array() || json["inputs"].empty())
    return fail("inputs", "is no list of at least one list of labels");
  for (size_t i = 0; i < json["inputs"].size(); ++i) {
    const std::string place = entry("inputs", i);
    auto labels = read_integers(json["inputs"][i], place, 0);
    if (!labels) return labels.error();
    if (auto valid = check_labels(*labels, place, network.extents.size()); !valid)
      return valid.error();
    network.inputs.push_back(*std::move(labels));
  }
  auto output = read_integers(json["output"], "output", 0);
  if (!output) return output.error();
  if (auto valid = check_labels(*output, "output", network.extents.size()); !valid)
    return valid.error();
  network.output = *std::move(output);
  if (auto valid = check_output(network); !valid) return valid.error();
  return network;
}

std::string expression_of(const TensorNetwork& network) {
  std::string text;
  const auto add = [&](const std::vector<int64_t>& labels) {
    for (const int64_t label : labels) text += "[" + std::to_string(label) + "]";
  };
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    if (i > 0) text += ",";
    add(network.inputs[i]);
  }
  text += "->";
  add(network.output);
  return text;
}

std::vector<TensorType> types_of(const TensorNetwork& network, DType dtype) {
  std::vector<TensorType> types;
  for (const auto& labels : network.inputs) {
    std::vector<int64_t> extents;
    for (const int64_t label : labels)
      extents.push_back(network.extents[static_cast<size_t>(label)]);
    types.push_back(TensorType::row_major(dtype, std::move(extents)));
  }
  return types;
}

}  // namespace einc
