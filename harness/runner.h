// Runs one scenario: deploy, steady, inject, heal, drain, judge.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "checkers/judge.h"
#include "harness/scenario.h"
#include "workloads/log_workload.h"

namespace faultline {

// In a run's folder.
inline constexpr const char* history_file_name = "history.flt";

struct ProgressFigures;

struct RunOptions {
  std::string provider = "local";
  std::filesystem::path folder;         // of the run; made by the caller, empty
  std::filesystem::path broker_binary;  // empty: by version
  std::string broker_version;           // empty: the scenario's, else the default
  std::uint64_t seed = 0;
  std::string faultline_version;
  const std::atomic<int>* interrupts = nullptr;  // Ctrl-C pressed so often
  // Asked often during a run, and must be quick; a reason ends it as Ctrl-C does.
  std::function<std::string(const ProgressFigures&)> abort = {};
};

struct FaultInEffect {
  std::string fault, target;         // broker-kill, leader
  std::vector<std::string> servers;  // those it holds now
};

struct ProgressFigures {
  std::string phase;  // "deploy: waiting for n2", steady, fault, recovery, drain
  std::chrono::milliseconds elapsed{0}, phase_elapsed{0}, phase_length{0};  // length 0: open
  std::vector<FaultInEffect> faults;  // report/progress.h has them in words
  std::vector<std::string> servers;
  std::string leader;  // of the stream's first partition, as last seen; empty: nobody
  LiveFigures live;
  double writes_per_second = 0, reads_per_second = 0;
  std::chrono::milliseconds unavailable_writes{0}, unavailable_reads{0},
      unavailable_deliveries{0};  // the current gap
};

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void update(const ProgressFigures&) = 0;  // about twice a second
  virtual void message(const std::string& line) = 0;
};

// not_run: its turn did not come within the suite's time limit.
enum class RunStatus { judged, skipped, not_run, broken };

struct BrokenRun {
  std::string name;  // of its folder, beside that of the run that took its place
  std::string reason;
};

struct RunResult {
  Scenario scenario;
  RunStatus status = RunStatus::broken;
  std::string reason;      // one line and what to do; of judged: how it broke off, else empty
  Judgement judgement;     // of judged
  std::string not_undone;  // what the run left broken, for 'faultline heal'; empty: nothing
  bool interrupted = false;
  std::filesystem::path folder;
  std::string broker_product, broker_version, provider;
  std::string catalogue_commit;  // git's, of the scenario file's repository; empty: unknown
  std::uint64_t seed = 0;
  std::int64_t wall_clock = 0;  // begin, nanoseconds since 1970 UTC
  std::chrono::milliseconds elapsed{0};
  std::uint64_t repetition = 1, repetitions = 1;  // "3 of 10", by --repeat
  std::vector<BrokenRun> retried;  // that --retries ran before this one, oldest first
  std::string retried_as;          // of one that broke: the folder's name of what took its place
};

struct SuiteResult {
  std::string name;
  std::filesystem::path folder;
  std::vector<RunResult> runs;
  bool interrupted = false;
  std::string problem;  // why the suite itself broke off (the disk is full); empty if it did not
};

class Provider;

// Never throws: a broken harness is a result of its own. Whatever happens, no
// broker is left running and what was recorded stays.
RunResult run_scenario(const Scenario&, const RunOptions&, Provider&, Progress&);

// What this machine lacks for the scenario; empty if nothing. One line each.
std::vector<std::string> missing_capabilities(const Scenario&, const RunOptions&, Provider&);

}  // namespace faultline
