// Writing files so that a failure leaves what was there.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "einc/error.h"

namespace einc {

struct FileToWrite {
  std::string path;
  std::function<bool(std::FILE*)> write;  // false, with errno set, on failure
};

// Fails with kIo, naming the file.
Result<std::string> read_file(const std::string& path);
Result<void> write_file(const std::string& path, const std::string& text);

// Writes each to a file beside its target; when all are complete they take their targets' places.
// So a failure to write leaves every target as it was. Devices, pipes and links are written to in
// place. Fails with kIo, naming the file.
Result<void> write_files(const std::vector<FileToWrite>& files);

}  // namespace einc
