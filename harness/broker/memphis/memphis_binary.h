// Where the Memphis broker to run comes from. There is no package of it, and faultline has none.
#pragma once

#include <filesystem>
#include <string>

namespace faultline {

struct MemphisBinary {
  std::filesystem::path path;  // absolute
  std::string version;         // of the file version.conf beside it; else as claimed, or "unknown"
};

// `given`, else $FAULTLINE_MEMPHIS, else `memphis` of the PATH. Throws ClusterError: there is
// none, and how to get one; it is no Memphis. It is not run: without its database it says nothing.
MemphisBinary find_memphis_binary(const std::filesystem::path& given,
                                  const std::string& claimed_version);

}  // namespace faultline
