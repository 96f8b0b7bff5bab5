#include "harness/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "harness/scenario_keys.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::string smallest = R"(apiVersion: faultline/v1
kind: Scenario
metadata:
  name: smallest
  title: As little as possible
spec:
  timeline:
    faults:
      - {fault: broker-kill, target: leader}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no '" + from + "' in the text");
  return text.replace(at, from.size(), to);
}

std::string problems(const std::string& text) {
  std::string all;
  for (const auto& problem : parse_scenario(text, "s.yaml").problems)
    all += to_string(problem) + "\n";
  return all;
}

std::string contents(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(Scenario, LeavesEverythingWithADefaultOut) {
  const auto [scenario, found] = parse_scenario(smallest, "s.yaml");
  EXPECT_TRUE(found.empty()) << problems(smallest);
  EXPECT_EQ(scenario.name, "smallest");
  EXPECT_EQ(scenario.text, smallest);
  EXPECT_EQ(scenario.file, "s.yaml");
  EXPECT_EQ(scenario.set, "custom");
  EXPECT_EQ(scenario.workload, LogSettings{});
  EXPECT_EQ(scenario.expectations, Expectations{});
  ASSERT_EQ(scenario.faults.size(), 1u);
  EXPECT_EQ(scenario.faults[0].fault, "broker-kill");
  EXPECT_EQ(scenario.faults[0].target, "leader");
  EXPECT_EQ(scenario.faults[0].at, 0ms);
}

TEST(Scenario, ReadsEveryKey) {
  const auto [s, found] = parse_scenario(R"(
apiVersion: faultline/v1
kind: Scenario
metadata:
  {name: all-keys, title: Every key, figure: "1.4", cites: No data loss., set: page,
   known_issue: {id: "server#5", url: "https://example.org/5", versions: "2.12.1 -", checks: [lost, replicas]}}
spec:
  broker: {product: nats, version: 2.12.1, sync_interval: always, count: 5}
  stream: {replicas: 5, storage: memory, gather_leaders: true}
  workload:
    type: log
    producers: 3
    in_flight: 7
    size: {min: 100, max: 200}
    consumers: {readers: 2, rereaders: 3, durables: 4, laggards: 5, directs: 6, read_rate: 12.5}
    timeouts: {publish: 4s, read: 250ms, ack_wait: 20s}
  timeline:
    steady: 2500ms
    faults:
      - fault: broker-kill
        target: followers
      - fault: broker-stop
        target: leader
        at: 3s
      - {fault: broker-pause, target: "server:5", at: 4s, for: 2s, times: 3, every: 5s}
      - {fault: leader-churn, target: leader, interval: 500ms}
    hold: 1m
    heal: {order: one_by_one, interval: 6s}
    recovery: 2m
    drain: 3m
  expect:
    writes: not_promised
    reads: not_promised
    resume: healed
    loss: not_promised
    linearizability: required
    max_gap: 6s
    pause_gap: 16s
    settle: 26s
    recover_within: 31s
  needs: [root]
)",
                                         "s.yaml");
  for (const auto& problem : found) ADD_FAILURE() << to_string(problem);
  EXPECT_EQ(s.name, "all-keys");
  EXPECT_EQ(s.title, "Every key");
  EXPECT_EQ(s.figure, "1.4");
  EXPECT_EQ(s.cites, "No data loss.");
  EXPECT_EQ(s.set, "page");
  EXPECT_EQ(s.broker_product, "nats");
  EXPECT_EQ(s.broker_version, "2.12.1");
  EXPECT_EQ(s.sync_interval, "always");
  EXPECT_EQ(s.brokers, 5u);
  EXPECT_EQ(s.replicas, 5u);
  EXPECT_TRUE(s.memory_storage);
  EXPECT_TRUE(s.gather_leaders);
  EXPECT_EQ(s.workload, (LogSettings{.producers = 3,
                                     .rate = LogSettings{}.rate,
                                     .in_flight = 7,
                                     .min_size = 100,
                                     .max_size = 200,
                                     .readers = 2,
                                     .rereaders = 3,
                                     .durables = 4,
                                     .laggards = 5,
                                     .directs = 6,
                                     .read_rate = 12.5,
                                     .publish_timeout = 4s,
                                     .read_timeout = 250ms,
                                     .ack_wait = 20s}));
  EXPECT_EQ(s.steady, 2500ms);
  EXPECT_EQ(s.known_issue.id, "server#5");
  EXPECT_EQ(s.known_issue.url, "https://example.org/5");
  EXPECT_EQ(s.known_issue.versions, "2.12.1 -");
  ASSERT_EQ(s.faults.size(), 4u);
  EXPECT_EQ(s.faults[1].fault, "broker-stop");
  EXPECT_EQ(s.faults[1].at, 3s);
  EXPECT_EQ(s.faults[1].lasts, 0s);
  EXPECT_EQ(s.faults[2].lasts, 2s);
  EXPECT_EQ(s.faults[2].times, 3u);
  EXPECT_EQ(s.faults[2].every, 5s);
  EXPECT_EQ(s.faults[3].options.interval, 500ms);
  EXPECT_EQ(s.fault, 60s);
  EXPECT_EQ(s.heal_order, HealOrder::one_by_one);
  EXPECT_EQ(s.heal_interval, 6s);
  EXPECT_EQ(s.recovery, 120s);
  EXPECT_EQ(s.drain, 180s);
  EXPECT_EQ(s.expectations,
            (Expectations{Promise::not_promised, Promise::not_promised, Resume::healed,
                          LossPromise::not_promised, LinearizabilityPromise::required, 6 * second,
                          16 * second, 26 * second, 31 * second}));
  EXPECT_EQ(s.needs, std::vector<std::string>{"root"});
}

TEST(Scenario, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(problems(smallest + "  workload: {rates: 5}\n"),
            "s.yaml:10:14: unknown key 'rates'; did you mean 'rate'?\n");
  EXPECT_EQ(problems(smallest + "  hold: 30s\n"),
            "s.yaml:10:3: unknown key 'hold'; it belongs under spec.timeline\n");
  EXPECT_EQ(problems(smallest + "  broker: {flavour: nats}\n"),
            "s.yaml:10:12: unknown key 'flavour'; known here: product, version, sync_interval, "
            "volumes, file_system, volume_size, count\n");
}

TEST(Scenario, SuggestsTheValueThatWasMeant) {
  EXPECT_EQ(problems(replaced(smallest, "broker-kill", "broker-kil")),
            fmt::format("s.yaml:9:17: fault: 'broker-kil' is not one of {}; did you mean "
                        "'broker-kill'?\n",
                        fmt::join(fault_names(), ", ")));
  EXPECT_EQ(problems(smallest + "    steady: 15\n"),
            "s.yaml:10:13: steady: expected a duration such as 500ms, 15s or 2m, found '15', a "
            "number; did you "
            "mean '15s'?\n");
  EXPECT_EQ(problems(smallest + "    steady: 2.5s\n"),
            "s.yaml:10:13: steady: expected a duration such as 500ms, 15s or 2m, found '2.5s', a "
            "text; did you "
            "mean '2500ms'?\n");
  EXPECT_EQ(problems(replaced(smallest, "title:", "figure: 1.3\n  title:")),
            "s.yaml:5:11: figure: '1.3' is read as a number; write it in quotes: \"1.3\"\n");
}

TEST(Scenario, RefusesEachWrongValueWhereItStands) {
  const std::pair<std::string, std::string> cases[] = {
      {"  workload: {producers: 0}",
       "s.yaml:10:25: producers: '0' is out of bounds; 1 to 256 is possible"},
      {"  workload: {producers: two}",
       "s.yaml:10:25: producers: expected a whole number, found 'two', a text"},
      {"  workload: {producers: '2'}",
       "s.yaml:10:25: producers: expected a whole number, found '2', a text"},
      {"  workload: {producers: 2.5}",
       "s.yaml:10:25: producers: expected a whole number, found '2.5', a number"},
      {"  workload: {producers: 99999999999999999999}",
       "s.yaml:10:25: producers: '99999999999999999999' is out of bounds; 1 to 256 is possible"},
      {"  workload: {producers: [2]}",
       "s.yaml:10:25: producers: expected a whole number, found a list"},
      {"  workload: {producers:}",
       "s.yaml:10:24: producers: expected a whole number, found nothing"},
      {"  workload: {rate: -1}",
       "s.yaml:10:20: rate: '-1' is out of bounds; 0.1 to 1000000 is possible"},
      {"  workload: {rate: .nan}",
       "s.yaml:10:20: rate: '.nan' is out of bounds; 0.1 to 1000000 is possible"},
      {"  workload: {rate: 1e999}",
       "s.yaml:10:20: rate: '1e999' is out of bounds; 0.1 to 1000000 is possible"},
      {"  workload: {size: 5}", "s.yaml:10:20: size: expected keys and values (min, max)"},
      {"  workload: {rate: 100, in_flight: 5}",
       "s.yaml:10:13: workload: 'rate' and 'in_flight' exclude each other; leave one out"},
      {"  stream: {gather_leaders: yes}",
       "s.yaml:10:28: gather_leaders: expected true or false, found 'yes', a text"},
      {"  stream: {storage: disk}", "s.yaml:10:21: storage: 'disk' is not one of file, memory"},
      {"  broker: {version: 2.10}",
       "s.yaml:10:21: version: '2.10' is read as a number; write it in quotes: \"2.10\""},
      {"  broker: {version: newest}",
       "s.yaml:10:21: version: 'newest' is not of the form of '2.12.1'"},
      {"  broker: {sync_interval: often}",
       "s.yaml:10:27: sync_interval: 'often' is not of the form of 'always'"},
      {"  needs: [root, root]", "s.yaml:10:10: needs: 'root' stands there twice"},
      {"  needs: root", "s.yaml:10:10: needs: expected a list, found 'root', a text"},
      {"    hold: 100ms", "s.yaml:10:11: hold: '100ms' is out of bounds; 1s to 1440m is possible"},
      {"    hold: -5s",
       "s.yaml:10:11: hold: expected a duration such as 500ms, 15s or 2m, found '-5s', a text"},
      {"    hold: 99999999999999999999s",
       "s.yaml:10:11: hold: expected a duration such as 500ms, 15s or 2m, found "
       "'99999999999999999999s', a text"},
      {"    faults: []", "s.yaml:10:5: 'faults' stands there twice; first in line 8"},
      {"  <<: {a: 1}",
       "s.yaml:10:3: unknown key '<<'; known here: broker, stream, workload, timeline, expect, "
       "needs"},
  };
  for (const auto& [line, problem] : cases)
    EXPECT_EQ(problems(smallest + line + "\n"), problem + "\n") << line;
}

TEST(Scenario, RefusesAWrongHeadAndWrongMetadata) {
  EXPECT_EQ(problems(replaced(smallest, "faultline/v1", "faultline/v2")),
            "s.yaml:1:13: apiVersion: 'faultline/v2' is not one of faultline/v1; did you mean "
            "'faultline/v1'?\n");
  EXPECT_EQ(problems(replaced(smallest, "  name: smallest\n", "")),
            "s.yaml:4:3: 'name' is missing in metadata\n");
  EXPECT_EQ(problems(replaced(smallest, "name: smallest", "name: ../etc")),
            "s.yaml:4:9: name: '../etc' is not of the form of 'leader-down'\n");
  EXPECT_EQ(
      problems(replaced(smallest, "As little as possible", R"("two\nlines")")),
      "s.yaml:5:10: title: must be one line without control characters (a folded text begins with "
      "'>-', not '>')\n");
  EXPECT_EQ(problems(replaced(smallest, "As little as possible", std::string(121, 'x'))),
            "s.yaml:5:10: title: is longer than 120 characters\n");
  EXPECT_EQ(
      problems("- a\n"),
      "s.yaml:1:1: a scenario: expected keys and values (apiVersion, kind, metadata, spec)\n");
}

TEST(Scenario, TellsAllProblemsOfAFileAtOnceInItsOrder) {
  EXPECT_EQ(
      problems(R"(apiVersion: faultline/v1
kind: Scenaro
metadata: {title: x, set: pages}
spec:
  broker: {count: 2}
  timeline:
    faults:
      - {fault: broker-kill, target: folower:1, at: soon}
    hodl: 30s
)"),
      "s.yaml:2:7: kind: 'Scenaro' is not one of Scenario; did you mean 'Scenario'?\n"
      "s.yaml:3:11: 'name' is missing in metadata\n"
      "s.yaml:3:27: set: 'pages' is not one of custom, page, beyond-page, known-issue, "
      "built-to-fail; did you "
      "mean "
      "'page'?\n"
      "s.yaml:5:19: count: '2' is out of bounds; 3 to 9 is possible\n"
      "s.yaml:8:38: target: 'folower:1' is not one of leader, follower:1, follower:2, followers, "
      "leader+follower, all, server:1, server:2, server:3, server:4, server:5; did you mean "
      "'follower:1'?\n"
      "s.yaml:8:53: at: expected a duration such as 500ms, 15s or 2m, found 'soon', a text\n"
      "s.yaml:9:5: unknown key 'hodl'; did you mean 'hold'?\n");
}

TEST(Scenario, DoesNotTellWhatFollowsFromARefusedValue) {
  // With the default hold of 30 s `stop` could not be judged; but 40 s were meant.
  const auto text = replaced(smallest, "leader}", "all}\n    hold: 40") +
                    "  expect: {reads: stop, settle: 28s}\n";
  EXPECT_EQ(problems(text),
            "s.yaml:10:11: hold: expected a duration such as 500ms, 15s or 2m, found '40', a "
            "number; did you "
            "mean '40s'?\n");
}

TEST(Scenario, BoundsTheNumberOfProblems) {
  std::string text = smallest;
  for (int i = 0; i < 500; ++i) text += fmt::format("  unknown-{}: 1\n", i);
  const auto found = parse_scenario(text, "s.yaml").problems;
  ASSERT_EQ(found.size(), 51u);
  EXPECT_EQ(found.back().message, "and 450 more problems");
}

TEST(Scenario, ShowsHostileNamesOnOneShortLine) {
  for (const auto& problem :
       parse_scenario(smallest + "  \"a\\nb\\e[31m" + std::string(1'000, 'x') + "\": 1\n", "s.yaml")
           .problems) {
    EXPECT_EQ(problem.message.find_first_of("\n\033"), std::string::npos);
    EXPECT_LT(problem.message.size(), 200u);
  }
}

class ScenarioFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "faultline-scenario-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  // The one problem of a file with these contents, after the file's name.
  std::string problem_of(const std::string& text) {
    const auto file = folder / "s.yaml";
    std::ofstream(file, std::ios::binary) << text;
    return problem_of_file(file);
  }
  std::string problem_of_file(const fs::path& file) {
    const auto loaded = load_scenario(file);
    EXPECT_EQ(loaded.problems.size(), 1u);
    if (loaded.problems.empty()) return "";
    const auto line = to_string(loaded.problems[0]);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_TRUE(line.starts_with(file.string() + ":")) << line;
    return line.substr(file.string().size());
  }

  fs::path folder;
};

TEST_F(ScenarioFile, ThatIsFineIsLoadedByteForByte) {
  const auto text =
      "\xEF\xBB\xBF" + replaced(smallest, "As little", "Déjà vu: \xF0\x9F\x92\xA5 as little");
  const auto crlf = [&] {
    std::string with_cr;
    for (const char c : replaced(text, "vu: ", "vu "))
      with_cr += c == '\n' ? "\r\n" : std::string(1, c);
    return with_cr;
  }();
  std::ofstream(folder / "s.yaml", std::ios::binary) << crlf;
  const auto loaded = load_scenario(folder / "s.yaml");
  for (const auto& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
  EXPECT_EQ(loaded.scenario.text, crlf);
  EXPECT_EQ(loaded.scenario.title, "Déjà vu \xF0\x9F\x92\xA5 as little as possible");
}

TEST_F(ScenarioFile, ThatIsNoneIsRefusedInOneLine) {
  EXPECT_EQ(problem_of_file(folder / "missing.yaml"), ": does not exist");
  EXPECT_EQ(problem_of_file(folder), ": is not a file");
  EXPECT_EQ(problem_of(""), ": is empty; docs/scenarios.md shows what a scenario looks like");
  EXPECT_EQ(problem_of(std::string("\x7F"
                                   "ELF\0\1\2",
                                   7)),
            ": is not a text file, so it is no scenario");
  EXPECT_EQ(problem_of("title: \xFF\xFE"), ": is not UTF-8; save it as UTF-8");
  EXPECT_EQ(problem_of("a: &x [1]\nb: *x\n"),
            ":1:4: anchors (&name) and aliases (*name) are not read; write the value out");
  EXPECT_EQ(problem_of(smallest + "---\n" + smallest),
            ":10:1: a second document begins here; write one scenario per file");
  EXPECT_EQ(problem_of("spec: ["), ":1:1: not YAML: end of sequence flow not found");
}

TEST_F(ScenarioFile, ThatIsHugeIsRefusedUnread) {
  const auto file = folder / "huge.yaml";
  std::ofstream(file) << "apiVersion: faultline/v1\n";
  fs::resize_file(file, 50'000'000);
  EXPECT_EQ(problem_of_file(file), ": is larger than 64 KiB, so it is no scenario");
}

TEST_F(ScenarioFile, ThatMayNotBeReadSaysSo) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::ofstream(folder / "s.yaml") << smallest;
  fs::permissions(folder / "s.yaml", fs::perms::none);
  EXPECT_EQ(problem_of_file(folder / "s.yaml"), ": cannot be read: Permission denied");
}

TEST(ScenarioDocumentation, ItsExamplesAreScenarios) {
  const auto page = contents("docs/scenarios.md");
  const std::string open = "```yaml\n", close = "```\n";
  int examples = 0;
  for (auto at = page.find(open); at != page.npos; at = page.find(open, at)) {
    at += open.size();
    const auto example = page.substr(at, page.find(close, at) - at);
    EXPECT_EQ(problems(example), "") << example;
    ++examples;
  }
  EXPECT_GE(examples, 2);
}

void each_key(const Key& key, const std::function<void(const Key&)>& visit) {
  for (const auto& child : key.keys) {
    visit(child);
    each_key(child, visit);
  }
}

TEST(ScenarioDocumentation, NamesEveryKey) {
  const auto page = contents("docs/scenarios.md");
  each_key(scenario_keys(), [&](const Key& key) {
    EXPECT_NE(page.find("`" + key.name + "`"), page.npos) << key.name;
  });
}

TEST(Names, NearestIsNoWildGuess) {
  EXPECT_EQ(nearest("rates", {"rate", "size"}), "rate");
  EXPECT_EQ(nearest("Replicas", {"replicas", "storage"}), "replicas");
  EXPECT_EQ(nearest("banana", {"rate", "size"}), "");
  EXPECT_EQ(nearest("x", {"at"}), "");
  EXPECT_EQ(nearest("", {"at"}), "");
}

TEST(Lengths, AreWrittenInTheirLargestWholeUnit) {
  EXPECT_EQ(to_text(0ms), "0s");
  EXPECT_EQ(to_text(500ms), "500ms");
  EXPECT_EQ(to_text(2500ms), "2500ms");
  EXPECT_EQ(to_text(15s), "15s");
  EXPECT_EQ(to_text(2min), "2m");
}

}  // namespace
}  // namespace faultline
