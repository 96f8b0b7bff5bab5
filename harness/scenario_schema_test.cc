// scenarios/schema.json says what the parser says.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <sstream>

#include "checkers/share_testing.h"
#include "harness/catalogue.h"
#include "harness/scenario_keys.h"

namespace faultline {
namespace {

using Json = nlohmann::ordered_json;

bool matches(const std::string& text, const std::string& pattern) {
  static std::map<std::string, std::regex> compiled;  // which takes longer than to match
  return std::regex_search(text, compiled.try_emplace(pattern, pattern).first->second);
}

// The few words of JSON Schema that ours uses; any other is an error, so that
// nothing in it goes unchecked.
bool accepts(const Json& schema, const Json& value) {
  for (const auto& [word, rule] : schema.items()) {
    if (word == "$schema" || word == "title" || word == "description" || word == "default")
      continue;
    bool fits = false;
    if (word == "type") {
      const auto type = rule.get<std::string>();
      fits = (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
             (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
             (type == "integer" && value.is_number_integer()) ||
             (type == "number" && value.is_number());
    } else if (word == "const") {
      fits = value == rule;
    } else if (word == "enum") {
      fits = std::ranges::find(rule, value) != rule.end();
    } else if (word == "minimum") {
      fits = !value.is_number() || value >= rule;
    } else if (word == "maximum") {
      fits = !value.is_number() || value <= rule;
    } else if (word == "minLength") {
      fits = !value.is_string() || value.get<std::string>().size() >= rule;
    } else if (word == "maxLength") {
      fits = !value.is_string() || value.get<std::string>().size() <= rule;
    } else if (word == "pattern") {
      fits = !value.is_string() || matches(value.get<std::string>(), rule.get<std::string>());
    } else if (word == "properties") {
      fits = !value.is_object() || std::ranges::all_of(rule.items(), [&](const auto& property) {
        return !value.contains(property.key()) || accepts(property.value(), value[property.key()]);
      });
    } else if (word == "additionalProperties") {
      fits = rule == false &&
             (!value.is_object() || std::ranges::all_of(value.items(), [&](const auto& item) {
               return schema["properties"].contains(item.key());
             }));
    } else if (word == "required") {
      fits = !value.is_object() || std::ranges::all_of(rule, [&](const Json& name) {
        return value.contains(name.get<std::string>());
      });
    } else if (word == "items") {
      fits = !value.is_array() ||
             std::ranges::all_of(value, [&](const Json& item) { return accepts(rule, item); });
    } else if (word == "minItems") {
      fits = !value.is_array() || value.size() >= rule;
    } else if (word == "uniqueItems") {
      fits = true;
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
        fits = fits && std::find(value.begin(), value.begin() + i, value[i]) == value.begin() + i;
    } else if (word == "not") {
      fits = !accepts(rule, value);
    } else {
      throw std::logic_error("the schema says '" + word + "', which this test does not know");
    }
    if (!fits) return false;
  }
  return true;
}

Json to_json(const Node& node) {
  switch (node.type) {
    case NodeType::nothing:
      return nullptr;
    case NodeType::flag:
      return node.text == "true";
    case NodeType::whole:
      return std::stoll(node.text);
    case NodeType::number:
      return std::stod(node.text);
    case NodeType::text:
      return node.text;
    case NodeType::list: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case NodeType::map: {
      Json map = Json::object();
      for (std::size_t i = 0; i < node.keys.size(); ++i)
        map[node.keys[i].text] = to_json(node.items[i]);
      return map;
    }
  }
  return nullptr;
}

// Not the rules about several keys: a schema does not know those.
bool parser_accepts(const Json& scenario) {
  for (const auto& problem : parse_scenario(scenario.dump(), "s.yaml").problems)
    if (!problem.message.starts_with("spec.") && !problem.message.starts_with("metadata."))
      return false;
  return true;
}

Json schema() { return Json::parse(scenario_schema()); }

// Every key there is, each with a value that can be.
const char* every_key = R"(
apiVersion: faultline/v1
kind: Scenario
metadata:
  {name: all-keys, title: Every key, figure: "1.4", cites: No data loss., set: page,
   known_issue: {id: "server#5", url: "https://example.org/5", versions: 2.12.1 - 2.12.3, checks: [lost, replicas]}}
spec:
  broker: {product: nats, version: 2.12.1, sync_interval: always, count: 3}
  stream: {replicas: 3, storage: memory, gather_leaders: true}
  workload:
    type: log
    producers: 3
    rate: 100
    size: {min: 100, max: 200}
    consumers: {readers: 2, rereaders: 3, durables: 4, laggards: 5, directs: 6, read_rate: 12.5}
    timeouts: {publish: 4s, read: 250ms, ack_wait: 20s}
  timeline:
    steady: 5s
    faults:
      - {fault: broker-kill, target: followers, at: 1s, for: 2s, times: 3, every: 4s, within: 5s,
         held_off: false, interval: 3s}
    hold: 60s
    heal: {order: one_by_one, interval: 6s}
    recovery: 60s
    drain: 3m
  expect: {writes: stop, reads: stop, resume: quorum, loss: none, linearizability: required,
           max_gap: 6s, pause_gap: 16s, settle: 26s, recover_within: 31s}
  needs: [root]
)";

TEST(ScenarioSchema, IsTheFileInScenarios) {
  std::ostringstream file;
  file << std::ifstream("scenarios/schema.json").rdbuf();
  EXPECT_TRUE(file.str() == scenario_schema())
      << "scenarios/schema.json is not what scenario_keys.cc says; write it anew: ninja -C build "
         "scenario-schema";
}

TEST(ScenarioSchema, AcceptsTheCatalogue) {
  for (const auto& scenario : load_catalogue({}, Selection::all).scenarios)
    EXPECT_TRUE(accepts(schema(), to_json(parse_document(scenario.text)))) << scenario.file;
}

TEST(ScenarioSchema, DescribesEveryKeyAndItsDefaultsAreAccepted) {
  std::function<void(const Json&, const std::string&)> visit = [&](const Json& map,
                                                                   const std::string& path) {
    for (const auto& [name, key] : map["properties"].items()) {
      EXPECT_GE(key.value("description", "").size(), 10u) << path << name;
      EXPECT_TRUE(!key.contains("default") || accepts(key, key["default"])) << path << name;
      if (key.contains("properties")) visit(key, path + name + ".");
      if (key.contains("items") && key["items"].contains("properties"))
        visit(key["items"], path + name + "[].");
    }
  };
  visit(schema(), "");
}

// Applies one change at a time to every place of a scenario, and asks both.
class Agreement {
 public:
  explicit Agreement(Json scenario) : whole_(std::move(scenario)) { change_below(whole_); }

  int accepted = 0, refused = 0;

 private:
  void ask(const std::string& change) {
    if (asked_++ % testing::share != 0) return;
    const bool by_schema = accepts(schema_, whole_);
    const bool by_parser = parser_accepts(whole_);
    EXPECT_EQ(by_schema, by_parser) << change << "\n" << whole_.dump();
    ++(by_parser ? accepted : refused);
  }

  void with(Json& place, const Json& instead, const std::string& change) {
    const Json before = place;
    place = instead;
    ask(change);
    place = before;
  }

  void change_below(Json& place) {
    if (place.is_object()) change_map(place);
    if (place.is_array())
      for (auto& item : place) change_below(item);
    for (const auto& instead : std::vector<Json>{nullptr,
                                                 true,
                                                 0,
                                                 1,
                                                 4,
                                                 -1,
                                                 2.5,
                                                 1e7,
                                                 "",
                                                 "x",
                                                 "15s",
                                                 "1.3",
                                                 "stop",
                                                 "2.12.0-RC.1",
                                                 "two\nlines",
                                                 std::string(2000, 'x'),
                                                 Json::array(),
                                                 Json::object(),
                                                 Json::array({"root"}),
                                                 Json::array({"root", "root"})})
      if (!out_of_bounds_only(place, instead))
        with(place, instead, "instead of " + place.dump() + ": " + instead.dump());
  }

  void change_map(Json& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map.items()) names.push_back(name);
    for (const auto& name : names) {
      Json without = map;
      without.erase(name);
      with(map, without, "without " + name);
      without[name + "s"] = map[name];
      with(map, without, name + "s for " + name);
      change_below(map[name]);
    }
    for (const auto* added : {"unknown", "in_flight", "name"}) {
      if (map.contains(added)) continue;
      Json more = map;
      more[added] = 5;
      with(map, more, std::string("with ") + added);
    }
  }

  // A schema cannot bound a duration; the parser does.
  static bool out_of_bounds_only(const Json& place, const Json& instead) {
    static const std::regex duration("[0-9]+(ms|s|m)");
    return place.is_string() && instead == "15s" &&
           std::regex_match(place.get<std::string>(), duration);
  }

  const Json schema_ = schema();
  Json whole_;
  int asked_ = 0;
};

TEST(ScenarioSchema, AgreesWithTheParserOnEveryChangeOfEveryKey) {
  const auto scenario = to_json(parse_document(every_key));
  ASSERT_TRUE(accepts(schema(), scenario));
  ASSERT_TRUE(parser_accepts(scenario));
  const Agreement agreement(scenario);
  EXPECT_GT(agreement.accepted, 50 / testing::share);
  EXPECT_GT(agreement.refused, 500 / testing::share);
}

}  // namespace
}  // namespace faultline
