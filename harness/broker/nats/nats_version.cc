#include "harness/broker/nats/nats_version.h"

#include <fmt/format.h>

#include <charconv>

namespace faultline {

std::optional<NatsVersion> parse_nats_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  NatsVersion version;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    if (part != &version.major && (at == end || *at++ != '.')) return {};
    const auto [rest, error] = std::from_chars(at, end, *part);
    if (error != std::errc() || *part < 0) return {};
    at = rest;
  }
  if (at != end && *at != '-' && *at != '+') return {};
  return version;
}

std::string to_string(const NatsVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace faultline
