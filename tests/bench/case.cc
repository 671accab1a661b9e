#include "case.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace einc::bench {
namespace {

constexpr double kCacheLine = 64;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// The fields of a CSV line; commas within quotes do not separate.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

using Extents = std::vector<int64_t>;

std::vector<Extents> parse_operand_extents(const std::string& text, size_t operands) {
  std::vector<Extents> all;
  for (const std::string& operand : split(text, ';')) {
    all.emplace_back();
    for (const std::string& extent : split(operand, 'x')) all.back().push_back(std::stoll(extent));
  }
  all.resize(std::max(all.size(), operands));  // a scalar at the end has no text
  return all;
}

std::vector<Extents> parse_label_extents(const std::string& text, const Terms& terms) {
  std::map<char, int64_t> extents;
  for (const std::string& label : split(text, ';'))
    extents[label.at(0)] = std::stoll(label.substr(2));
  std::vector<Extents> all;
  for (const std::string& term : terms.inputs) {
    all.emplace_back();
    for (const char label : term) all.back().push_back(extents.at(label));
  }
  return all;
}

struct Row {
  std::string name;
  std::string expression;
  std::vector<Extents> extents;
  std::optional<DType> own;
};

Row parse_row(const std::string& line) {
  const std::vector<std::string> fields = fields_of(line);
  const Terms terms = split_terms(fields.at(1));
  const std::string& text = fields.at(2);
  Row row{fields[0], fields[1], {}, dtype_from_name(fields.size() > 3 ? fields[3] : "")};
  row.extents = text.find(':') == std::string::npos
                    ? parse_operand_extents(text, terms.inputs.size())
                    : parse_label_extents(text, terms);
  bool match = row.extents.size() == terms.inputs.size();
  for (size_t i = 0; match && i < row.extents.size(); ++i)
    match = row.extents[i].size() == terms.inputs[i].size();
  if (!match) throw std::runtime_error("the extents do not match the expression");
  return row;
}

Case case_of(const Row& row, DType dtype) {
  Case item{row.name, row.expression, {}};
  for (const Extents& operand : row.extents)
    item.inputs.push_back(TensorType::row_major(dtype, operand));
  return item;
}

double touched_bytes(const TensorType& type, const std::string& term) {
  const double element = info(type.dtype).bytes;
  const double all = element * static_cast<double>(element_count(type.extents));
  std::map<char, int64_t> extents;
  std::map<char, int64_t> strides;
  for (size_t i = 0; i < term.size(); ++i) {
    extents[term[i]] = type.extents[i];
    strides[term[i]] += type.strides[i];
  }
  double elements = 1;
  bool adjacent = extents.empty();
  for (const auto& [label, extent] : extents) {
    elements *= static_cast<double>(extent);
    adjacent |= strides[label] == 1;
  }
  return std::min(all, elements * (adjacent ? element : kCacheLine));
}

}  // namespace

Terms split_terms(const std::string& expression) {
  const size_t arrow = expression.find("->");
  if (arrow == std::string::npos)
    throw std::runtime_error("the bench needs '->' in '" + expression + "'");
  Terms terms{split(expression.substr(0, arrow), ','), expression.substr(arrow + 2)};
  return terms;
}

std::map<char, int64_t> label_extents(const Terms& terms, const std::vector<TensorType>& inputs) {
  std::map<char, int64_t> extents;
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t d = 0; d < terms.inputs[i].size(); ++d)
      extents[terms.inputs[i][d]] = inputs[i].extents[d];
  return extents;
}

Work work_of(const Case& item, const TensorType& output) {
  const Terms terms = split_terms(item.expression);
  Work work;
  work.flops = work.least_flops = info(item.dtype()).kind == Kind::kComplex ? 8 : 2;
  for (const auto& [label, extent] : label_extents(terms, item.inputs)) {
    const auto has_label = [wanted = label](const std::string& term) {
      return term.find(wanted) != std::string::npos;
    };
    const auto holders = std::count_if(terms.inputs.begin(), terms.inputs.end(), has_label);
    work.flops *= static_cast<double>(extent);
    if (holders > 1 || has_label(terms.output)) work.least_flops *= static_cast<double>(extent);
  }
  for (size_t i = 0; i < item.inputs.size(); ++i)
    work.read += touched_bytes(item.inputs[i], terms.inputs[i]);
  work.written = touched_bytes(output, terms.output);
  return work;
}

std::vector<Case> load_cases(const std::string& path, const std::vector<DType>& dtypes,
                             bool override_dtypes) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Row> rows;
  std::vector<DType> all = dtypes;  // by which the cases are ordered
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("name,", 0) == 0) continue;
    try {
      rows.push_back(parse_row(line));
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ": no case in '" + line + "': " + error.what());
    }
    std::optional<DType>& own = rows.back().own;
    if (override_dtypes) own.reset();
    if (own && std::find(all.begin(), all.end(), *own) == all.end()) all.push_back(*own);
  }
  std::vector<Case> cases;
  for (const DType dtype : all) {
    const bool wanted = std::find(dtypes.begin(), dtypes.end(), dtype) != dtypes.end();
    for (const Row& row : rows)
      if (row.own ? *row.own == dtype : wanted) cases.push_back(case_of(row, dtype));
  }
  return cases;
}

}  // namespace einc::bench
