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

// Writes all files or none: each to a file beside its target, and only when all are complete do
// they take their targets' places. Devices, pipes and links are written to in place. Fails with
// kIo, naming the file.
Result<void> write_files(const std::vector<FileToWrite>& files);

}  // namespace einc
