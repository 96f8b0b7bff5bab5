#include "harness/runs/commit.h"

#include <regex>

#include "harness/cluster/program.h"

namespace faultline {

std::string commit_of(const std::filesystem::path& file) noexcept try {
  if (file.empty()) return {};
  const std::string folder = std::filesystem::absolute(file).parent_path().string();
  ProgramOptions options;
  options.limit = std::chrono::seconds(5);
  options.environment = {{"GIT_OPTIONAL_LOCKS", "0"}};
  const std::string told = output_of(
      {"git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"},
      options);
  std::smatch commit;
  static const std::regex whole("^([0-9a-f]{40}(-dirty)?)\\s*$");
  return std::regex_match(told, commit, whole) ? commit[1].str() : "";
} catch (const std::exception&) {
  return {};
}

}  // namespace faultline
