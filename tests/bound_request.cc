#include "bound_request.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "frontend/bind.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"

namespace einc::test {

Request request_of(const std::string& expression, DType dtype,
                   const std::function<int64_t(char)>& extent_of) {
  Request request{.expression = expression};
  const auto type_of = [&](const std::string& term) {
    std::vector<int64_t> extents;
    for (const char label : term) extents.push_back(extent_of(label));
    return TensorType::row_major(dtype, extents);
  };
  const size_t arrow = expression.find("->");
  std::istringstream inputs(expression.substr(0, arrow));
  for (std::string term; std::getline(inputs, term, ',');) {
    request.terms.push_back(term);
    request.inputs.push_back(type_of(term));
  }
  request.output = expression.substr(arrow + 2);
  request.output_type = type_of(request.output);
  return request;
}

Einsum bound(const Request& request) {
  const Dialect& dialect = *find_dialect("einc");
  return einc::bind(*parse(request.expression, dialect), request.inputs, request.output_type,
                    std::nullopt, dialect)
      ->einsum;
}

}  // namespace einc::test
