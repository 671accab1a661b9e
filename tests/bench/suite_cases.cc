#include "suite_cases.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace einc::bench {
namespace {

constexpr std::pair<const char*, DType> kShortNames[] = {
    {"f16", DType::kFloat16}, {"bf16", DType::kBFloat16}, {"f32", DType::kFloat32},
    {"f64", DType::kFloat64}, {"c64", DType::kComplex64}, {"c128", DType::kComplex128},
};

DType parse_dtype(const std::string& name) {
  for (const auto& [short_name, dtype] : kShortNames)
    if (name == short_name) return dtype;
  if (const auto dtype = dtype_from_name(name)) return *dtype;
  throw std::runtime_error("no dtype '" + name + "'");
}

// A suite's file, or the file itself.
std::string file_of(const std::string& suite) {
  for (const std::string& file : {std::string(EINC_BENCH_DATA) + "/" + suite + ".csv", suite})
    if (std::filesystem::is_regular_file(file)) return file;
  throw std::runtime_error("'" + suite + "' is neither a suite nor a file");
}

}  // namespace

std::vector<Case> suite_cases(const std::string& suite, const std::vector<std::string>& dtypes,
                              const std::vector<std::string>& filters) {
  std::vector<DType> parsed;
  for (const std::string& name : dtypes) parsed.push_back(parse_dtype(name));
  if (dtypes.empty()) parsed = {DType::kFloat32, DType::kFloat64};
  std::vector<Case> cases = load_cases(file_of(suite), parsed, !dtypes.empty());
  std::erase_if(cases, [&](const Case& item) {
    const auto matches = [&](const std::string& filter) {
      return item.name.find(filter) != std::string::npos ||
             item.expression.find(filter) != std::string::npos;
    };
    return !filters.empty() && std::none_of(filters.begin(), filters.end(), matches);
  });
  return cases;
}

}  // namespace einc::bench
