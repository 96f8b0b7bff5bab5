#include "checkers/merged.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

namespace faultline {
namespace {

bool is_number(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return '0' <= c && c <= '9'; });
}

// Of words of CheckResult::observed. What was not seen in one part is not said of all.
int badness(const std::string& word) {
  if (word == "none" || word == "continue") return 0;
  if (word == "pause") return 2;
  return word == "stop" ? 3 : 1;
}

std::string observed(std::span<const CheckResult> parts) {
  std::uint64_t sum = 0;
  std::string worst = parts.front().observed;
  for (const CheckResult& result : parts) {
    if (is_number(result.observed))
      sum += std::stoull(result.observed);
    else if (is_number(worst) || badness(result.observed) > badness(worst))
      worst = result.observed;
  }
  return sum > 0 ? std::to_string(sum) : worst;
}

void add_counts(CheckResult& all, const CheckResult& one) {
  for (const auto& [name, value] : one.counts) {
    const auto found =
        std::ranges::find(all.counts, name, &std::pair<std::string, std::uint64_t>::first);
    if (found == all.counts.end())
      all.counts.emplace_back(name, value);
    else
      found->second =
          name.ends_with("_ns") ? std::max(found->second, value) : found->second + value;
  }
}

}  // namespace

CheckResult merged(std::span<const CheckResult> parts, std::span<const std::string> names) {
  const auto rank = [](const CheckResult& result) {
    return std::tuple(result.judged, result.verdict, badness(result.observed));
  };
  const auto worst = std::ranges::max_element(parts, {}, rank);
  CheckResult result;
  result.check = worst->check;
  result.verdict = worst->verdict;
  result.judged = worst->judged;
  result.observed = observed(parts);
  const bool alike = std::ranges::all_of(
      parts, [&](const CheckResult& one) { return one.reason == worst->reason; });
  const auto index = static_cast<std::size_t>(worst - parts.begin());
  result.reason = alike ? worst->reason : names[index] + ": " + worst->reason;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    add_counts(result, parts[i]);
    for (const Finding& finding : parts[i].samples)
      if (result.samples.size() < max_samples)
        result.samples.push_back({names[i] + ": " + finding.what, finding.operations});
  }
  return result;
}

CheckResult of_each(std::span<const ConsumerGroup> groups,
                    const std::function<CheckResult(const ConsumerGroup&)>& check) {
  if (groups.size() == 1) return check(groups.front());
  std::vector<CheckResult> results;
  std::vector<std::string> names;
  for (const ConsumerGroup& group : groups) {
    results.push_back(check(group));
    names.push_back("group " + group.name);
  }
  return merged(results, names);
}

}  // namespace faultline
