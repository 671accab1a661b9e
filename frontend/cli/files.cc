#include "frontend/cli/files.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "einc/error.h"

namespace einc {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error fail(const std::string& path, const std::string& reason) {
  return {ErrorCode::kIo, "'" + path + "': " + reason, std::nullopt, "io"};
}

Result<void> write_to(const std::string& target, const FileToWrite& wanted) {
  File file(std::fopen(target.c_str(), "wb"), std::fclose);
  if (file == nullptr) return fail(wanted.path, std::strerror(errno));
  if (!wanted.write(file.get()) || std::fflush(file.get()) != 0)
    return fail(wanted.path, std::strerror(errno));
  // Some file systems say only now that the disk is full.
  if (std::fclose(file.release()) != 0) return fail(wanted.path, std::strerror(errno));
  return {};
}

// A device or a pipe cannot be replaced, only written to. Nor must a link be, which may be
// /dev/stdout; what it leads to is written.
bool is_replaceable(const std::string& path) {
  using std::filesystem::file_type;
  std::error_code status;
  const file_type kind = std::filesystem::symlink_status(path, status).type();
  return kind == file_type::regular || kind == file_type::not_found || kind == file_type::none;
}

std::string temporary_of(const std::string& path) {
  return path + ".part" + std::to_string(getpid());
}

Result<void> write_all(const std::vector<FileToWrite>& files) {
  for (const FileToWrite& file : files) {
    std::error_code status;
    if (std::filesystem::is_directory(file.path, status)) return fail(file.path, "is a directory");
  }
  for (const FileToWrite& file : files)
    if (is_replaceable(file.path))
      if (auto written = write_to(temporary_of(file.path), file); !written) return written;
  for (const FileToWrite& file : files) {
    if (!is_replaceable(file.path)) {
      if (auto written = write_to(file.path, file); !written) return written;
    } else if (std::rename(temporary_of(file.path).c_str(), file.path.c_str()) != 0) {
      return fail(file.path, std::strerror(errno));
    }
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) return fail(path, std::strerror(errno));
  std::string text;
  std::array<char, 1 << 16> chunk;
  for (size_t bytes = 1; bytes > 0; text.append(chunk.data(), bytes))
    bytes = std::fread(chunk.data(), 1, chunk.size(), file.get());
  if (std::ferror(file.get()) != 0) return fail(path, std::strerror(errno));
  return text;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  return write_files({{path, [&](std::FILE* file) {
                         return std::fwrite(text.data(), 1, text.size(), file) == text.size();
                       }}});
}

Result<void> write_files(const std::vector<FileToWrite>& files) {
  auto written = write_all(files);
  if (!written)
    for (const FileToWrite& file : files) std::remove(temporary_of(file.path).c_str());
  return written;
}

}  // namespace einc
