// Whatever the text, a kubeconfig is read, or refused in one line.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/kubernetes/api/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto path = std::filesystem::temp_directory_path() /
                           ("faultline-kubeconfig-fuzz-" + std::to_string(::getpid()));
  static const int at_exit = std::atexit([] { std::filesystem::remove(path); });
  if (at_exit != 0) std::abort();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    faultline::read_kubeconfig(path);
  } catch (const faultline::KubeconfigError& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
