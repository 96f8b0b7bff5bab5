#include "harness/metrics/metrics.h"

#include <algorithm>
#include <limits>

#include "checkers/format.h"
#include "harness/agenda.h"
#include "harness/report/redact.h"
#include "harness/report/words.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::array<OperationKind, 3> services{OperationKind::publish, OperationKind::read,
                                                OperationKind::deliver};

double seconds(Duration time) { return static_cast<double>(time) / second; }

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// UTF-8, as Prometheus demands, and without the secret that a name may hold.
ClientMetric::Label label(std::string name, std::string_view value) {
  return {std::move(name), plain(redact(value))};
}

class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = "faultline_" + std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  void add(Labels labels, double value) {
    ClientMetric& metric = add(std::move(labels));
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }

  ClientMetric& add(Labels labels) {
    ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  void into(Families& all) && {
    if (!family_.metric.empty()) all.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

void add_gauge(Families& all, std::string name, std::string help, std::optional<double> value) {
  Family family(std::move(name), std::move(help), MetricType::Gauge);
  if (value) family.add({}, *value);
  std::move(family).into(all);
}

Family counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), MetricType::Counter};
}

Family gauge(std::string name, std::string help) {
  return {std::move(name), std::move(help), MetricType::Gauge};
}

ClientMetric::Histogram histogram(const OperationTally& tally) {
  ClientMetric::Histogram result;
  for (std::size_t i = 0; i < tally.durations.size(); ++i) {
    result.sample_count += tally.durations[i];
    const double bound = i < duration_bounds.size() ? seconds(duration_bounds[i])
                                                    : std::numeric_limits<double>::infinity();
    result.bucket.push_back({result.sample_count, bound});
  }
  result.sample_sum = seconds(tally.total);
  return result;
}

void add_operations(Families& all, const Tally& tally) {
  Family total = counter("operations_total", "Operations of the clients that came to an end.");
  Family duration("operation_duration_seconds",
                  "From the call to the answer, of operations with outcome ok.",
                  MetricType::Histogram);
  for (std::size_t kind = 0; kind < tally.size(); ++kind) {
    const auto operation = label("operation", to_string(static_cast<OperationKind>(kind)));
    for (const Outcome outcome : {Outcome::ok, Outcome::fail, Outcome::unknown})
      total.add({operation, label("outcome", to_string(outcome))},
                static_cast<double>(tally[kind].ends[static_cast<std::size_t>(outcome)]));
    duration.add({operation}).histogram = histogram(tally[kind]);
  }
  std::move(total).into(all);
  std::move(duration).into(all);
}

// While clients try to be served: before it they connect, after it they end.
bool has_traffic(const std::string& phase) {
  return phase == "steady" || phase == "fault" || phase == "recovery";
}

double of_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return 1;
    case Verdict::fail:
      return 0;
    case Verdict::unknown:
      break;
  }
  return -1;
}

}  // namespace

double end_of_run(std::int64_t begin, std::chrono::milliseconds elapsed) {
  return seconds(begin) + std::chrono::duration<double>(elapsed).count();
}

void UnavailableTime::look(std::chrono::milliseconds open_gap) {
  if (open_gap < counted_) counted_ = {};
  total_ += open_gap - counted_;
  counted_ = open_gap;
}

Metrics::Metrics(std::string faultline_version, std::map<std::string, double> last_success)
    : version_(std::move(faultline_version)), last_success_(std::move(last_success)) {}

void Metrics::suite_started(const std::string& provider) {
  const std::lock_guard lock(mutex_);
  provider_ = provider;
  begin_ = seconds_since_1970();
}

void Metrics::run_started(const Scenario& scenario) {
  RunUnderWay run;
  run.scenario = scenario.name;
  const LogSettings& workload = scenario.workload;
  run.takes_part = {workload.producers > 0, workload.readers + workload.rereaders > 0,
                    workload.durables + workload.laggards > 0};
  for (const PlannedStrike& strike : planned_strikes(scenario))
    run.planned.emplace(strike.step->fault, strike.step->target);
  const std::lock_guard lock(mutex_);
  now_ = std::move(run);
}

void Metrics::update(const ProgressFigures& figures) {
  const std::lock_guard lock(mutex_);
  if (!now_) return;
  now_->figures = figures;
  const std::array gaps{figures.unavailable_writes, figures.unavailable_reads,
                        figures.unavailable_deliveries};
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const bool counts = now_->takes_part[i] && has_traffic(figures.phase);
    unavailable_[i].look(counts ? gaps[i] : std::chrono::milliseconds{0});
  }
}

Metrics::Run Metrics::summary(const RunResult& result) {
  Run run;
  run.scenario = result.scenario.name;
  run.outcome = outcome_word(result);
  run.broker_product = result.broker_product;
  run.broker_version = result.broker_version;
  run.not_undone = !result.not_undone.empty();
  if (result.status != RunStatus::judged) return run;
  for (const CheckResult& check : result.judgement.checks)
    if (check.judged) run.verdicts.emplace_back(check.check, check.verdict);
  return run;
}

void Metrics::remember_success(const RunResult& result) {
  if (outcome_word(result) != "pass") return;
  double& last = last_success_[result.scenario.name];
  last = std::max(last, end_of_run(result.wall_clock, result.elapsed));
}

void Metrics::run_finished(const RunResult& result) {
  const std::lock_guard lock(mutex_);
  finished_ = operations();
  now_.reset();
  runs_.push_back(summary(result));
  remember_success(result);
}

// By the suite's own list: it also has what was skipped, and what was tried again once only.
void Metrics::suite_finished(const SuiteResult& suite, ExitCode code, const ExitPolicy& policy) {
  const std::lock_guard lock(mutex_);
  runs_.clear();
  for (const RunResult& run : suite.runs) {
    runs_.push_back(summary(run));
    remember_success(run);
    ExitCode& of_scenario = exit_codes_[run.scenario.name];
    of_scenario = worse(of_scenario, exit_code(run, policy));
  }
  end_ = seconds_since_1970();
  exit_code_ = code;
}

Tally Metrics::operations() const {
  Tally tally = finished_;
  if (now_)
    for (std::size_t kind = 0; kind < tally.size(); ++kind)
      tally[kind] += now_->figures.live.operations[kind];
  return tally;
}

void Metrics::add_unavailable(Families& all) const {
  Family family =
      counter("unavailable_seconds_total",
              "Time in which clients were served nothing, gaps of more than a second only.");
  for (std::size_t i = 0; i < services.size(); ++i)
    family.add({label("operation", to_string(services[i]))},
               std::chrono::duration<double>(unavailable_[i].total()).count());
  std::move(family).into(all);
}

void Metrics::add_run_under_way(Families& all) const {
  if (!now_) return;
  std::map<FaultAndTarget, bool> faults;
  for (const FaultAndTarget& planned : now_->planned) faults[planned] = false;
  for (const FaultInEffect& fault : now_->figures.faults)
    faults[{fault.fault, fault.target}] = true;
  Family active = gauge("fault_active", "1 while the fault is injected, else 0.");
  for (const auto& [what, is_active] : faults)
    active.add({label("scenario", now_->scenario), label("fault", what.first),
                label("target", what.second)},
               is_active);
  std::move(active).into(all);

  Family leader = gauge("broker_leader", "1 for the server that leads the stream, else 0.");
  for (const std::string& server : now_->figures.servers)
    leader.add({label("server", server)}, server == now_->figures.leader);
  std::move(leader).into(all);
}

void Metrics::add_verdicts(Families& all) const {
  std::map<std::pair<std::string, std::string>, Verdict> worst;  // by scenario and checker
  for (const Run& run : runs_)
    for (const auto& [checker, verdict] : run.verdicts) {
      const auto [found, is_new] = worst.try_emplace({run.scenario, checker}, verdict);
      if (!is_new) found->second = std::max(found->second, verdict);
    }
  Family family = gauge("verdict", "Of a checker in this suite: 1 pass, 0 fail, -1 unknown.");
  for (const auto& [of, verdict] : worst)
    family.add({label("scenario", of.first), label("checker", of.second)}, of_verdict(verdict));
  std::move(family).into(all);

  Family success = gauge("last_success_timestamp_seconds",
                         "When the last run of the scenario that passed was over.");
  for (const auto& [scenario, time] : last_success_)
    success.add({label("scenario", scenario)}, time);
  std::move(success).into(all);
}

void Metrics::add_runs(Families& all) const {
  std::map<std::pair<std::string, std::string>, int> number;  // by scenario and outcome
  std::map<std::string, bool> left;                           // by scenario
  std::set<std::array<std::string, 3>> brokers;               // scenario, product, version
  for (const Run& run : runs_) {
    ++number[{run.scenario, run.outcome}];
    left[run.scenario] |= run.not_undone;
    brokers.insert({run.scenario, run.broker_product, run.broker_version});
  }
  Family runs = gauge("suite_runs", "Runs of this suite that are over, by outcome.");
  for (const auto& [of, count] : number)
    runs.add({label("scenario", of.first), label("outcome", of.second)}, count);
  std::move(runs).into(all);

  Family info = gauge("run_info", "1, of what the scenario ran on in this suite.");
  for (const auto& [scenario, product, version] : brokers)
    info.add({label("scenario", scenario), label("provider", provider_), label("broker", product),
              label("broker_version", version)},
             1);
  std::move(info).into(all);

  Family not_undone = gauge("not_undone", "1 where a run left a fault behind, else 0.");
  for (const auto& [scenario, something] : left)
    not_undone.add({label("scenario", scenario)}, something);
  std::move(not_undone).into(all);
}

void Metrics::add_suite(Families& all) const {
  add_gauge(all, "suite_start_timestamp_seconds", "When the suite began.", begin_);
  add_gauge(all, "suite_end_timestamp_seconds", "When the suite was over.", end_);
  add_gauge(all, "suite_exit_code",
            "0 passed, 1 violation, 2 unknown, skipped or not run, 130 interrupted, 255 broken.",
            exit_code_);
  Family codes = gauge("scenario_exit_code", "The same of the scenario alone.");
  for (const auto& [scenario, code] : exit_codes_) codes.add({label("scenario", scenario)}, code);
  std::move(codes).into(all);
}

Families Metrics::Collect() const {
  const std::lock_guard lock(mutex_);
  Families all;
  Family build = gauge("build_info", "1, of the program that runs the suite.");
  build.add({label("version", version_)}, 1);
  std::move(build).into(all);
  add_operations(all, operations());
  add_unavailable(all);
  add_run_under_way(all);
  add_verdicts(all);
  add_runs(all);
  add_suite(all);
  return all;
}

}  // namespace faultline
