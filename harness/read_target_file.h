#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/cluster/client_access.h"
#include "harness/kubernetes/target_file.h"
#include "harness/scenario.h"

namespace faultline {

struct LoadedTargetFile {
  TargetFile target;                      // meaningful only if problems is empty
  std::vector<ScenarioProblem> problems;  // all of the file at once
};

// Never throws for what is in the file; an unreadable file is a problem too.
LoadedTargetFile load_target_file(const std::filesystem::path&);
LoadedTargetFile parse_target_file(const std::string& text, const std::filesystem::path& file);

// The secrets themselves. Throws ClusterError, which names the file or the
// variable and nothing of what is in it.
ClientAccess read_client_access(const ClientPlaces&);

}  // namespace faultline
