#include "harness/broker/memphis/memphis_binary.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view sign = "github.com/memphisdev/memphis";  // Go keeps names of packages
constexpr const char* how_to_get_one =
    "give one with --broker-binary or FAULTLINE_MEMPHIS, or put 'memphis' into the PATH: it is "
    "/bin/nats-server of the image memphisos/memphis:1.4.4 (docs/memphis.md)";

bool has_sign(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> seen;
  std::vector<char> block(1 << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())), file.gcount() > 0) {
    seen.insert(seen.end(), block.begin(), block.begin() + file.gcount());
    if (std::search(seen.begin(), seen.end(), sign.begin(), sign.end()) != seen.end()) return true;
    seen.erase(seen.begin(), seen.end() - std::min<std::ptrdiff_t>(std::ssize(seen), sign.size()));
  }
  return false;
}

fs::path chosen(const fs::path& given) {
  if (!given.empty()) return given;
  if (const char* path = std::getenv("FAULTLINE_MEMPHIS"); path && *path) return path;
  return find_program("memphis");
}

std::string version_beside(const fs::path& binary) {
  std::string version;
  std::ifstream(fs::canonical(binary).parent_path() / "version.conf") >> version;
  return version;
}

}  // namespace

MemphisBinary find_memphis_binary(const fs::path& given, const std::string& claimed_version) {
  const auto path = chosen(given);
  if (path.empty()) throw ClusterError(std::string("no Memphis broker here: ") + how_to_get_one);
  const auto what = path.string();
  if (!fs::exists(path)) throw ClusterError("there is no broker binary at " + what);
  if (!fs::is_regular_file(path) || ::access(path.c_str(), X_OK) != 0)
    throw ClusterError(what + " is not an executable file");
  if (!has_sign(path)) throw ClusterError(what + " is no Memphis broker: " + how_to_get_one);
  auto version = version_beside(path);
  if (version.empty()) version = claimed_version.empty() ? "unknown" : claimed_version;
  return {fs::absolute(path), version};
}

}  // namespace faultline
