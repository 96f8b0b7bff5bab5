#include "harness/known_issue.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <vector>

namespace faultline {
namespace {

constexpr std::string_view one = R"([0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}(-[A-Za-z0-9.]+)?)";
constexpr std::string_view to = " -";

struct Version {
  int major = 0, minor = 0, patch = 0;
  std::string candidate;  // "RC.1" comes before the release, which has none
};

// A candidate's parts between the dots, numbers as numbers and before words (semver.org, 11).
std::vector<std::pair<long long, std::string>> parts_of(std::string_view candidate) {
  std::vector<std::pair<long long, std::string>> parts;
  while (!candidate.empty()) {
    const auto part = candidate.substr(0, candidate.find('.'));
    long long number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error == std::errc() && end == part.data() + part.size())
      parts.emplace_back(number, "");
    else
      parts.emplace_back(std::numeric_limits<long long>::max(), part);
    candidate.remove_prefix(std::min(part.size() + 1, candidate.size()));
  }
  return parts;
}

auto order(const Version& v) {
  return std::tuple(v.major, v.minor, v.patch, v.candidate.empty(), parts_of(v.candidate));
}

Version parse(std::string_view text) {
  Version version;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    const bool separated = part == &version.major || (at != end && *at++ == '.');
    const auto [rest, error] = std::from_chars(at, end, *part);
    if (!separated || error != std::errc() || *part < 0)
      throw std::invalid_argument("no version: " + std::string(text));
    at = rest;
  }
  if (at != end && *at++ != '-') throw std::invalid_argument("no version: " + std::string(text));
  version.candidate.assign(at, end);
  return version;
}

struct Range {
  Version first;
  std::optional<Version> last;  // none: it goes on
};

Range parse_range(std::string_view text) {
  const auto dash = text.find(to);
  if (dash == std::string_view::npos) return {parse(text), parse(text)};
  const auto last = text.substr(dash + to.size());
  if (last.empty()) return {parse(text.substr(0, dash)), {}};
  return {parse(text.substr(0, dash)), parse(last.substr(1))};
}

std::vector<Range> parse_list(std::string_view text) {
  constexpr std::string_view comma = ", ";
  std::vector<Range> ranges;
  for (;;) {
    const auto end = text.find(comma);
    ranges.push_back(parse_range(text.substr(0, end)));
    if (end == std::string_view::npos) return ranges;
    text.remove_prefix(end + comma.size());
  }
}

}  // namespace

std::string version_list_pattern() {
  const std::string version(one);
  const std::string range = version + "( -( " + version + ")?)?";
  return "^" + range + "(, " + range + ")*$";
}

bool has_version(const std::string& versions, const std::string& version) {
  const auto wanted = order(parse(version));
  return std::ranges::any_of(parse_list(versions), [&](const Range& range) {
    return order(range.first) <= wanted && (!range.last || wanted <= order(*range.last));
  });
}

bool has_empty_range(const std::string& versions) {
  return std::ranges::any_of(parse_list(versions), [](const Range& range) {
    return range.last && order(*range.last) < order(range.first);
  });
}

}  // namespace faultline
