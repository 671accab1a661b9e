// Any expression with any types: bind explains or makes an einsum that every stage up to the loop
// nest takes. Input: the dialect's number, then lines: the expression, then a type each.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.h"
#include "compiler/contraction_tree.h"
#include "compiler/layout.h"
#include "compiler/lower.h"
#include "compiler/schedule.h"
#include "compiler/simplify.h"
#include "frontend/bind.h"

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const einc::Dialect& dialect = einc::dialects()[data[0] % einc::dialects().size()];
  const auto lines = lines_of({reinterpret_cast<const char*>(data) + 1, size - 1});
  std::vector<einc::TensorType> types;
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto type = einc::parse_type(lines[i]);
    if (!type) return 0;
    types.push_back(*type);
  }
  const auto subscripts = einc::parse(lines[0], dialect);
  if (!subscripts) return 0;
  const auto bound = einc::bind(*subscripts, types, std::nullopt, std::nullopt, dialect);
  if (!bound) return 0;
  const einc::Einsum einsum = einc::simplify(bound->einsum);
  const auto request = einc::plan_request({}, einsum);
  const einc::ContractionTree tree = request->find_path(einsum);
  if (einc::largest_intermediate_elements(tree) > 1e15) return 0;
  const einc::Plan plan = einc::lower(tree, einc::layout(tree, einsum), einsum);
  for (const einc::Target& target : einc::targets())
    for (const einc::PlanStep& step : plan.steps) {
      if (const auto* contraction = std::get_if<einc::Contraction>(&step))
        einc::schedule(*contraction, target);
      if (const auto* map_reduce = std::get_if<einc::MapReduce>(&step))
        einc::schedule(*map_reduce, target);
    }
  return 0;
}
