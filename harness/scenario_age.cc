#include "harness/scenario_age.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "harness/document.h"

namespace faultline {
namespace {

constexpr std::string_view before_age = "-at-";

// Null where there is none.
const Node* find(const Node& root, std::initializer_list<std::string_view> path) {
  const Node* node = &root;
  for (const std::string_view name : path) {
    const auto key = std::ranges::find(node->keys, name, &Node::text);
    if (key == node->keys.end()) return nullptr;
    node = &node->items[static_cast<std::size_t>(key - node->keys.begin())];
  }
  return node;
}

// Where the value itself begins, after its quote; npos where it is written otherwise.
std::size_t offset(const std::string& text, const Node& value) {
  std::size_t at = 0;
  for (int line = 1; line < value.at.line; ++line) at = text.find('\n', at) + 1;
  at += static_cast<std::size_t>(value.at.column) - 1;
  if (text.compare(at, 1, "\"") == 0 || text.compare(at, 1, "'") == 0) ++at;
  return text.compare(at, value.text.size(), value.text) == 0 ? at : std::string::npos;
}

}  // namespace

LoadedScenario at_age(const Scenario& scenario, const std::string& age) {
  const Node root = parse_document(scenario.text);
  const Node* steady = find(root, {"spec", "timeline", "steady"});
  const Node* name = find(root, {"metadata", "name"});
  std::string text = scenario.text;
  const std::size_t age_at = steady == nullptr ? text.npos : offset(text, *steady);
  const std::size_t name_at = name == nullptr ? text.npos : offset(text, *name);
  if (age_at == text.npos || name_at == text.npos)
    return {scenario, {{scenario.file, 0, 0, "another age needs its spec.timeline.steady"}}};
  // The latter first, so that the place of the other stays.
  const auto change_age = [&] { text.replace(age_at, steady->text.size(), age); };
  if (age_at > name_at) change_age();
  text.insert(name_at + name->text.size(), std::string(before_age) + age);
  if (age_at < name_at) change_age();
  return parse_scenario(text, scenario.file);
}

std::string chosen_age(const Scenario& scenario) {
  const std::size_t at = scenario.name.rfind(before_age);
  if (at == std::string::npos) return "";
  std::string age = scenario.name.substr(at + before_age.size());
  return age.find_first_not_of("0123456789smh") == std::string::npos ? age : "";
}

std::string own_name(const Scenario& scenario) {
  const std::string age = chosen_age(scenario);
  return age.empty() ? scenario.name : scenario.name.substr(0, scenario.name.rfind(before_age));
}

}  // namespace faultline
