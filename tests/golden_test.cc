// Each file in tests/golden is an expression with its operand types and perhaps a memory
// limit, followed by what every stage
// prints for it on a fixed target. EINC_UPDATE_GOLDEN=1 rewrites the files.

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/code_generator.h"
#include "einc/einc.h"

namespace einc {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

// The whole file, made anew from its first line: "expression type...". Assembly depends on the
// version of LLVM down to its patch level, so only files named *.assembly.txt record it. Those
// named
// *.highway.txt take the precompiled kernels, for AVX2.
std::string regenerate(const std::string& header, bool with_assembly, bool is_compiled) {
  std::istringstream words(header);
  std::string expression, word;
  words >> expression;
  std::vector<TensorType> types;
  Options options;
  constexpr std::string_view kLimit = "limit=";
  while (words >> word) {
    if (word.starts_with(kLimit)) {
      options.memory_limit = std::stoll(word.substr(kLimit.size()));
    } else {
      types.push_back(*parse_type(word));
    }
  }
  std::string text = header;
  options.target = "x86-64-v3";
  options.tier = is_compiled ? "jit" : "highway";
  options.trace = [&](std::string_view stage, const std::string& printed) {
    if (stage == "assembly" && !with_assembly) return;
    text.append("== ").append(stage).append("\n").append(printed);
  };
  if (!is_compiled) hwy::SetSupportedTargetsForTest(HWY_AVX2);
  const auto kernel = compile(expression, types, options);
  hwy::SetSupportedTargetsForTest(0);
  return kernel ? text : render(kernel.error(), expression);
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(EINC_GOLDEN_DIR)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, EveryStagePrintsAsRecorded) {
  const std::string recorded = read(GetParam());
  const bool with_assembly = GetParam().string().ends_with(".assembly.txt");
  const bool is_compiled = !GetParam().string().ends_with(".highway.txt");
  if (is_compiled && !code_generator()) GTEST_SKIP() << "built without a compiler";
  if (!is_compiled && (hwy::SupportedTargets() & HWY_AVX2) == 0) GTEST_SKIP() << "no AVX2 here";
  const std::string actual =
      regenerate(recorded.substr(0, recorded.find("== ")), with_assembly, is_compiled);
  if (std::getenv("EINC_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam()) << actual;
  } else {
    EXPECT_EQ(actual, recorded);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(golden_files()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return name;
});

}  // namespace
}  // namespace einc
