// The pages as text, and as a real HTML parser sees them.
#include "harness/report/page/page.h"

#include <gtest/gtest.h>

#include <boost/process.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "checkers/history_file.h"
#include "checkers/share_testing.h"
#include "harness/cluster/testing.h"
#include "harness/report/page/folder.h"
#include "harness/report/page/index.h"
#include "harness/report/page/testing.h"
#include "harness/report/run_json.h"

namespace faultline {
namespace {

namespace bp = boost::process;
namespace fs = std::filesystem;
using testing::MadeRun;

bool holds(const std::string& page, std::string_view text) { return page.find(text) != page.npos; }

// What page_parse.py finds: elements, attributes, links, text, parse errors.
nlohmann::json parsed(const std::string& page) {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "page.html";
  std::ofstream(file, std::ios::binary) << page;
  bp::ipstream out;
  bp::child parser("/usr/bin/python3", "harness/report/page/page_parse.py", file.string(),
                   bp::std_out > out);
  const std::string text{std::istreambuf_iterator<char>(out), {}};
  parser.wait();
  EXPECT_EQ(parser.exit_code(), 0);
  return nlohmann::json::parse(text);
}

constexpr const char* hostile =
    "</script></style></title></pre><img src=x onerror=alert(1)>\"'><svg onload=alert(2)> &lt; "
    "\x01\xFF\x1B[31m "
    "nats://u:hunter2@h password: hunter2";

// A run whose every text holds markup.
std::unique_ptr<MadeRun> hostile_run() {
  History history = testing::failing_history();
  Header& header = history.header;
  for (std::string* text :
       {&header.run_id, &header.faultline_version, &header.scenario_name, &header.scenario_text,
        &header.provider, &header.broker_product, &header.broker_version, &header.stream})
    *text = hostile;
  const Time time = 30 * second;
  const auto add = [&](decltype(Event::what) what) {
    history.events.push_back({time, std::move(what)});
  };
  for (const FaultStage stage : {FaultStage::striking, FaultStage::proven, FaultStage::held,
                                 FaultStage::healing, FaultStage::unhealed})
    add(FaultChanged{7, stage, hostile, hostile, {hostile, hostile}, hostile});
  add(PhaseStarted{hostile});
  add(ProcessStarted{1, hostile, hostile});
  add(LeadersSeen{hostile, hostile, {{hostile, hostile}}});
  add(ReplicaState{hostile, true, true, 1, 1, 1, 0, 0});
  add(BrokerChanged{hostile, BrokerStage::exited, false, hostile});
  add(DeadLettersSeen{hostile, 3, false, {}, hostile});
  add(Interrupted{hostile});
  add(Note{hostile});
  std::ranges::stable_sort(history.events, {}, &Event::time);
  history.damage = hostile;
  auto made = std::make_unique<MadeRun>(std::move(history));
  RunResult& run = made->content.run;
  run.scenario = {};
  run.scenario.file = hostile;
  run.scenario.name = run.scenario.title = run.scenario.figure = run.scenario.cites =
      run.scenario.set = hostile;
  run.scenario.known_issue = {hostile, std::string("javascript:") + hostile, hostile, {hostile}};
  run.reason = run.not_undone = run.broker_product = run.broker_version = run.provider = hostile;
  run.folder = fs::path("/results") / "a b\"<img>";
  run.judgement.summary = hostile;
  for (CheckResult& check : run.judgement.checks) {
    check.check += hostile;
    check.reason = check.observed = hostile;
    check.counts.emplace_back(hostile, 1);
    for (Finding& finding : check.samples) finding.what = hostile;
  }
  made->content.problems = {hostile};
  made->content.novelty = hostile;
  made->content.faultline_version = hostile;
  made->content.machine = {{hostile, hostile}};
  made->content.brokers = {{hostile, hostile, {}}};
  return made;
}

TEST(Page, ForParsersIsWholeAndAsksForNothing) {
  const MadeRun run(testing::failing_history());
  const std::string page = run_page(run.content);
  const auto found = parsed(page);
  EXPECT_EQ(found["errors"], nlohmann::json::array());
  EXPECT_EQ(found["requests"], nlohmann::json::array());
  EXPECT_EQ(found["duplicate_ids"], nlohmann::json::array());
  EXPECT_EQ(found["dead_links"], nlohmann::json::array());
  EXPECT_EQ(found["elements"]["script"], 1);
  EXPECT_EQ(found["elements"]["h1"], 1);
  EXPECT_TRUE(holds(page, "default-src 'none'") || holds(page, "default-src &#39;none&#39;"));
}

TEST(Page, MarkupInEveryTextStaysText) {
  const auto run = hostile_run();
  for (const std::string& page :
       {run_page(run->content), suite_page(testing::make_suite({run->content.run}))}) {
    const auto found = parsed(page);
    EXPECT_EQ(found["errors"], nlohmann::json::array());
    EXPECT_EQ(found["requests"], nlohmann::json::array());
    EXPECT_EQ(found["handlers"], nlohmann::json::array());
    EXPECT_FALSE(found["elements"].contains("img"));
    EXPECT_EQ(found["elements"]["script"], 1);
    EXPECT_TRUE(holds(found["text"], "<img src=x onerror=alert(1)>"));
    EXPECT_FALSE(holds(page, "hunter2"));
    EXPECT_FALSE(holds(page, "\x1B"));
  }
  EXPECT_FALSE(holds(suite_markdown(testing::make_suite({run->content.run})), "<img"));
  EXPECT_FALSE(holds(suite_markdown(testing::make_suite({run->content.run})), "hunter2"));
}

TEST(Page, AnswersTheFourQuestions) {
  const MadeRun run(testing::failing_history());
  const std::string page = run_page(run.content);
  EXPECT_TRUE(holds(page, "lost 3 of")) << run.content.run.judgement.summary;
  EXPECT_TRUE(holds(page, "broker-kill leader (n1) struck at"));
  EXPECT_TRUE(holds(page, "was not compared with earlier runs"));
  EXPECT_TRUE(holds(
      page, "faultline run broker-leader --provider local --broker-version 2.12.15 --seed 42"));
  EXPECT_TRUE(holds(page, "class=\"operation ok\""));
}

TEST(Page, SaysWhetherItIsNew) {
  MadeRun run(testing::failing_history());
  run.content.novelty = "new: it passed yesterday";
  EXPECT_TRUE(holds(run_page(run.content), "New: it passed yesterday."));
  run.content.run.scenario.known_issue = {
      "nats-server#1", "https://example.org/1", "2.12.0 -", {"lost"}};
  EXPECT_TRUE(holds(run_page(run.content), "https://example.org/1"));
}

TEST(Page, TheCommandIsSafeInAShell) {
  RunResult run = testing::make_passed();
  run.scenario.file = "my file'; rm -rf ~.yaml";
  run.scenario.needs = {"root"};
  EXPECT_EQ(rerun_command(run),
            "sudo faultline run 'my file'\\''; rm -rf ~.yaml' --provider local --broker-version "
            "2.12.15 --seed 42");
  run.provider = "kubernetes";
  EXPECT_EQ(rerun_command(run),
            "faultline run 'my file'\\''; rm -rf ~.yaml' --provider kubernetes --target "
            "TARGET_FILE --seed 42");
}

TEST(Page, TheCommandStrikesAtTheSameAge) {
  RunResult run = testing::make_passed();
  run.scenario.name += "-at-120s";
  EXPECT_EQ(rerun_command(run),
            "faultline run broker-leader --steady 120s --provider local --broker-version "
            "2.12.15 --seed 42");
}

// Bad days ---------------------------------------------------------------------------------

TEST(Page, OfAHistoryThatEndsInTheMiddle) {
  History history = testing::unknown_history();
  history.closed = false;
  const MadeRun run(std::move(history));
  EXPECT_TRUE(holds(run_page(run.content), "The history ends in the middle"));
}

TEST(Page, OfADamagedHistory) {
  History history = testing::unknown_history();
  history.damage = "block 7: its checksum does not match";
  const MadeRun run(std::move(history));
  EXPECT_TRUE(holds(run_page(run.content), "block 7"));
}

TEST(Page, OfRunsThatWereNeverJudged) {
  PageContent content;
  for (const RunResult& run : {testing::make_skipped(), testing::make_broken(), RunResult{}}) {
    content.run = run;
    const std::string page = run_page(content);
    EXPECT_TRUE(holds(page, "Nothing was judged."));
    EXPECT_TRUE(holds(page, "There is no history to judge from."));
    EXPECT_EQ(parsed(page)["errors"], nlohmann::json::array());
  }
}

TEST(Page, OfAnEmptyHistory) {
  const MadeRun run{History{}};
  EXPECT_TRUE(holds(run_page(run.content), "No operation was recorded."));
}

TEST(Page, OfAnyRandomHistory) {
  const auto seed = testing::test_seed();
  SCOPED_TRACE("FAULTLINE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<std::string> pages;
  for (int round = 0; round < 100; ++round) {
    const MadeRun run(testing::random_history(random, static_cast<int>(random() % 8)));
    const std::string page = run_page(run.content);
    EXPECT_FALSE(holds(page, "nan")) << round;
    if (round % 10 == 0) pages.push_back(page);
  }
  for (const std::string& page : pages) {
    const auto found = parsed(page);
    EXPECT_EQ(found["errors"], nlohmann::json::array());
    EXPECT_EQ(found["dead_links"], nlohmann::json::array());
    EXPECT_EQ(found["duplicate_ids"], nlohmann::json::array());
  }
}

class PageFolder : public ::testing::Test {
 protected:
  std::string write() {
    write_run_page(read_stored_run(run_));
    std::ifstream in(run_ / run_page_name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void store(const std::string& name, const std::string& text) {
    fs::create_directories((run_ / name).parent_path());
    std::ofstream(run_ / name, std::ios::binary) << text;
  }

  testing::TemporaryFolder folder_;
  const fs::path run_ = folder_.path() / "leader<b>";
};

TEST_F(PageFolder, OfARunThatWasKilledBeforeItRecordedAnything) {
  fs::create_directories(run_);
  EXPECT_TRUE(holds(write(), "killed before it recorded anything"));
}

TEST_F(PageFolder, OfAFileThatIsNoHistory) {
  store("history.flt", "none of ours");
  const std::string page = write();
  EXPECT_TRUE(holds(page, "The history cannot be read"));
  EXPECT_TRUE(holds(page, "there is no run.json"));
}

// It said "pass" in the index of the suite.
TEST_F(PageFolder, APassWhoseHistoryCannotBeReadIsNone) {
  for (RunResult run : {testing::make_passed(), testing::make_failed()}) {
    run.folder = run_;
    store("run.json", run_json(run, "0.1.0"));
    store("history.flt", "none of ours");
    const std::string page = suite_page(testing::make_suite({read_stored_run(run_).run}));
    EXPECT_TRUE(holds(page, "its history cannot be read (")) << page;
    EXPECT_TRUE(holds(page, "run.json says: " + run.judgement.summary)) << page;
    const bool failed = run.judgement.verdict == Verdict::fail;
    EXPECT_TRUE(holds(page, failed ? "1 run: 1 fail" : "1 run: 1 unknown")) << page;
  }
}

TEST_F(PageFolder, OfAnotherVersionsRunJson) {
  store("run.json", R"({"schema": "faultline/run/v7", "machine": {"cpus": 64}})");
  const std::string page = write();
  EXPECT_TRUE(holds(page, "faultline/run/v7"));
  EXPECT_TRUE(holds(page, "64"));
}

TEST_F(PageFolder, OfAHistoryOfAnOlderFormat) {
  fs::create_directories(run_);
  fs::copy_file("checkers/testdata/history-format-1.flt", run_ / "history.flt");
  const std::string page = write();
  EXPECT_FALSE(holds(page, "cannot be read"));
  EXPECT_TRUE(holds(page, "class=\"dots publish ok\""));
}

TEST_F(PageFolder, ShowsTheBrokersAndNoneOfTheirSecrets) {
  RunResult run = testing::make_broken();
  run.folder = run_;
  store("run.json", run_json(run, "0.1.0"));
  store("brokers/n1/nats.conf",
        "server_name: n1\nauthorization {\n  user: a\n  password: hunter2\n  token hunter2\n}\n");
  store("brokers/n1/nats.log", "x");
  const std::string page = write();
  EXPECT_TRUE(holds(page, "server_name: n1"));
  EXPECT_FALSE(holds(page, "hunter2"));
}

// Size -----------------------------------------------------------------------------------

TEST(Page, OfAnyLengthIsAtMostThreeMegabytes) {
  MadeRun run(testing::large_history(300'000 / testing::share));
  std::mt19937_64 random(3);
  for (Operation& o : run.history.operations) {  // no two near each other
    o.outcome = static_cast<Outcome>(random() % 3);
    if (o.completed != never) o.completed = o.invoked + (Duration{1} << random() % 34);
  }
  for (int i = 0; i < 9; ++i)
    run.content.brokers.push_back(
        {"n" + std::to_string(i), std::string((1 << 20) / testing::share, '\''), {}});
  for (CheckResult& check : run.content.run.judgement.checks) {
    check.reason = std::string(1 << 16, '"');
    check.verdict = Verdict::fail;
    check.samples.assign(max_samples, {std::string(1 << 16, '<'), {run.history.operations[0]}});
  }
  for (std::uint32_t i = 0; i < 5000 / testing::share; ++i)
    run.history.events.push_back({second, FaultChanged{i,
                                                       FaultStage::striking,
                                                       std::string(5000, '&'),
                                                       "x",
                                                       {std::string(5000, '&')},
                                                       std::string(5000, '&')}});
  const std::string page = run_page(run.content);
  EXPECT_LE(page.size(), most_page_bytes);
  EXPECT_EQ(parsed(page)["errors"], nlohmann::json::array());
}

TEST(Page, OfSeveralPartitionsSaysWhatIsOfWhich) {
  History history = testing::passing_history();
  const std::string of_several = "partitions together";
  EXPECT_FALSE(holds(run_page(MadeRun(history).content), of_several));
  history.header.partitions = 2;
  const Time end = history.events.back().time;
  history.events.push_back({end, ReplicaState{"n1", true, true, 7, 1, 7, 0, 0, 2}});
  history.events.push_back({end, DrainFinished{true, false, 1, 7, "", {}, {}, 2}});
  const std::string page = run_page(MadeRun(history).content);
  EXPECT_TRUE(holds(page, "All 2 " + of_several));
  EXPECT_TRUE(holds(page, "Partition 2 on n1"));
  EXPECT_TRUE(holds(page, "Partition 2: The final read was complete: sequences 1 to 7."));
  EXPECT_TRUE(holds(page, "Partition 1: The final read was complete"));
  EXPECT_EQ(parsed(page)["errors"], nlohmann::json::array());
}

TEST(Page, OfAMillionViolations) {
  constexpr std::uint64_t messages = 1'000'000 / testing::share;
  testing::HistoryBuilder b;
  b.header().replicas = 3;
  b.header().expectations.loss = LossPromise::none;
  auto time = static_cast<Time>(second);
  for (std::uint64_t i = 1; i <= messages; ++i, time += 10) b.publish(1, i, time, time + 6, i);
  b.event(time, PhaseStarted{"drain"});
  for (const auto* server : {"n1", "n2", "n3"})
    b.event(time, ReplicaState{server, true, true, 0, messages + 1, messages, 0, 0});
  b.event(time, DrainFinished{true, false, messages + 1, messages, ""});
  const MadeRun run(b.build());
  const std::string page = run_page(run.content);
  const std::string all = std::to_string(messages);
  EXPECT_TRUE(holds(page, all + " of " + all)) << run.content.run.judgement.summary;
  EXPECT_LE(page.size(), most_page_bytes);
  EXPECT_EQ(parsed(page)["errors"], nlohmann::json::array());
}

TEST(Page, OfACommonRunIsSmall) {
  const MadeRun run(testing::passing_history());
  EXPECT_LT(run_page(run.content).size(), 600'000u);
}

// The suite ------------------------------------------------------------------------------

TEST(Index, EveryCellLeadsToItsRun) {
  const SuiteResult suite = testing::make_suite({testing::make_passed(), testing::make_failed(),
                                                 testing::make_known(), testing::make_unknown(),
                                                 testing::make_skipped(), testing::make_broken()});
  const std::string page = suite_page(suite);
  const auto found = parsed(page);
  EXPECT_EQ(found["errors"], nlohmann::json::array());
  EXPECT_EQ(found["requests"], nlohmann::json::array());
  EXPECT_TRUE(holds(page, "href=\"broker-leader/report.html\""));
  EXPECT_TRUE(holds(page, "nats 2.12.15, provider local"));
  EXPECT_TRUE(holds(page, "nats 2.10.22, provider local"));
  EXPECT_TRUE(holds(page, "1. Brokers"));
  const std::string markdown = suite_markdown(suite);
  EXPECT_TRUE(holds(
      markdown,
      "| 1.3 | [Broker &#40;leader&#41; 1 is down](broker-leader/report.html) | pause | pause | "
      "continue | pause | none | none | ✅ pass |"))
      << markdown;
}

TEST(Index, OfSeveralVersionsBeginsWithAColumnForEach) {
  RunResult older = testing::make_failed(), newer = testing::make_passed();
  older.scenario.set = "custom";
  newer.scenario = older.scenario;
  older.broker_version = "2.10.22";
  newer.folder = "/results/suite/newer";
  const SuiteResult suite = testing::make_suite({older, newer});
  const std::string page = suite_page(suite), markdown = suite_markdown(suite);
  EXPECT_TRUE(holds(page, "<caption>Every version</caption>")) << page;
  EXPECT_TRUE(holds(page, "href=\"newer/report.html\"")) << page;
  EXPECT_TRUE(holds(markdown, "| Figure | 2.10.22 | 2.12.15 |")) << markdown;
  EXPECT_TRUE(holds(markdown, "| memory-storage | ❌ fail | ✅ pass |")) << markdown;
  EXPECT_FALSE(holds(suite_page(testing::make_suite({newer})), "Every version"));
}

// Rows of what did not run, and so knows no version, stood in a table of their own.
TEST(Index, WhatKnowsNoVersionIsInTheTableOfTheOnlyOne) {
  RunResult skipped = testing::make_skipped();
  skipped.broker_version.clear();
  SuiteResult suite = testing::make_suite({skipped, testing::make_passed()});
  EXPECT_FALSE(holds(suite_page(suite), "(default)"));
  EXPECT_FALSE(holds(suite_markdown(suite), "(default)"));
  suite.runs.push_back(testing::make_known());  // on another version
  EXPECT_TRUE(holds(suite_page(suite), "nats (default), provider local"));
}

TEST(Index, SaysThatTheSuiteBrokeOff) {
  SuiteResult suite = testing::make_suite({});
  suite.problem = "the disk is full";
  suite.interrupted = true;
  EXPECT_TRUE(holds(suite_page(suite), "the disk is full"));
  EXPECT_TRUE(holds(suite_markdown(suite), "the disk is full"));
  EXPECT_TRUE(holds(suite_markdown(suite), "interrupted"));
}

}  // namespace
}  // namespace faultline
