// NumPy, PyTorch and JAX, each in a Python process: python_peer.py says what is exchanged.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "libraries.h"

namespace einc::bench {
namespace {

using Json = nlohmann::json;

// A child process that answers a line of JSON with one.
class Python {
 public:
  Python(const std::string& library, int threads) {
    int requests[2];
    int answers[2];
    if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) return;
    signal(SIGPIPE, SIG_IGN);  // a child that is gone shows where its answer is read
    child_ = fork();
    if (child_ == 0) {
      dup2(requests[0], STDIN_FILENO);
      dup2(answers[1], STDOUT_FILENO);
      const std::string count = std::to_string(threads);
      for (const char* variable : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
        setenv(variable, count.c_str(), 1);
      unsetenv("OPENBLAS_CORETYPE");  // its OpenBLAS is newer, and knows more types
      execlp("python3", "python3", EINC_PYTHON_PEER, library.c_str(), count.c_str(), nullptr);
      _exit(127);
    }
    close(requests[0]);
    close(answers[1]);
    to_ = fdopen(requests[1], "w");
    from_ = fdopen(answers[0], "r");
  }
  ~Python() {
    if (to_ != nullptr) std::fclose(to_);
    if (from_ != nullptr) std::fclose(from_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;

  // The next answer; an empty object once the child is gone.
  Json receive() {
    char* line = nullptr;
    size_t capacity = 0;
    const bool received = from_ != nullptr && getline(&line, &capacity, from_) > 0;
    Json answer = received ? Json::parse(line, nullptr, false) : Json();
    std::free(line);
    return answer.is_object() ? answer : Json::object();
  }

  Json ask(const Json& request) {
    if (to_ == nullptr) return Json::object();
    std::fputs((request.dump() + "\n").c_str(), to_);
    std::fflush(to_);
    return receive();
  }

  // For the operands' and the result's bytes; in memory where that is possible. The child removes
  // it, even where this process is killed.
  const std::filesystem::path& folder() {
    if (folder_.empty()) {
      const bool shm = std::filesystem::is_directory("/dev/shm");
      folder_ = (shm ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
                ("einc_bench." + std::to_string(getpid()) + "." + std::to_string(child_));
      std::filesystem::create_directory(folder_);
    }
    return folder_;
  }

 private:
  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
  std::filesystem::path folder_;
};

std::optional<Timer> prepare(const std::shared_ptr<Python>& python, const Problem& problem) {
  const std::string result = python->folder() / "result";
  Json request = {{"do", "prepare"},
                  {"expression", problem.item.expression},
                  {"dtype", std::string(to_string(problem.item.dtype()))},
                  {"inputs", Json::array()},
                  {"output", {{"file", result}, {"extents", problem.output.extents()}}}};
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const std::string path = python->folder() / std::to_string(i);
    std::ofstream(path, std::ios::binary)
        .write(static_cast<const char*>(problem.inputs[i].data()), problem.inputs[i].bytes());
    request["inputs"].push_back({{"file", path}, {"extents", problem.inputs[i].extents()}});
  }
  if (!python->ask(request).value("can", false)) return std::nullopt;
  return [python, result, output = problem.output](double seconds) {
    const Json answer = python->ask({{"do", "run"}, {"seconds", seconds}});
    if (seconds == 0 && python->ask({{"do", "write"}}).value("can", false))
      std::ifstream(result, std::ios::binary)
          .read(static_cast<char*>(output.data()), output.bytes());
    return answer.value("seconds", HUGE_VAL);
  };
}

std::optional<Peer> peer(const std::string& library, int threads) {
  const auto python = std::make_shared<Python>(library, threads);
  const Json hello = python->receive();
  if (!hello.contains("version")) return std::nullopt;
  return Peer{library, hello.value("version", ""),
              [python](const Problem& problem) { return prepare(python, problem); }};
}

}  // namespace

std::optional<Peer> numpy_peer(int threads) { return peer("numpy", threads); }
std::optional<Peer> torch_peer(int threads) { return peer("torch", threads); }
std::optional<Peer> jax_peer(int threads) { return peer("jax", threads); }

}  // namespace einc::bench
