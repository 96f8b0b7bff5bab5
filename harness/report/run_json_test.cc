#include "harness/report/run_json.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/process.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/report/results.h"
#include "harness/report/testing.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

class RunJson : public ::testing::Test {
 protected:
  RunJson() {
    std::string pattern = (fs::temp_directory_path() / "faultline-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RunJson() override { fs::remove_all(folder_); }

  fs::path write(const RunResult& run) {
    const fs::path file = folder_ / run_json_name;
    write_atomically(file, run_json(run, "0.1.0"));
    return file;
  }

  fs::path folder_;
};

// By an implementation of JSON Schema that is not ours.
int validate(const fs::path& file) {
  namespace bp = boost::process;
  constexpr const char* program =
      "import json, sys, jsonschema\n"
      "schema = json.load(open(sys.argv[1]))\n"
      "jsonschema.Draft202012Validator.check_schema(schema)\n"
      "jsonschema.validate(json.load(open(sys.argv[2])), schema)\n";
  return bp::system(bp::search_path("python3"), "-c", program, "docs/run.schema.json",
                    file.string(), bp::std_err > bp::null);
}

TEST_F(RunJson, FollowsItsSchema) {
  RunResult interrupted = testing::make_unknown();
  interrupted.interrupted = true;
  RunResult odd = testing::make_failed();
  odd.judgement.summary = "bytes \xff\xfe that are no UTF-8";
  odd.seed = std::numeric_limits<std::uint64_t>::max();
  RunResult repeated = testing::make_passed(), retried = testing::make_broken(), late = retried;
  repeated.repetition = 2, repeated.repetitions = 3;
  repeated.retried = {{"a", "n2 exited"}};
  retried.retried_as = "a-retry-1";
  late.status = RunStatus::not_run;
  for (const RunResult& run :
       {repeated, retried, late, testing::make_passed(), testing::make_failed(),
        testing::make_unknown(), testing::make_skipped(), testing::make_broken(),
        testing::make_known(), interrupted, odd})
    EXPECT_EQ(validate(write(run)), 0) << run_json(run, "0.1.0");
}

TEST_F(RunJson, SchemaRefusesWhatItDoesNotName) {
  auto json = nlohmann::json::parse(run_json(testing::make_passed(), "0.1.0"));
  json["scenario"]["surprise"] = 1;
  const fs::path file = folder_ / run_json_name;
  write_atomically(file, json.dump());
  EXPECT_NE(validate(file), 0);
}

TEST_F(RunJson, ComesBack) {
  RunResult run = testing::make_failed();
  const RunResult back = read_run_json(write(run));
  EXPECT_EQ(back.scenario.name, run.scenario.name);
  EXPECT_EQ(back.scenario.set, run.scenario.set);
  EXPECT_EQ(back.scenario.expectations, run.scenario.expectations);
  EXPECT_EQ(back.status, run.status);
  EXPECT_EQ(back.seed, run.seed);
  EXPECT_EQ(back.wall_clock, run.wall_clock);
  EXPECT_EQ(back.elapsed, run.elapsed);
  EXPECT_EQ(back.judgement.summary, run.judgement.summary);
  EXPECT_TRUE(differences(back.judgement, run.judgement).empty());
}

TEST_F(RunJson, AKnownIssueIsNamedAndComesBack) {
  const RunResult run = testing::make_known();
  const auto json = nlohmann::json::parse(run_json(run, "0.1.0"));
  EXPECT_EQ(json["outcome"], "fail");
  EXPECT_EQ(json["known"]["id"], "nats-server#6888");
  const RunResult back = read_run_json(write(run));
  EXPECT_EQ(back.scenario.known_issue.id, run.scenario.known_issue.id);
  EXPECT_EQ(back.scenario.known_issue.url, run.scenario.known_issue.url);
  EXPECT_EQ(back.scenario.known_issue.versions, run.scenario.known_issue.versions);
  RunResult fixed = run;
  fixed.broker_version = "2.10.23";
  EXPECT_TRUE(nlohmann::json::parse(run_json(fixed, "0.1.0"))["known"].is_null());
}

TEST_F(RunJson, DifferencesAreNamed) {
  const auto lines =
      differences(testing::make_passed().judgement, testing::make_failed().judgement);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "verdict: was pass, is fail");
  EXPECT_EQ(lines[1], "lost: was pass, is fail");
  EXPECT_EQ(lines[2], "lost, observed: was none, is lost 1204 of 9876");
  EXPECT_EQ(lines[3], "lost: the counts differ");
}

TEST_F(RunJson, WhatIsNoneIsRefusedInOneLine) {
  for (const char* content : {"", "\x01\x02", "{}", "[1]", R"({"schema":"faultline/run/v2"})",
                              R"({"schema":"faultline/run/v1","scenario":7})"}) {
    const fs::path file = folder_ / run_json_name;
    write_atomically(file, content);
    try {
      read_run_json(file);
      ADD_FAILURE() << "accepted: " << content;
    } catch (const RunJsonError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace faultline
