#include "harness/metrics/publisher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "harness/broker/http.h"
#include "harness/cluster/testing.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/report/testing.h"
#include "harness/runs/database.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Lines : Progress {
  void update(const ProgressFigures&) override { ++updates; }
  void message(const std::string& line) override { said += line + "\n"; }
  int updates = 0;
  std::string said;
};

std::shared_ptr<Metrics> new_metrics() {
  return std::make_shared<Metrics>("0.1.0", std::map<std::string, double>{});
}

std::string content(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return std::move(out).str();
}

SuiteSteps steps_that_pass() {
  SuiteSteps steps;
  steps.run = [](const Scenario&, const RunOptions&, Progress& progress) {
    ProgressFigures figures;
    figures.phase = "steady";
    figures.live.operations[0].count(Outcome::ok, millisecond);
    progress.update(figures);
    return testing::make_passed();
  };
  return steps;
}

TEST(ListeningAddress, IsLoopbackUnlessAnAddressIsGiven) {
  EXPECT_EQ(listening_address("9464"), "127.0.0.1:9464");
  EXPECT_EQ(listening_address("0"), "127.0.0.1:0");
  EXPECT_EQ(listening_address("localhost:9464"), "127.0.0.1:9464");
  EXPECT_EQ(listening_address("0.0.0.0:9464"), "0.0.0.0:9464");
  EXPECT_EQ(listening_address("[::1]:9464"), "[::1]:9464");
}

TEST(ListeningAddress, RefusesWhatIsNone) {
  for (const char* text :
       {"", ":", "x", ":9464", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:9464s",
        "9464,9465", "+9464", "::1:9464", "[]:1", "example.org:9464", "127.0.0.1:94 64"})
    EXPECT_THROW(listening_address(text), MetricsError) << text;
}

TEST(PushUrl, IsAGroupForEachProvider) {
  EXPECT_EQ(push_url("http://gateway:9091", "kind"),
            "http://gateway:9091/metrics/job/faultline/provider/kind");
  EXPECT_EQ(push_url("https://host/prefix//", "local"),
            "https://host/prefix/metrics/job/faultline/provider/local");
}

TEST(PushUrl, RefusesWhatIsNoneAndShowsNoPassword) {
  for (const char* text : {"", "gateway:9091", "ftp://x", "http://", "https:///", "http://x?y",
                           "http://x#y", "http://x y"})
    EXPECT_THROW(push_url(text, "kind"), MetricsError) << text;
  try {
    push_url("http://me:s3cr3t@host/?x", "kind");
    FAIL();
  } catch (const MetricsError& error) {
    EXPECT_EQ(std::string(error.what()).find("s3cr3t"), std::string::npos) << error.what();
  }
}

TEST(MetricsPublisherTest, ServesWhatItIsToldOnAFreePort) {
  const auto metrics = new_metrics();
  MetricsPublisher publisher({"0", {}, {}}, metrics, "local");
  const auto answer = http_get(publisher.url(), 10s);
  ASSERT_TRUE(answer) << publisher.url();
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("faultline_build_info{version=\"0.1.0\"} 1\n"), std::string::npos)
      << answer->body;
  const std::string root = publisher.url().substr(0, publisher.url().rfind('/') + 1);
  EXPECT_EQ(http_get(root + "../../etc/passwd", 10s)->status, 404);
}

TEST(MetricsPublisherTest, SaysThatAPortIsTaken) {
  MetricsPublisher first({"0", {}, {}}, new_metrics(), "local");
  const std::string url = first.url();
  const std::string taken = url.substr(7, url.rfind('/') - 7);
  EXPECT_THROW(MetricsPublisher({taken, {}, {}}, new_metrics(), "local"), MetricsError);
}

TEST(MetricsPublisherTest, RefusesAFileThatCannotBe) {
  const testing::TemporaryFolder folder;
  for (const fs::path& file : {folder.path(), folder.path() / "none" / "x.prom"})
    EXPECT_THROW(MetricsPublisher({"", file, ""}, new_metrics(), "local"), MetricsError) << file;
}

TEST(MetricsPublisherTest, ALinkStaysAndWhatItLeadsToIsWritten) {
  const testing::TemporaryFolder folder;
  fs::create_symlink("faultline.prom", folder.path() / "link.prom");
  MetricsPublisher publisher({"", folder.path() / "link.prom", ""}, new_metrics(), "local");
  Lines lines;
  publisher.finish(testing::make_suite({}), exit_passed, {}, lines);
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link.prom"));
  EXPECT_NE(content(folder.path() / "faultline.prom"), "");
  EXPECT_THROW(MetricsPublisher({"", "/dev/null", ""}, new_metrics(), "local"), MetricsError);
}

TEST(MetricsPublisherTest, WritesTheFileAfterEachRunAndAtTheEnd) {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "faultline.prom";
  MetricsPublisher publisher({"", file, ""}, new_metrics(), "local");
  Lines lines;
  const SuiteSteps steps = publisher.watching(steps_that_pass());
  const RunResult run = steps.run(testing::make_passed().scenario, {}, lines);
  EXPECT_EQ(lines.updates, 1);
  const std::string published =
      "faultline_operations_total{operation=\"publish\",outcome=\"ok\"} 1\n";
  EXPECT_NE(content(file).find(published), std::string::npos) << content(file);
  EXPECT_EQ(content(file).find("faultline_suite_exit_code"), std::string::npos);
  publisher.finish(testing::make_suite({run}), exit_passed, {}, lines);
  EXPECT_NE(content(file).find("faultline_suite_exit_code 0\n"), std::string::npos);
  EXPECT_EQ(lines.said, "");
}

// No verdict depends on it: one line, and on.
TEST(MetricsPublisherTest, AGatewayThatIsAwayIsOneLine) {
  MetricsPublisher publisher({"", {}, "http://me:s3cr3t@127.0.0.1:1"}, new_metrics(), "local");
  Lines lines;
  publisher.finish(testing::make_suite({}), exit_passed, {}, lines);
  EXPECT_TRUE(lines.said.starts_with("metrics not pushed to http://")) << lines.said;
  EXPECT_EQ(std::ranges::count(lines.said, '\n'), 1) << lines.said;
  EXPECT_EQ(lines.said.find("s3cr3t"), std::string::npos) << lines.said;
}

TEST(MetricsPublisherTest, AFileThatCannotBeWrittenIsOneLine) {
  const testing::TemporaryFolder folder;
  fs::create_directory(folder.path() / "sub");
  MetricsPublisher publisher({"", folder.path() / "sub" / "x.prom", ""}, new_metrics(), "local");
  fs::remove(folder.path() / "sub");
  Lines lines;
  publisher.finish(testing::make_suite({}), exit_passed, {}, lines);
  EXPECT_TRUE(lines.said.starts_with("no metrics: cannot write ")) << lines.said;
  EXPECT_EQ(std::ranges::count(lines.said, '\n'), 1) << lines.said;
}

TEST(LastSuccesses, AreThoseOfTheScenariosOnThatProvider) {
  const testing::TemporaryFolder folder;
  RunResult passed = testing::make_passed();
  const auto add = [&](const std::string& suite, const RunResult& run) {
    const fs::path place = folder.path() / suite / run.scenario.name;
    fs::create_directories(place);
    write_atomically(place / run_json_name, run_json(run, "0.1.0"));
  };
  add("a", passed);
  passed.wall_clock += 3600 * second;
  add("b", passed);
  RunResult failed = testing::make_failed();
  failed.scenario.name = passed.scenario.name;
  failed.wall_clock = passed.wall_clock + 3600 * second;
  add("c", failed);
  RunResult elsewhere = passed;
  elsewhere.provider = "kind";
  elsewhere.wall_clock += 7200 * second;
  add("d", elsewhere);
  RunResult other = passed;
  other.scenario.name = "other";
  add("e", other);
  const std::vector<Scenario> asked{passed.scenario};
  const LastSuccesses last = last_successes(asked, folder.path(), "local");
  ASSERT_EQ(last.times.size(), 1u);
  EXPECT_EQ(last.times.at("broker-leader"), end_of_run(passed.wall_clock, passed.elapsed));
  EXPECT_EQ(last.problem, "");
  const LastSuccesses first_run = last_successes(asked, folder.path() / "none", "local");
  EXPECT_TRUE(first_run.times.empty());
  EXPECT_EQ(first_run.problem, "");
}

TEST(LastSuccesses, SayWhereTheHistoryOfRunsIsDamaged) {
  const testing::TemporaryFolder folder;
  write_atomically(folder.path() / runs_database_name, "this is no database");
  const LastSuccesses last = last_successes({}, folder.path(), "local");
  EXPECT_NE(last.problem.find("is damaged"), std::string::npos) << last.problem;
}

}  // namespace
}  // namespace faultline
