#include "frontend/cli/network_file.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "einc/error.h"
#include "einc/path.h"

namespace einc::cli {
namespace {

Error io_error(const std::string& path, const std::string& problem) {
  return {ErrorCode::kIo, "'" + path + "' " + problem, std::nullopt, "io"};
}

// zlib reads what is not compressed as it is.
Result<std::string> read_text(const std::string& path) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) return io_error(path, std::string("cannot be read: ") + std::strerror(errno));
  std::string text;
  std::array<char, 1 << 16> chunk;
  for (;;) {
    const int bytes = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    int status = Z_OK;
    const char* const problem = gzerror(file.get(), &status);
    if (bytes < 0 || (status != Z_OK && status != Z_STREAM_END))
      return io_error(path, std::string("cannot be read: ") + problem);
    if (bytes == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(bytes));
  }
}

}  // namespace

bool names_network(const std::string& text) {
  return text.ends_with(".json") || text.ends_with(".json.gz");
}

Result<TensorNetwork> read_network(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text.error();
  auto network = parse_network(*text);
  if (network) return network;
  Error error = network.error();
  error.message = "'" + path + "': " + error.message;
  error.where.reset();  // nobody wants to see the whole file
  return error;
}

}  // namespace einc::cli
