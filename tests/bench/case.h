// What is timed: einsums of given types, read from files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "einc/einc.h"

namespace einc::bench {

struct Case {
  std::string name;
  std::string expression;
  std::vector<TensorType> inputs;  // row-major, of one dtype

  DType dtype() const { return inputs.front().dtype; }
};

// An expression's terms; every character of them is a label.
struct Terms {
  std::vector<std::string> inputs;
  std::string output;
};

// Throws std::runtime_error where there is no "->".
Terms split_terms(const std::string& expression);

std::map<char, int64_t> label_extents(const Terms& terms, const std::vector<TensorType>& inputs);

// What a case asks for, however it is computed.
struct Work {
  double flops = 0;        // 2 for each point of iteration, 8 if complex
  double least_flops = 0;  // without those of labels that one operand may sum up beforehand
  double read = 0;         // bytes of each operand once; of a diagonal, whole cache lines
  double written = 0;      // bytes of the output once

  double bytes() const { return read + written; }
};

Work work_of(const Case& item, const TensorType& output);

// The rows of a CSV file as cases, each once per dtype. A row is
//   name,"expression",extents,dtype
// with extents as "2x3;3x4", an operand each, or "i:2;j:3;k:4". Lines that begin with '#' and the
// header "name,..." are skipped. A row without a dtype is of each of `dtypes`; so is any row if
// `override_dtypes`. Throws std::runtime_error where a row is no case.
std::vector<Case> load_cases(const std::string& path, const std::vector<DType>& dtypes,
                             bool override_dtypes);

}  // namespace einc::bench
