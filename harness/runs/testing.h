// Results folders made by hand, for the tests of the history of runs.
#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "checkers/testing.h"
#include "harness/cluster/testing.h"
#include "harness/report/run_json.h"
#include "harness/report/testing.h"
#include "harness/runs/record.h"
#include "workloads/recorder.h"

namespace faultline::testing {

class ResultsFolder : public TemporaryFolder {
 public:
  std::filesystem::path write(const std::filesystem::path& below, std::string_view content) const {
    std::filesystem::create_directories((path() / below).parent_path());
    std::ofstream(path() / below, std::ios::binary) << content;
    return path() / below;
  }

  // A run's folder with its run.json, in a suite with its junit.xml.
  std::filesystem::path add(const std::string& suite, const std::string& name,
                            const RunResult& run) const {
    write(std::filesystem::path(suite) / "junit.xml", "<testsuites/>");
    return write(std::filesystem::path(suite) / name / run_json_name, run_json(run, "0.1.0"))
        .parent_path();
  }

  void point_latest_to(const std::string& suite) const {
    std::filesystem::remove(path() / "latest");
    std::filesystem::create_directory_symlink(suite, path() / "latest");
  }
};

// Ends as a recorder that was killed does where `closed` is not.
inline void record_history(const std::filesystem::path& folder, bool closed = true,
                           std::uint64_t publishes = 10) {
  Header header;
  header.run_id = "0123456789abcdef";
  header.faultline_version = "0.1.0";
  header.scenario_name = "by-hand";
  header.provider = "local";
  header.broker_product = "nats";
  header.broker_version = "2.12.15";
  header.seed = 7;
  header.wall_clock = 1'795'388'491'000'000'000;
  std::filesystem::create_directories(folder);
  Recorder recorder(folder / history_file_name, header);
  recorder.event(PhaseStarted{"steady"});
  const std::uint32_t process = recorder.new_process("producer", "");
  for (std::uint64_t i = 1; i <= publishes; ++i) {
    const OperationId id = recorder.invoke({OperationKind::publish, process, 64, {0, i}});
    Completion stored;
    stored.outcome = Outcome::ok;
    stored.sequence = i;
    recorder.complete(id, stored);
  }
  recorder.close();
  const auto file = folder / history_file_name;
  if (!closed) std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
}

// A record of a run that had that outcome at that second.
inline RunRecord make_record(const std::string& suite, const std::string& outcome,
                             std::int64_t begin_s, const std::string& scenario = "broker-leader") {
  RunRecord run;
  run.suite = suite;
  run.name = run.scenario = scenario;
  run.provider = "local";
  run.broker_product = "nats";
  run.broker_version = "2.12.15";
  run.begin = begin_s * second;
  run.outcome = outcome;
  if (outcome == "fail")
    run.checks.push_back({"lost", Verdict::fail, true, "lost 3 of 100 acknowledged", "lost 3"});
  return run;
}

inline std::string random_text(std::mt19937_64& random) {
  static const std::vector<std::string> parts{
      "a",    "'", "\"", "<b>", "&",   ";--", "\n", "\x1b[2J",
      "\xff", "€", " ",  "%s",  "../", "\\",  ")",  "DROP TABLE runs"};
  std::string text;
  for (std::uint64_t i = random() % 6; i > 0; --i) text += parts[random() % parts.size()];
  return text;
}

// As a suite may end: any outcome, names with anything in them.
inline RunResult random_result(std::mt19937_64& random) {
  RunResult run;
  switch (random() % 6) {
    case 0:
      run = make_passed();
      break;
    case 1:
      run = make_failed();
      break;
    case 2:
      run = make_known();
      break;
    case 3:
      run = make_unknown();
      break;
    case 4:
      run = make_skipped();
      break;
    default:
      run = make_broken();
      break;
  }
  if (random() % 2 == 0) run.scenario.name += random_text(random);
  run.scenario.figure += random_text(random);
  run.provider += random_text(random);
  run.judgement.summary += random_text(random);
  run.reason += random_text(random);
  run.interrupted = random() % 8 == 0;
  run.seed = random();
  run.wall_clock += static_cast<std::int64_t>(random() % 1'000'000) * second;
  for (CheckResult& check : run.judgement.checks) {
    check.reason += random_text(random);
    if (check.check.starts_with("availability"))
      check.counts = {{"longest_gap_ns", random() % 100'000'000'000},
                      {"steady.ok", random() % 10'000},
                      {"steady.length_ns", random() % 10'000'000'000}};
  }
  return run;
}

}  // namespace faultline::testing
