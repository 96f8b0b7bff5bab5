#include "harness/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <set>

#include "harness/scenario_keys.h"
#include "harness/scenario_rules.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_size = 64 * 1024;
constexpr std::size_t max_problems = 50;

std::string child(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

// The path of the group that holds a key of that name; empty if there is none or more than one.
void find_homes(const Key& group, const std::string& path, const std::string& name,
                std::vector<std::string>& homes) {
  for (const auto& key : group.keys) {
    if (key.name == name) homes.push_back(path);
    find_homes(key, child(path, key.name), name, homes);
  }
}

// Reads a tree into a scenario, by the table of keys.
class Reader {
 public:
  explicit Reader(const fs::path& file) { loaded_.scenario.file = file; }

  LoadedScenario read(const std::string& text) {
    loaded_.scenario.text = text;
    try {
      const Node root = parse_document(text);
      const Key keys = scenario_keys();
      root_ = &keys;
      read_map(root, keys, "");
      check_rules();
      root_ = nullptr;
    } catch (const DocumentError& error) {
      problem(error.at, error.what());
    }
    finish();
    return std::move(loaded_);
  }

 private:
  void problem(Position at, std::string message) {
    loaded_.problems.push_back({loaded_.scenario.file, at.line, at.column, std::move(message)});
  }

  void read_key(const Node& node, const Key& key, const std::string& path) {
    if (key.is_list)
      read_list(node, key, path);
    else if (!key.keys.empty())
      read_map(node, key, path);
    else if (const auto wrong = key.read(node, loaded_.scenario)) {
      problem(node.at, fmt::format("{}: {}", key.name, *wrong));
      refused_.insert(path);
    }
  }

  void read_list(const Node& node, const Key& key, const std::string& path) {
    if (node.type != NodeType::list) {
      problem(node.at, fmt::format("{}: expected a list, which may be empty: []", key.name));
      refused_.insert(path);
      return;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      key.new_item(loaded_.scenario);
      const auto item = fmt::format("{}[{}]", path, i);
      positions_[item] = node.items[i].at;
      read_map(node.items[i], key, item);
    }
  }

  void read_map(const Node& node, const Key& group, const std::string& path) {
    if (node.type != NodeType::map) {
      problem(node.at,
              fmt::format("{}: expected keys and values ({})",
                          group.name.empty() ? "a scenario" : group.name, some_names(group)));
      refused_.insert(path);
      return;
    }
    std::map<std::string, Position> seen;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const Node& name = node.keys[i];
      const auto [first, is_new] = seen.emplace(name.text, name.at);
      if (!is_new) {
        problem(name.at, fmt::format("{} stands there twice; first in line {}", quoted(name.text),
                                     first->second.line));
        continue;
      }
      const auto key = std::ranges::find(group.keys, name.text, &Key::name);
      if (key == group.keys.end()) {
        unknown_key(name, group, path);
        continue;
      }
      const auto key_path = child(path, key->name);
      positions_[key_path] = node.items[i].at;
      read_key(node.items[i], *key, key_path);
    }
    for (const auto& key : group.keys)
      if (key.required && !seen.contains(key.name)) {
        problem(node.at,
                fmt::format("'{}' is missing{}", key.name, path.empty() ? "" : " in " + path));
        refused_.insert(child(path, key.name));
      }
    refuse_both(node, group, seen);
  }

  // A group may say that two of its keys exclude each other.
  void refuse_both(const Node& node, const Key& group,
                   const std::map<std::string, Position>& seen) {
    if (group.schema.is_null() || !group.schema.contains("not")) return;
    const auto names = group.schema["not"]["required"].get<std::vector<std::string>>();
    if (std::ranges::all_of(names, [&](const auto& name) { return seen.contains(name); }))
      problem(node.at, fmt::format("{}: '{}' and '{}' exclude each other; leave one out",
                                   group.name, names.at(0), names.at(1)));
  }

  static std::string some_names(const Key& group) {
    std::string names;
    for (const auto& key : group.keys) names += (names.empty() ? "" : ", ") + key.name;
    return names;
  }

  void unknown_key(const Node& name, const Key& group, const std::string& path) {
    std::vector<std::string> names;
    for (const auto& key : group.keys) names.push_back(key.name);
    std::string hint;
    std::vector<std::string> homes;
    if (name.text.size() <= 40) find_homes(*root_, "", name.text, homes);
    if (const auto meant = nearest(name.text, names); !meant.empty()) {
      hint = fmt::format("; did you mean '{}'?", meant);
      refused_.insert(child(path, meant));
    } else if (homes.size() == 1) {
      hint = fmt::format("; it belongs {}{}", homes[0].empty() ? "at the top" : "under ", homes[0]);
      refused_.insert(child(homes[0], name.text));
    } else {
      hint = "; known here: " + some_names(group);
    }
    problem(name.at, fmt::format("unknown key {}{}", quoted(name.text), hint));
  }

  // What follows from a value that was refused already is not told again.
  void check_rules() {
    for (const auto& rule : broken_rules(loaded_.scenario))
      if (std::ranges::none_of(rule.paths, [&](const auto& path) { return is_refused(path); }))
        problem(position(rule.paths.front()),
                fmt::format("{}: {}", rule.paths.front(), rule.message));
  }

  static bool is_at_or_below(const std::string& path, const std::string& other) {
    return path.starts_with(other) && (other.empty() || path.size() == other.size() ||
                                       path[other.size()] == '.' || path[other.size()] == '[');
  }

  bool is_refused(const std::string& path) const {
    return std::ranges::any_of(refused_, [&](const std::string& refused) {
      return is_at_or_below(path, refused) || is_at_or_below(refused, path);
    });
  }

  // Where a key stands, or the nearest thing around it that is there.
  Position position(std::string path) const {
    while (true) {
      if (const auto found = positions_.find(path); found != positions_.end()) return found->second;
      const auto dot = path.find_last_of(".[");
      if (dot == std::string::npos) return {};
      path.resize(dot);
    }
  }

  void finish() {
    auto& problems = loaded_.problems;
    std::ranges::stable_sort(problems, {},
                             [](const auto& p) { return std::pair(p.line, p.column); });
    if (problems.size() <= max_problems) return;
    const auto left_out = problems.size() - max_problems;
    problems.resize(max_problems);
    problem({}, fmt::format("and {} more problems", left_out));
  }

  LoadedScenario loaded_;
  const Key* root_ = nullptr;
  std::map<std::string, Position> positions_;  // of the values that are there, by path
  std::set<std::string> refused_;              // paths whose values are not what the file meant
};

bool is_utf8(const std::string& text) {
  try {
    nlohmann::json(text).dump();  // strict about UTF-8
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

bool is_binary(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) {
    return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
  });
}

LoadedScenario refused(const fs::path& file, std::string message) {
  LoadedScenario loaded;
  loaded.scenario.file = file;
  loaded.problems.push_back({file, 0, 0, std::move(message)});
  return loaded;
}

}  // namespace

LoadedScenario parse_scenario(const std::string& text, const fs::path& file) {
  if (text.size() > max_file_size)
    return refused(
        file, fmt::format("is larger than {} KiB, so it is no scenario", max_file_size / 1024));
  if (is_binary(text)) return refused(file, "is not a text file, so it is no scenario");
  if (!is_utf8(text)) return refused(file, "is not UTF-8; save it as UTF-8");
  return Reader(file).read(text);
}

LoadedScenario load_scenario(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status))
    return refused(file, status.type() == fs::file_type::not_found
                             ? "does not exist"
                             : "cannot be read: " + error.message());
  if (!fs::is_regular_file(status)) return refused(file, "is not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return refused(file, fmt::format("cannot be read: {}", std::strerror(errno)));
  std::string text(max_file_size + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refused(file, "cannot be read: input error");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_scenario(text, file);
}

std::string to_string(const ScenarioProblem& problem) {
  if (problem.line == 0) return fmt::format("{}: {}", problem.file.string(), problem.message);
  return fmt::format("{}:{}:{}: {}", problem.file.string(), problem.line, problem.column,
                     problem.message);
}

}  // namespace faultline
