// The one description of a scenario file: every key with its kind of value,
// default, bounds and meaning. The parser reads by it and scenarios/schema.json
// is written from it, so neither knows a key that the other does not.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/document.h"
#include "harness/scenario.h"

namespace faultline {

struct Key {
  std::string name = {};
  std::string meaning = {};  // one or two sentences, for editors
  bool required = false;
  nlohmann::ordered_json schema = {};  // of its value: JSON Schema without description and default

  // A plain value: reads it into the scenario, or says what is wrong with it.
  std::function<std::optional<std::string>(const Node&, Scenario&)> read = {};
  std::function<nlohmann::ordered_json(Scenario&)> value = {};  // as a file would write it

  std::vector<Key> keys = {};  // of a map, or of each item of a list of maps
  bool is_list = false;
  std::function<void(Scenario&)> new_item =
      {};  // of a list of maps: `keys` then read into the last item
};

// The map that a whole file is.
Key scenario_keys();

// A JSON Schema (draft 2020-12) of scenario_keys(): scenarios/schema.json, byte for byte.
std::string scenario_schema();

// "15s", "2500ms", "2m"
std::string to_text(std::chrono::milliseconds);

// In quotes, on one line, shortened: for messages about whatever a file may hold.
std::string quoted(const std::string&);

// The name that was probably meant; empty if none is near. Names longer than
// any key are near none.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace faultline
