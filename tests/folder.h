#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace einc::test {

// A folder that goes when the test does.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "einc-aot-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& file) const { return (path_ / file).string(); }
  void write(const std::string& file, const std::string& content) const {
    std::ofstream(path(file), std::ios::binary) << content;
  }
  // The output of a command run in the folder.
  std::string run(const std::string& command) const {
    std::FILE* const pipe =
        popen(("cd '" + path_.string() + "' && " + command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return "cannot run " + command;
    std::string output;
    char chunk[4096];
    while (std::fgets(chunk, sizeof chunk, pipe) != nullptr) output += chunk;
    const int status = pclose(pipe);
    return status == 0 ? output : "status " + std::to_string(status) + "\n" + output;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace einc::test
