// What the brokers said around a moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace faultline {

// Nanoseconds since 1970 of a line that begins as nats-server's do,
// "[8104] 2026/11/25 23:59:45.990760 [INF] ...", its time taken for UTC.
std::optional<std::int64_t> log_time(std::string_view line);

struct LogExcerpt {
  std::vector<std::string> lines;  // secrets redacted, each at most 300 bytes
  std::size_t left_out = 0;        // more lines of the stretch
};

// The lines of [begin, end), in nanoseconds since 1970 UTC, at most `most` of them, the first
// ones. `run_begin` tells which time zone the file was written in, to a quarter of an hour:
// a broker begins to write when its run begins. Lines without a time belong to the one before.
// Empty if the file cannot be read. Complexity: linear in the file, constant memory.
LogExcerpt log_excerpt(const std::filesystem::path&, std::int64_t begin, std::int64_t end,
                       std::int64_t run_begin, std::size_t most);

}  // namespace faultline
