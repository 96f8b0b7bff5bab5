#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace faultline {

struct NatsVersion {
  int major = 0, minor = 0, patch = 0;
  auto operator<=>(const NatsVersion&) const = default;
};

// "2.12.15", also "v2.12.15" and "2.12.0-RC.1" (taken as 2.12.0).
std::optional<NatsVersion> parse_nats_version(std::string_view);

std::string to_string(const NatsVersion&);

}  // namespace faultline
