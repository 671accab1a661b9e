// Which BLAS there are, and how each is set up.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "blas.h"
#include "measure.h"

namespace einc::bench {
namespace {

#ifndef EINC_OPENBLAS
#define EINC_OPENBLAS ""
#endif
#ifndef EINC_BLIS
#define EINC_BLIS ""
#endif

// OpenBLAS chooses by the processor's model, and not always the fastest. "" leaves it the choice.
// A type that the processor cannot run ends its child process only.
constexpr const char* kCoreTypes[] = {"", "Haswell", "SkylakeX"};
constexpr const char* kCoreTypeVariable = "OPENBLAS_CORETYPE";

void set_core_type(const std::string& type) {
  if (!type.empty()) setenv(kCoreTypeVariable, type.c_str(), 1);
}

std::shared_ptr<const Blas> load(const char* path, int threads, const char* set_threads) {
  auto blas = Blas::load(path);
  if (!blas) return nullptr;
  if (auto* const set = blas->find<void(int)>(set_threads)) set(threads);
  return blas;
}

// Products per second of one size, 0 where it cannot.
double speed_of(const Blas& blas) {
  constexpr int64_t kSize = 1024;
  const std::vector<float> a(kSize * kSize, 0.5F);
  std::vector<float> c(kSize * kSize);
  const Matrices square{0, kSize, 1};
  const MatrixProduct product{1, kSize, kSize, kSize, square, square, square, false};
  const auto run = blas.product(product, DType::kFloat32, a.data(), a.data(), c.data());
  return run ? 1 / timed(*run)(0.2) : 0;
}

double speed_in_child(const std::string& core_type, int threads) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    set_core_type(core_type);
    const auto blas = load(EINC_OPENBLAS, threads, "openblas_set_num_threads");
    const double speed = blas ? speed_of(*blas) : 0;
    _exit(write(ends[1], &speed, sizeof speed) == sizeof speed ? 0 : 1);
  }
  close(ends[1]);
  double speed = 0;
  if (child < 0 || read(ends[0], &speed, sizeof speed) != sizeof speed) speed = 0;
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return speed;
}

}  // namespace

std::shared_ptr<const Blas> load_openblas(int threads, std::string& version) {
  if (*EINC_OPENBLAS == '\0') return nullptr;
  if (std::getenv(kCoreTypeVariable) == nullptr) {
    std::vector<double> speeds;
    for (const char* type : kCoreTypes) speeds.push_back(speed_in_child(type, threads));
    set_core_type(kCoreTypes[std::max_element(speeds.begin(), speeds.end()) - speeds.begin()]);
  }
  auto blas = load(EINC_OPENBLAS, threads, "openblas_set_num_threads");
  if (!blas) return nullptr;
  if (auto* const config = blas->find<char*()>("openblas_get_config")) version = config();
  version = version.substr(0, version.find(' ', version.find(' ') + 1));
  if (auto* const core = blas->find<char*()>("openblas_get_corename"))
    version += std::string(" ") + core();
  return blas;
}

std::shared_ptr<const Blas> load_blis(int threads, std::string& version) {
  if (*EINC_BLIS == '\0') return nullptr;
  auto blas = load(EINC_BLIS, threads, "bli_thread_set_num_threads");
  if (!blas) return nullptr;
  if (auto* const text = blas->find<const char*()>("bli_info_get_version_str")) version = text();
  return blas;
}

}  // namespace einc::bench
