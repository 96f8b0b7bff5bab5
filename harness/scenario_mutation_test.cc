// Whatever is done to a scenario file, the parser says in short lines what is
// wrong with it, or has read a scenario that keeps every bound.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "checkers/share_testing.h"
#include "harness/catalogue.h"
#include "harness/scenario_rules.h"

namespace faultline {
namespace {

std::vector<std::string> seeds_of_the_catalogue() {
  std::vector<std::string> texts;
  for (const auto& scenario : load_catalogue({}, Selection::all).scenarios)
    texts.push_back(scenario.text);
  return texts;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  std::string mutate(std::string text, const std::string& other) {
    for (auto times = 1 + below(4); times > 0; --times) once(text, other);
    return text;
  }

 private:
  void once(std::string& text, const std::string& other) {
    static const std::vector<std::string> bits = {"&a ",         "*a",
                                                  "[",           "]",
                                                  "{",           "}",
                                                  ": ",          "- ",
                                                  "? ",          "!!str ",
                                                  "---\n",       "...\n",
                                                  "#",           "'",
                                                  "\"",          "|\n",
                                                  ">-\n",        "\t",
                                                  "\n",          " ",
                                                  ",",           "~",
                                                  "null",        "true",
                                                  "-1",          "0",
                                                  "99999999999", "1e999",
                                                  ".nan",        "15",
                                                  "0s",          "%YAML 1.2\n",
                                                  "\xC3",        "\xEF\xBB\xBF",
                                                  "\\x00",       "stop",
                                                  "continue",    "follower:9",
                                                  "<<: ",        "@",
                                                  "`",           "%"};
    if (text.empty()) text = "x";
    const auto at = below(text.size());
    switch (below(7)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(30));
        break;
      case 2:
        text.insert(at, bits[below(bits.size())]);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(80)));
        break;
      case 4:
        text.insert(at, other.substr(below(other.size()), below(80)));
        break;
      case 5:
        text.resize(at);
        break;
      case 6:
        drop_or_double_line(text, at);
        break;
    }
  }

  void drop_or_double_line(std::string& text, std::size_t at) {
    const auto begin = text.rfind('\n', at) == text.npos ? 0 : text.rfind('\n', at) + 1;
    const auto end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (below(2) == 0)
      text.erase(begin, end - begin);
    else
      text.insert(begin, text.substr(begin, end - begin));
  }

  std::mt19937_64 random_;
};

void expect_bounds(const Scenario& s) {
  EXPECT_FALSE(s.name.empty());
  EXPECT_GE(s.brokers, s.replicas);
  EXPECT_GE(s.replicas, 1u);
  EXPECT_GE(s.workload.producers, 1u);
  EXPECT_GE(s.workload.rate, 0.1);
  EXPECT_LE(s.workload.min_size, s.workload.max_size);
  EXPECT_GT(s.fault.count(), 0);
  EXPECT_TRUE(broken_rules(s).empty());
}

TEST(ScenarioMutations, AreReadOrRefusedInShortLines) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  fmt::print("seed {}\n", seed);
  const auto texts = seeds_of_the_catalogue();
  ASSERT_FALSE(texts.empty());
  Mutator mutator(seed);
  int refused = 0, read = 0;
  for (int i = 0; i < 4'000 / testing::share; ++i) {
    const auto text =
        mutator.mutate(texts[mutator.below(texts.size())], texts[mutator.below(texts.size())]);
    const auto loaded = parse_scenario(text, "m.yaml");
    ++(loaded.problems.empty() ? read : refused);
    if (loaded.problems.empty()) expect_bounds(loaded.scenario);
    for (const auto& problem : loaded.problems) {
      EXPECT_FALSE(problem.message.empty());
      EXPECT_LT(problem.message.size(), 500u) << problem.message;
      EXPECT_EQ(to_string(problem).find_first_of("\n\r\033"), std::string::npos) << problem.message;
      EXPECT_GE(problem.line, 0);
    }
    if (HasFailure()) FAIL() << "mutation " << i << ":\n" << text;
  }
  EXPECT_GT(refused, 100 / testing::share);
  EXPECT_GT(read, 100 / testing::share);
}

}  // namespace
}  // namespace faultline
