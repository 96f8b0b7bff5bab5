// What a suite does, as Prometheus metrics. Their names, labels and values are in
// docs/metrics.md; that page is what dashboards and alerts may rely on.
//
// A run tells of itself as it tells the terminal: a few times a second, through Progress.
// The operations are counted where they are recorded (workloads/tally.h), so that no client
// waits for a scrape.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/exit_code.h"
#include "harness/runner.h"

namespace faultline {

// How long clients of one kind have been served nothing, added up from looks at the gap that
// is open: a gap counts whole, short of what passed between the last look and its end.
class UnavailableTime {
 public:
  void look(std::chrono::milliseconds open_gap);  // 0: there is none
  std::chrono::milliseconds total() const { return total_; }

 private:
  std::chrono::milliseconds total_{0}, counted_{0};
};

// Seconds since 1970 UTC, from nanoseconds since then and how long the run took.
double end_of_run(std::int64_t begin, std::chrono::milliseconds elapsed);

// May be used from any thread.
class Metrics : public prometheus::Collectable, public Progress {
 public:
  // `last_success`: scenario -> end of its last run that passed, seconds since 1970 UTC.
  Metrics(std::string faultline_version, std::map<std::string, double> last_success);

  void suite_started(const std::string& provider);
  void run_started(const Scenario&);
  void update(const ProgressFigures&) override;
  void message(const std::string&) override {}
  void run_finished(const RunResult&);
  void suite_finished(const SuiteResult&, ExitCode, const ExitPolicy&);

  // Complexity: linear in the number of runs, times that of their checks.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Run {  // that is over
    std::string scenario, outcome, broker_product, broker_version;
    std::vector<std::pair<std::string, Verdict>> verdicts;  // of the judged checks
    bool not_undone = false;
  };
  using FaultAndTarget = std::pair<std::string, std::string>;
  struct RunUnderWay {
    std::string scenario;
    std::array<bool, 3> takes_part{};  // publish, read, deliver
    std::set<FaultAndTarget> planned;
    ProgressFigures figures;
  };

  static Run summary(const RunResult&);
  void remember_success(const RunResult&);
  Tally operations() const;
  void add_unavailable(std::vector<prometheus::MetricFamily>&) const;
  void add_run_under_way(std::vector<prometheus::MetricFamily>&) const;
  void add_verdicts(std::vector<prometheus::MetricFamily>&) const;
  void add_runs(std::vector<prometheus::MetricFamily>&) const;
  void add_suite(std::vector<prometheus::MetricFamily>&) const;

  const std::string version_;
  mutable std::mutex mutex_;  // of everything below
  std::map<std::string, double> last_success_;
  std::string provider_;
  std::optional<double> begin_, end_;  // of the suite, seconds since 1970 UTC
  std::optional<ExitCode> exit_code_;
  std::map<std::string, ExitCode> exit_codes_;  // by scenario, once the suite is over
  Tally finished_;                              // operations of the runs that are over
  std::array<UnavailableTime, 3> unavailable_;  // publish, read, deliver
  std::vector<Run> runs_;
  std::optional<RunUnderWay> now_;
};

}  // namespace faultline
