// The real program, without a cluster: usage, bad input, and what is printed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/process.hpp>
#include <fstream>
#include <sstream>

#include "harness/end_to_end.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/runs/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
namespace bp = boost::process;
using end_to_end::faultline;
using end_to_end::Finished;
using end_to_end::Results;

constexpr int usage = 254;

std::size_t lines(const std::string& text) { return std::ranges::count(text, '\n'); }

// One clear line, and the exit code of bad usage or input.
void expect_refused(const std::vector<std::string>& arguments, const std::string& because) {
  const Finished finished = faultline(arguments);
  EXPECT_EQ(finished.exit_code, usage) << finished.output;
  EXPECT_EQ(lines(finished.output), 1u) << finished.output;
  EXPECT_TRUE(finished.output.starts_with("faultline: ")) << finished.output;
  EXPECT_NE(finished.output.find(because), std::string::npos) << finished.output;
}

fs::path write(const Results& folder, const std::string& name, std::string_view content) {
  const fs::path file = folder.path() / name;
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

std::string read(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

fs::path record_history(const fs::path& folder) {
  testing::record_history(folder, true, 100);
  return folder / history_file_name;
}

const std::vector<std::string> commands{
    "run", "plan", "list", "validate", "check",   "report", "history", "doctor",     "heal",
    "up",  "down", "runs", "trends",   "compare", "prune",  "watch",   "completion", "in-node"};

TEST(Cli, EveryHelpHasExamplesAndFitsEightyColumns) {
  std::vector<std::vector<std::string>> helps{{"--help"}};
  for (const std::string& command : commands) helps.push_back({command, "--help"});
  for (const auto& arguments : helps) {
    const Finished finished = faultline(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    EXPECT_NE(finished.output.find("Examples:"), std::string::npos) << finished.output;
    std::istringstream all(finished.output);
    for (std::string line; std::getline(all, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Cli, VersionIsPrinted) {
  const Finished finished = faultline({"--version"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(finished.output.starts_with("faultline ")) << finished.output;
}

TEST(Cli, BadUsage) {
  expect_refused({}, "--help");
  expect_refused({"explode"}, "explode");
  expect_refused({"run", "--explode"}, "--explode");
  expect_refused({"run", "--seed", "many"}, "--seed");
  expect_refused({"run", "--provider", "moon"}, "moon");
  expect_refused({"run", "--fail-on", "mondays"}, "mondays");
  expect_refused({"run", "--broker-binary", "/bin/true", "--broker-version", "2.12.1"},
                 "--broker-version");
  expect_refused({"run", "--broker-binary", "/no/such/nats-server"}, "/no/such/nats-server");
  expect_refused({"run", "--seed", "-1"}, "--seed");
  expect_refused({"run", "--repeat", "0"}, "--repeat");
  expect_refused({"run", "--repeat", "-1"}, "--repeat");
  expect_refused({"run", "--retries", "some"}, "--retries");
  expect_refused({"run", "--versions", ""}, "--versions");
  expect_refused({"run", "--versions", "2.12.1,2.12.1"}, "--versions has 2.12.1 twice");
  expect_refused({"run", "--versions", "2.12.1", "--broker-version", "2.10.7"}, "--versions");
  expect_refused({"run", "--steady", "old"}, "--steady old: ");
  expect_refused({"run", "--steady", "2s,999h"}, "--steady 999h: ");
  expect_refused({"run", "--time-limit", "soon"}, "--time-limit: 'soon' is no duration");
  expect_refused({"run", "--junit", "/no/such/folder/x.xml"}, "--junit /no/such/folder/x.xml");
  expect_refused({"run", "--summary", "/"}, "--summary /: it is a folder");
  expect_refused({"run", "--webhook", "ftp://user:hunter2@example.org"}, "http:// or https://");
  expect_refused({"run", ""}, "must not be empty");
  expect_refused({"run", "--broker-version", ""}, "must not be empty");
  expect_refused({"run", "--broker", "kafka"}, "kafka");
  expect_refused({"validate"}, "path");
  expect_refused({"completion", "tcsh"}, "tcsh");
  expect_refused({"run", "99.9"}, "faultline list");
}

// The first told the greatest double to its last digit, the second was taken.
TEST(Cli, SeedThatDoesNotFitIsRefusedInAShortLine) {
  expect_refused({"run", "--seed", "18446744073709551616"}, "--seed");
  EXPECT_LT(faultline({"run", "--seed", "-1"}).output.size(), 120u);
}

// Each made a suite folder first, and ended as if the harness had broken.
TEST(Cli, BadChoiceOfBrokerIsRefusedBeforeAnythingIsMade) {
  const Results folder;
  const fs::path results = folder.path() / "results";
  const fs::path old = write(folder, "nats-2.9", "#!/bin/sh\necho nats-server: v2.9.10\n");
  fs::permissions(old, fs::perms::owner_all);
  const fs::path synced = write(folder, "synced.yaml",
                                "apiVersion: faultline/v1\nkind: Scenario\n"
                                "metadata: {name: synced, title: Synced}\n"
                                "spec:\n  broker: {sync_interval: always}\n"
                                "  timeline: {faults: [{fault: broker-kill, target: leader}]}\n"
                                "  expect: {writes: pause, reads: pause}\n");
  const auto refused = [&](std::vector<std::string> arguments, const std::string& because) {
    arguments.insert(arguments.end(), {"--results", results.string()});
    expect_refused(arguments, because);
  };
  refused({"run", "1.1", "--broker-binary", "/bin/true"}, "/bin/true is not a nats-server");
  refused({"run", "1.1", "--broker-version", "newest"}, "\"newest\" is no version");
  refused({"run", "--versions", "2.12.1,newest", "1.1"}, "\"newest\" is no version");
  refused({"run", "--broker", "memphis", "--versions", "2.12.1"}, "--broker-binary");
  refused({"run", synced.string(), "--versions", "2.12.1,2.9.10"}, "sync_interval");
  refused({"run", synced.string(), "--broker-binary", old.string()}, "sync_interval");
  refused({"run", synced.string(), "--broker-version", "2.9.10"}, "sync_interval");
  EXPECT_FALSE(fs::exists(results));
}

TEST(Cli, MetricsThatCannotBeAreRefusedBeforeAnythingIsMade) {
  const Results folder;
  const fs::path results = folder.path() / "results";
  const auto refused = [&](const std::string& option, const std::string& value,
                           const std::string& because) {
    expect_refused({"run", "1.1", "--results", results.string(), option, value}, because);
  };
  refused("--metrics", "nine", "--metrics 'nine' is no address and port");
  refused("--metrics", "", "must not be empty");
  refused("--metrics", "192.0.2.1:9464", "cannot listen on 192.0.2.1:9464");
  refused("--metrics-file", folder.path().string(), "is a folder");
  refused("--metrics-file", (folder.path() / "none" / "x.prom").string(), "none");
  refused("--pushgateway", "gateway:9091", "--pushgateway 'gateway:9091' is no address");
  EXPECT_FALSE(fs::exists(results));
}

TEST(Cli, StandardOutputThatIsFullIsAnError) {
  bp::ipstream errors;
  const int code =
      bp::system(bp::exe = end_to_end::program().string(), bp::args = {"list", "--json"},
                 bp::std_out > "/dev/full", bp::std_err > errors);
  std::string line;
  std::getline(errors, line);
  EXPECT_EQ(code, 255);
  EXPECT_EQ(line, "faultline: the standard output could not be written");
}

TEST(Cli, BadScenarioFilesAreNamed) {
  const Results folder;
  const fs::path empty = write(folder, "empty.yaml", "");
  const fs::path binary = write(folder, "binary.yaml", std::string("\x7f\x45\x4c\x46\0\1\2", 7));
  for (const fs::path& file : {empty, binary, folder.path() / "missing.yaml"})
    for (const char* command : {"run", "validate"}) {
      const Finished finished = faultline({command, file.string()});
      EXPECT_EQ(finished.exit_code, usage) << finished.output;
      EXPECT_NE(finished.output.find(file.string()), std::string::npos) << finished.output;
    }
}

TEST(Cli, ResultsThatCannotBeWritten) {
  const Results folder;
  const fs::path file = write(folder, "file", "x");
  const Finished finished = faultline({"run", "1.3", "--results", (file / "results").string()});
  EXPECT_EQ(finished.exit_code, usage) << finished.output;
  EXPECT_EQ(lines(finished.output), 1u) << finished.output;
  EXPECT_NE(finished.output.find("--results"), std::string::npos) << finished.output;
}

TEST(Cli, CheckRefusesWhatIsNoHistory) {
  const Results folder;
  expect_refused({"check", (folder.path() / "missing").string()}, "does not exist");
  expect_refused({"check", folder.path().string()}, "holds no run");
  expect_refused({"check", write(folder, "garbage", "this is no history").string()}, "garbage");
  expect_refused({"check", write(folder, "empty", "").string()}, "empty");
  expect_refused({"check", "/dev/null"}, "/dev/null");
}

TEST(Cli, CheckReadsATruncatedHistory) {
  const Results folder;
  const fs::path file = record_history(folder.path());
  fs::resize_file(file, fs::file_size(file) - 7);
  const Finished finished = faultline({"check", file.string()});
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_TRUE(finished.output.starts_with("UNKNOWN")) << finished.output;
}

TEST(Cli, CheckRefusesAHistoryCutInItsHeader) {
  const Results folder;
  const fs::path file = record_history(folder.path());
  fs::resize_file(file, 12);
  expect_refused({"check", file.string()}, file.string());
}

TEST(Cli, CheckTellsWhereItDisagreesWithRunJson) {
  const Results folder;
  record_history(folder.path());
  write_atomically(folder.path() / run_json_name, run_json(testing::make_passed(), "0.1.0"));
  const Finished finished = faultline({"check", folder.path().string()});
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("disagrees with run.json"), std::string::npos) << finished.output;
}

// A good history was refused because of the file beside it.
TEST(Cli, CheckJudgesAHistoryBesideABadRunJson) {
  const Results folder;
  record_history(folder.path());
  const Finished without = faultline({"check", folder.path().string()});
  EXPECT_NE(without.output.find("there is no run.json to compare with"), std::string::npos)
      << without.output;
  write(folder, run_json_name, "{]");
  const Finished beside = faultline({"check", folder.path().string()});
  EXPECT_EQ(beside.exit_code, without.exit_code) << beside.output;
  EXPECT_NE(beside.output.find("not compared with run.json"), std::string::npos) << beside.output;
}

TEST(Cli, CheckOfARunNamedTwiceJudgesItOnce) {
  const Results folder;
  record_history(folder.path());
  const std::string run = folder.path().string();
  EXPECT_EQ(faultline({"check", run, run}).output, faultline({"check", run}).output);
}

TEST(Cli, ListOfWhatIsNotThereShowsNoTable) {
  const Finished finished = faultline({"list", "/no/such/folder"});
  EXPECT_EQ(finished.exit_code, usage);
  EXPECT_EQ(lines(finished.output), 1u) << finished.output;
}

TEST(Cli, CheckShowsARunWithoutHistory) {
  const Results folder;
  write_atomically(folder.path() / run_json_name, run_json(testing::make_skipped(), "0.1.0"));
  EXPECT_EQ(faultline({"check", folder.path().string()}).exit_code, 2);
  EXPECT_EQ(faultline({"check", "--allow-skip", folder.path().string()}).exit_code, 0);
  write_atomically(folder.path() / run_json_name, run_json(testing::make_broken(), "0.1.0"));
  EXPECT_EQ(faultline({"check", folder.path().string()}).exit_code, 255);
}

// Its history says that it was cut short, and check took that for Ctrl-C: 130.
TEST(Cli, CheckOfARunThatBrokeIsBroken) {
  const Results folder;
  Recorder recorder(folder.path() / history_file_name, Header{});
  recorder.event(Interrupted{"the harness broke: a foreign program has the port"});
  recorder.close();
  write_atomically(folder.path() / run_json_name, run_json(testing::make_broken(), "0.1.0"));
  const Finished finished = faultline({"check", folder.path().string()});
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_TRUE(finished.output.starts_with("BROKEN")) << finished.output;
}

TEST(Cli, CheckOfASuiteTakesTheWorst) {
  const Results folder;
  fs::create_directories(folder.path() / "a");
  fs::create_directories(folder.path() / "b");
  write_atomically(folder.path() / "a" / run_json_name, run_json(testing::make_skipped(), "0.1.0"));
  write_atomically(folder.path() / "b" / run_json_name, run_json(testing::make_broken(), "0.1.0"));
  EXPECT_EQ(faultline({"check", folder.path().string()}).exit_code, 255);
}

// It ended there: what came behind it was never judged.
TEST(Cli, CheckOfASuiteGoesOnBehindAHistoryThatCannotBeRead) {
  const Results folder;
  fs::create_directories(folder.path() / "a");
  write_atomically(folder.path() / "a" / run_json_name, run_json(testing::make_passed(), "0.1.0"));
  write_atomically(folder.path() / "a" / history_file_name, "");
  fs::create_directories(folder.path() / "z");
  record_history(folder.path() / "z");
  const Finished finished = faultline({"check", folder.path().string()});
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_NE(finished.output.find("by-hand"), std::string::npos) << finished.output;
}

// A run that was killed while its brokers came up was left out: the rest passed.
TEST(Cli, CheckOfASuiteCountsARunThatRecordedNothing) {
  const Results folder;
  fs::create_directories(folder.path() / "a");
  write_atomically(folder.path() / "a" / run_json_name, run_json(testing::make_skipped(), "0.1.0"));
  const std::vector<std::string> check{"check", "--allow-skip", folder.path().string()};
  EXPECT_EQ(faultline(check).exit_code, 0);
  fs::create_directories(folder.path() / "killed" / "brokers");
  const Finished finished = faultline(check);
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_NE(finished.output.find("killed before it recorded"), std::string::npos)
      << finished.output;
}

// Two suites with one run each: the second fails.
void add_suites(const Results& folder) {
  RunResult run = testing::make_passed();
  for (const char* suite : {"20261101T000000Z-0001", "20261102T000000Z-0001"}) {
    const fs::path place = folder.path() / suite / "x";
    fs::create_directories(place);
    run.scenario.name = "x";
    run.wall_clock += 1'000'000'000;
    write_atomically(place / run_json_name, run_json(run, "0.1.0"));
    run = testing::make_failed();
    run.wall_clock += 1'000'000'000;
  }
  fs::create_directory_symlink("20261102T000000Z-0001", folder.path() / "latest");
}

TEST(Cli, RunsAreKnownComparedAndPruned) {
  const Results folder;
  add_suites(folder);
  const std::vector<std::string> in{"--results", folder.path().string()};
  const auto ask = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), in.begin(), in.end());
    return faultline(arguments);
  };
  const auto runs = nlohmann::json::parse(ask({"runs", "--json"}).output);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[1]["outcome"], "fail");
  EXPECT_NE(ask({"runs"}).output.find("2 of 2 runs"), std::string::npos);
  const auto trends =
      nlohmann::json::parse(ask({"trends", "--since", "9999w", "--json"}).output)["trends"];
  ASSERT_EQ(trends.size(), 1u);
  EXPECT_EQ(trends[0]["standing"], "new");
  EXPECT_TRUE(trends[0]["flaky"]);
  EXPECT_NE(ask({"trends", "--since", "9999w"}).output.find("New failures"), std::string::npos);
  EXPECT_NE(ask({"report", "--since", "9999w"}).output.find("New failures"), std::string::npos);
  EXPECT_EQ(ask({"compare", "latest~1", "latest"}).exit_code, 1);
  EXPECT_EQ(ask({"compare", "latest", "latest~1"}).exit_code, 0);
  EXPECT_EQ(ask({"prune", "--keep", "0", "--dry-run"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "20261101T000000Z-0001"));
  EXPECT_NE(ask({"prune", "--keep", "0"}).output.find("removed 1 run"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder.path() / "20261101T000000Z-0001"));
  EXPECT_TRUE(fs::exists(folder.path() / "latest" / "x"));
}

TEST(Cli, ADamagedDatabaseOfRunsIsRebuiltOnRequest) {
  const Results folder;
  add_suites(folder);
  write(folder, "runs.db", "this is no database");
  const std::string results = folder.path().string();
  for (const char* command : {"runs", "trends"})
    expect_refused({command, "--results", results}, "faultline runs --rebuild");
  const Finished rebuilt = faultline({"runs", "--rebuild", "--results", results});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.output;
  EXPECT_NE(rebuilt.output.find("runs.db.damaged-1"), std::string::npos) << rebuilt.output;
  EXPECT_EQ(read(folder.path() / "runs.db.damaged-1"), "this is no database");
}

TEST(Cli, BadInputAboutRuns) {
  const Results folder;
  add_suites(folder);
  const std::string results = folder.path().string();
  expect_refused({"runs", "--results", "/no/such/folder"}, "no results in");
  expect_refused({"runs", "--last", "-1", "--results", results}, "--last");
  expect_refused({"trends", "--since", "1y", "--results", results}, "'1y' is no age");
  expect_refused({"trends", "--since", "", "--results", results}, "is no age");
  expect_refused({"compare", "latest", "--results", results}, "B");
  expect_refused({"compare", "latest~7", "latest", "--results", results},
                 "there is no latest~7: the oldest suite in");
  expect_refused({"compare", "latest", "latest/x", "--results", results}, "two of a kind");
  expect_refused({"prune", "--results", results}, "--older-than");
  expect_refused({"prune", "--older-than", "90", "--results", results}, "'90' is no age");
  expect_refused({"prune", "--older-than", "", "--results", results}, "is no age");
  expect_refused({"prune", "--max-size", "20X", "--results", results}, "'20X' is no size");
  for (const char* option : {"--junit", "--summary", "--time-limit", "--webhook"})
    expect_refused({"run", "1.3", option, ""}, "must not be empty");
  expect_refused({"prune", "--keep", "-1", "--results", results}, "--keep");
  expect_refused({"prune", "--keep", "1", "--results", "/no/such/folder"}, "no results in");
}

// Whatever their verdict: the exit code of report is about the pages.
TEST(Cli, ReportWritesThePagesOfASuite) {
  Results results;
  const fs::path killed = results.path() / "a<b>", recorded = results.path() / "by-hand";
  fs::create_directories(killed);
  fs::create_directories(recorded);
  record_history(recorded);
  const Finished finished = faultline({"report", results.path().string()});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_NE(read(killed / "report.html").find("killed before it recorded"), std::string::npos);
  EXPECT_NE(read(recorded / "report.html").find("class=\"dots publish ok\""), std::string::npos);
  EXPECT_NE(read(results.path() / "index.html").find("a%3Cb%3E/report.html"), std::string::npos);
  EXPECT_NE(read(results.path() / "summary.md").find("| by-hand |"), std::string::npos);
  expect_refused({"report", (results.path() / "none").string()}, "does not exist");
  expect_refused({"report"}, "--since");
}

TEST(Cli, HistoryPrintsAndExports) {
  const Results folder;
  record_history(folder.path());
  const Finished printed = faultline({"history", folder.path().string()});
  EXPECT_EQ(printed.exit_code, 0) << printed.output;
  EXPECT_NE(printed.output.find("publish"), std::string::npos) << printed.output;
  const Finished exported = faultline({"history", "--jsonl", folder.path().string()});
  EXPECT_EQ(exported.exit_code, 0);
  EXPECT_TRUE(exported.output.starts_with("{\"model\":\"log\"")) << exported.output;
  expect_refused({"history", write(folder, "garbage", "no").string()}, "garbage");
}

TEST(Cli, ListFitsEightyColumnsAndIsJson) {
  const Finished table = faultline({"list"});
  EXPECT_EQ(table.exit_code, 0) << table.output;
  std::istringstream all(table.output);
  for (std::string line; std::getline(all, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_EQ(table.output.find('\x1b'), std::string::npos);
  const auto json = nlohmann::json::parse(faultline({"list", "--json"}).output);
  EXPECT_GE(json.size(), 6u);
  EXPECT_TRUE(json.at(0).contains("figure"));
}

TEST(Cli, ValidateAcceptsTheCatalogue) {
  const Finished finished = faultline({"validate", "scenarios"});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
}

TEST(Cli, YesIsAcceptedEverywhere) {
  for (const char* command : {"list", "doctor", "heal"}) {
    const Finished finished = faultline({command, "--yes"});
    EXPECT_NE(finished.exit_code, usage) << finished.output;
  }
}

TEST(Cli, DoctorSpeaksJson) {
  const auto json = nlohmann::json::parse(faultline({"doctor", "--json"}).output);
  ASSERT_FALSE(json.empty());
  for (const auto& finding : json)
    EXPECT_TRUE(finding.at("present").get<bool>() || finding.at("remedy") != "") << finding;
}

// As bash does it: the script is sourced, then asked for completions.
std::string complete_in_bash(const std::string& words) {
  const Results folder;
  const fs::path script = folder.path() / "complete.bash", out = folder.path() / "out";
  std::ofstream(script) << faultline({"completion", "bash"}).output << "COMP_WORDS=(" << words
                        << ")\n"
                        << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                        << "_faultline\n"
                        << "complete -p faultline >/dev/null && echo \"${COMPREPLY[*]}\"\n";
  bp::system(bp::search_path("bash"), "--norc", script.string(), bp::std_out > out.string());
  return read(out);
}

TEST(Cli, NothingIsHitWithoutATargetFile) {
  for (const char* command : {"run", "plan"}) {
    expect_refused({command, "1.3", "--provider", "kubernetes", "--yes"}, "needs --target FILE");
    expect_refused({command, "1.3", "--target", "x.yaml"}, "belongs to --provider kubernetes");
    const Finished missing = faultline(
        {command, "1.3", "--provider", "kubernetes", "--target", "nowhere.yaml", "--yes"});
    EXPECT_EQ(missing.exit_code, usage);
    EXPECT_NE(missing.output.find("nowhere.yaml: does not exist\n"), std::string::npos)
        << missing.output;
  }
  expect_refused({"doctor", "--provider", "kubernetes"}, "needs --target FILE");
  expect_refused({"heal", "--context", "staging"}, "belong to --provider kubernetes");
}

TEST(Cli, OptionsOfAnotherProviderAreRefused) {
  for (const std::vector<std::string>& of_kind : {std::vector<std::string>{"--keep"},
                                                  {"--reuse"},
                                                  {"--cluster", "x"},
                                                  {"--node-image", "x"},
                                                  {"--broker-image", "x"}}) {
    std::vector<std::string> command{"run", "1.3"};
    command.insert(command.end(), of_kind.begin(), of_kind.end());
    expect_refused(command, of_kind[0] + " belongs to --provider kind");
  }
  expect_refused({"run", "1.3", "--confirm", "x"}, "--confirm belongs to --provider kubernetes");
  expect_refused({"doctor", "--target", "x.yaml"}, "belongs to --provider kubernetes");
  expect_refused({"heal", "--provider", "kubernetes", "--target", "x.yaml", "--context", "y"},
                 "leave --kubeconfig and --context out");
  expect_refused({"heal", "--provider", "kubernetes", "--namespace", "A b"}, "a namespace's name");
}

TEST(Cli, UpMakesNothingForAVersionThatCannotBe) {
  expect_refused({"up", "--broker-version", "abc"}, "abc");
}

TEST(Cli, NothingIsDoneInANodeWithoutAnAgent) {
  const Finished missing = faultline(
      {"in-node", "--target", "nowhere.yaml", "--run", "r1", "w0", "--", "sh", "-c", "true"});
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_NE(missing.output.find("nowhere.yaml: does not exist\n"), std::string::npos)
      << missing.output;
  expect_refused({"in-node", "--target", "x.yaml", "--run", "r1", "w0"}, "command");
}

TEST(Cli, TargetFilesTellAllTheirProblems) {
  const Results folder;
  const auto garbage = write(folder, "target.yaml", "kind: Target\nspec:\n  alow: {}\n");
  const Finished finished =
      faultline({"run", "1.3", "--provider", "kubernetes", "--target", garbage.string()});
  EXPECT_EQ(finished.exit_code, usage);
  EXPECT_NE(finished.output.find("target.yaml:3:3: unknown key 'alow'; did you mean 'allow'?"),
            std::string::npos)
      << finished.output;
  EXPECT_NE(finished.output.find("'apiVersion' is missing"), std::string::npos);
}

TEST(Cli, BrokersThatExistAreTakenAsTheyAre) {
  expect_refused({"run", "1.3", "--provider", "kubernetes", "--target", "x.yaml",
                  "--broker-version", "2.12.15"},
                 "takes the brokers as they are");
}

// A suite whose process is alive: this one. The lock goes with the value.
struct SuiteUnderWay {
  Results folder;
  SuiteFolder suite{folder.path()};
  fs::path run = suite.make_run("by-hand");
};

TEST(Cli, WatchLooksAtARunUnderWay) {
  const SuiteUnderWay under_way;
  const auto watch = [&](const fs::path& path, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"watch", path.string(), "--once"});
    return faultline(more);
  };
  const Finished deploying = watch(under_way.run);
  EXPECT_EQ(deploying.exit_code, 0) << deploying.output;
  EXPECT_NE(deploying.output.find("deploy: nothing of by-hand is recorded"), std::string::npos)
      << deploying.output;
  record_history(under_way.run);
  for (const fs::path& path : {under_way.run, under_way.suite.path()}) {
    const Finished finished = watch(path);
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    EXPECT_NE(finished.output.find("100 ok"), std::string::npos) << finished.output;
  }
  const auto json = nlohmann::json::parse(watch(under_way.run, {"--json"}).output);
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["writes"]["ok"], 100);
}

TEST(Cli, WatchSaysThatNoRunIsUnderWayYet) {
  const Results folder;
  const SuiteFolder suite(folder.path());
  const Finished finished = faultline({"watch", suite.path().string(), "--once"});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_NE(finished.output.find("is under way yet"), std::string::npos) << finished.output;
}

TEST(Cli, WatchShowsTheVerdictOfAFinishedRunAtOnce) {
  const Results folder;
  const fs::path run = folder.path() / "suite" / "memory-storage";
  fs::create_directories(run);
  write(folder, "suite/junit.xml", "<testsuites/>");
  write(folder, "suite/memory-storage/run.json", run_json(testing::make_failed(), "0.1.0"));
  for (const fs::path& path : {run, run.parent_path()}) {
    const Finished finished = faultline({"watch", path.string()});
    EXPECT_EQ(finished.exit_code, 1) << finished.output;
    EXPECT_NE(finished.output.find("FAIL  memory-storage"), std::string::npos) << finished.output;
  }
  EXPECT_EQ(faultline({"watch", run.string(), "--fail-on", "unexpected"}).exit_code, 0);
}

TEST(Cli, WatchSaysWhereARunWasKilled) {
  const Results folder;
  const fs::path run = folder.path() / "suite" / "by-hand";
  fs::create_directories(run);
  write(folder, "suite/junit.xml", "<testsuites/>");
  const Finished early = faultline({"watch", run.string()});
  EXPECT_EQ(early.exit_code, 255) << early.output;
  EXPECT_NE(early.output.find("killed before it recorded anything"), std::string::npos);
  const fs::path file = record_history(run);
  fs::resize_file(file, fs::file_size(file) - 3);
  for (const fs::path& path : {run, run.parent_path()}) {
    const Finished late = faultline({"watch", path.string(), "--json"});
    EXPECT_EQ(late.exit_code, 255) << late.output;
    EXPECT_NE(late.output.find("\"state\":\"killed\""), std::string::npos) << late.output;
    EXPECT_NE(late.output.find("killed in phase steady"), std::string::npos) << late.output;
    EXPECT_NE(late.output.find("torn at byte"), std::string::npos) << late.output;
  }
}

// It stood between two runs: all that it made passed, and it looked as if it were over.
TEST(Cli, WatchSaysThatTheSuiteWasKilledBetweenTwoRuns) {
  const Results folder;
  fs::create_directories(folder.path() / "suite" / "broker-leader");
  write(folder, "suite/junit.xml", "<testsuites/>");
  write(folder, "suite/broker-leader/run.json", run_json(testing::make_passed(), "0.1.0"));
  const std::string suite = (folder.path() / "suite").string();
  EXPECT_EQ(faultline({"watch", suite}).exit_code, 0);
  write(folder, std::string("suite/") + unfinished_name, "");
  const Finished killed = faultline({"watch", suite});
  EXPECT_EQ(killed.exit_code, 255) << killed.output;
  EXPECT_NE(killed.output.find("the suite was killed before its end"), std::string::npos)
      << killed.output;
  EXPECT_NE(faultline({"watch", suite, "--json"}).output.find("\"problem\":\"killed"),
            std::string::npos);
}

TEST(Cli, WatchRefusesWhatIsNoRun) {
  const Results folder;
  expect_refused({"watch", (folder.path() / "no-such").string()}, "is no folder");
  expect_refused({"watch", folder.path().string()}, "neither a run nor a suite");
  expect_refused({"watch", write(folder, "file", "x").string()}, "is no folder");
  expect_refused({"watch", "--interval", "0"}, "--interval");
  fs::create_directories(folder.path() / "suite" / "run");
  write(folder, "suite/junit.xml", "<testsuites/>");
  const fs::path file = write(folder, "suite/run/history.flt", "no history at all");
  expect_refused({"watch", file.parent_path().string()}, "is not a faultline history");
  write(folder, "suite/run/run.json", "{}");
  expect_refused({"watch", file.parent_path().string()}, "is no run.json of this version");
}

TEST(Cli, PlanSaysWhatARunWouldDo) {
  const Finished finished = faultline({"plan", "1.3"});
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_NE(finished.output.find("broker-kill leader"), std::string::npos) << finished.output;
  EXPECT_NE(finished.output.find("Nothing was changed."), std::string::npos);
}

TEST(Cli, BashCompletes) {
  EXPECT_EQ(complete_in_bash("faultline he"), "heal\n");
  EXPECT_EQ(complete_in_bash("faultline run --broker-"),
            "--broker-image --broker-version --broker-binary\n");
  EXPECT_EQ(complete_in_bash("faultline run --fail-on ''"), "unexpected known violation unknown\n");
  EXPECT_EQ(complete_in_bash("faultline completion f"), "fish\n");
  EXPECT_EQ(complete_in_bash("faultline in"), "\n") << "not for people";
  EXPECT_EQ(complete_in_bash("faultline run scen"), "\n");  // file names are bash's own
}

// Runs of its own state folder: nothing of the user's is healed.
class Nightly : public ::testing::Test {
 protected:
  Nightly() {
    ::setenv("FAULTLINE_STATE_DIR", (folder_.path() / "state").c_str(), 1);
    ::setenv("FAULTLINE_WEBHOOK_SECRET", "hunter2", 1);
  }
  ~Nightly() override {
    ::unsetenv("FAULTLINE_STATE_DIR");
    ::unsetenv("FAULTLINE_WEBHOOK_SECRET");
  }

  Finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"--results", results_.string()});
    return faultline(arguments);
  }

  Results folder_;
  fs::path results_ = folder_.path() / "results";
};

TEST_F(Nightly, WithoutTimeRunsNothingAndSaysSoEverywhere) {
  const fs::path junit = folder_.path() / "junit.xml", summary = write(folder_, "summary", "old\n");
  const std::vector<std::string> late{"1.1",          "1.2",
                                      "--time-limit", "0s",
                                      "--repeat",     "2",
                                      "--junit",      junit.string(),
                                      "--summary",    summary.string(),
                                      "--webhook",    "http://user:hunter3@127.0.0.1:1/hook"};
  const Finished finished = run(late);
  EXPECT_EQ(finished.exit_code, 2) << finished.output;
  EXPECT_NE(finished.output.find("not run 2 of 2"), std::string::npos) << finished.output;
  EXPECT_NE(finished.output.find("faultline: the webhook at 127.0.0.1 was not reached: "),
            std::string::npos)
      << finished.output;
  EXPECT_EQ(finished.output.find("hunter"), std::string::npos) << finished.output;
  EXPECT_NE(read(junit).find("tests=\"4\" failures=\"4\" errors=\"0\" skipped=\"0\""),
            std::string::npos)
      << read(junit);
  EXPECT_TRUE(read(summary).starts_with("old\n## Faultline ")) << read(summary);
  EXPECT_NE(read(summary).find("4 runs: 4 not run"), std::string::npos) << read(summary);
  const std::string suite = (results_ / "latest").string();
  EXPECT_TRUE(fs::exists(results_ / "latest" / "broker-follower-1-2" / "run.json"))
      << finished.output;
  EXPECT_EQ(faultline({"check", suite}).exit_code, 2);
  EXPECT_EQ(faultline({"check", suite, "--allow-not-run"}).exit_code, 0);
  EXPECT_EQ(run({"1.1", "--time-limit", "0s", "--allow-not-run"}).exit_code, 0);
}

// It was told as if nothing had ever passed.
TEST_F(Nightly, SaysWhereTheLastSuccessesCannotBeRead) {
  fs::create_directories(results_);
  write(folder_, "results/runs.db", "this is no database");
  const Finished finished =
      run({"1.1", "--time-limit", "0s", "--metrics-file", (folder_.path() / "x.prom").string()});
  EXPECT_NE(finished.output.find("metrics without the last success: "), std::string::npos)
      << finished.output;
}

// A broker that knows its version and cannot start.
TEST_F(Nightly, RetriesWhatTheHarnessCouldNotDo) {
  const fs::path broker = write(folder_, "nats-server",
                                "#!/bin/sh\n[ \"$1\" = --version ] || exit 1\n"
                                "echo nats-server: v2.12.15\n");
  fs::permissions(broker, fs::perms::owner_all);
  const Finished finished = run({"1.1", "--retries", "1", "--broker-binary", broker.string()});
  EXPECT_EQ(finished.exit_code, 255) << finished.output;
  EXPECT_NE(finished.output.find("retried as broker-follower-1-retry-1"), std::string::npos)
      << finished.output;
  EXPECT_NE(finished.output.find("after 1 retry: "), std::string::npos) << finished.output;
  const fs::path latest = results_ / "latest";
  const auto first = nlohmann::json::parse(read(latest / "broker-follower-1" / "run.json"));
  EXPECT_EQ(first["retried_as"], "broker-follower-1-retry-1");
  EXPECT_TRUE(fs::exists(latest / "broker-follower-1-retry-1" / "report.html"));
  // The retry alone counts: were it to pass, so would the suite.
  const fs::path retry = latest / "broker-follower-1-retry-1";
  RunResult passed = testing::make_passed();
  passed.retried = {{"broker-follower-1", "it exited"}};
  write_atomically(retry / run_json_name, run_json(passed, "0.1.0"));
  EXPECT_EQ(faultline({"check", latest.string()}).exit_code, 0);
  EXPECT_EQ(faultline({"check", (latest / "broker-follower-1").string()}).exit_code, 255);
  fs::remove_all(retry);
  EXPECT_EQ(faultline({"check", latest.string()}).exit_code, 255);
}

}  // namespace
}  // namespace faultline
