// Removes old runs on request.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/runs/record.h"

namespace faultline {

struct PruneLimits {  // each asks by itself; absent: does not
  std::optional<Duration> older_than;
  std::optional<std::size_t> keep;        // runs that may stay
  std::optional<std::uint64_t> max_size;  // bytes on the disk that they may take together
  bool failing_too = false;
};

struct PruneCandidate {
  RunRecord run;
  std::uint64_t bytes = 0;
  std::string held;  // why it stays whatever is asked: "of the latest suite"; empty: it need not
};

// Which go, in order. First those that are too old, then as many as are too many or too
// large; in each, failing runs only where they may and no other is left, and the oldest
// first. Complexity: O(n log n).
std::vector<std::size_t> choose(std::span<const PruneCandidate>, const PruneLimits&,
                                std::int64_t now);

struct Pruned {
  std::size_t runs = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> failed;  // what could not be removed, and why
  std::string short_of;             // the limit that was not reached, and why; else empty
};

// Never removes of the latest suite, of one that is under way, or where a volume is still
// mounted. A folder is renamed to .pruned-<name>, which nobody takes for a run, then removed,
// then its row; a prune that was killed is finished by the next. A suite goes with its last
// run. `tell` gets a line for each run, before it is removed. `now`: nanoseconds since 1970.
// Throws RunsError.
Pruned prune(const std::filesystem::path& results, const PruneLimits&, std::int64_t now,
             bool dry_run, const std::function<void(const std::string&)>& tell);

}  // namespace faultline
