#include "harness/watch/output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "checkers/format.h"
#include "harness/print_history.h"
#include "harness/report/figure_table.h"
#include "harness/report/progress.h"
#include "harness/report/redact.h"
#include "harness/report/words.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

std::string harmless(std::string_view text) { return plain(redact(text)); }

// What brokers and scenarios named.
LiveState harmless(LiveState state) {
  state.figures.phase = harmless(state.figures.phase);
  for (FaultInEffect& one : state.figures.faults) {
    one.fault = harmless(one.fault);
    one.target = harmless(one.target);
    for (std::string& server : one.servers) server = harmless(server);
  }
  return state;
}

Scenario scenario_of(const WatchedRun& run) {
  Scenario scenario;
  if (run.header != nullptr) scenario = scenario_of(*run.header);
  if (scenario.name.empty()) scenario.name = run.folder.filename().string();
  scenario.name = harmless(scenario.name);
  scenario.title = harmless(scenario.title);
  return scenario;
}

Time begin_of(const WatchedRun& run) { return run.header == nullptr ? 0 : run.header->monotonic; }

std::string counts_line(const char* what, const OutcomeCounts& counts) {
  return fmt::format("        {:<10} {:>8} ok {:>8} failed {:>8} unknown", what, counts.ok,
                     counts.failed, counts.unknown);
}

class TerminalOutput : public WatchOutput {
 public:
  TerminalOutput(std::ostream& out, std::function<TerminalStyle()> style, bool once)
      : out_(out), style_(std::move(style)), once_(once), terminal_(out, style_()) {}

  void show(const WatchedRun& run, const LiveState& recorded) override {
    LiveState state = harmless(recorded);
    terminal_.resize(style_());
    std::vector<std::string> more;
    if (run.header == nullptr) {
      state.figures.phase =
          fmt::format("deploy: nothing of {} is recorded yet", scenario_of(run).name);
    } else {
      begin(run);
      more = state_lines(state, run.header->monotonic);
    }
    if (!once_) return terminal_.update(state.figures, more);
    for (const std::string& line : progress_lines(state.figures)) out_ << line << "\n";
    for (const std::string& line : more) out_ << line << "\n";
  }

  void message(const std::string& line) override { terminal_.message(harmless(line)); }

  void ended(const WatchedRun& watched, const RunResult& run, WatchEnd, ExitCode) override {
    begun_ = watched.folder;
    terminal_.run_finished(run);
  }

  void no_run_under_way(const std::filesystem::path& suite) override {
    if (!begun_.empty() || std::exchange(told_, suite) == suite) return;
    terminal_.message(fmt::format("no run of {} is under way yet", near_path(suite)));
  }

  void suite_over(const SuiteResult& suite, ExitCode) override {
    if (suite.runs.size() > 1) out_ << figure_table(suite) << "\n";
    if (!suite.problem.empty()) out_ << "the suite was " << suite.problem << "\n";
    out_ << fmt::format("results: {}\n", near_path(suite.folder));
  }

 private:
  void begin(const WatchedRun& run) {
    if (std::exchange(begun_, run.folder) == run.folder) return;
    terminal_.run_started(scenario_of(run), run.number, 0);
  }

  std::ostream& out_;
  std::function<TerminalStyle()> style_;
  bool once_;
  Terminal terminal_;
  std::filesystem::path begun_, told_;
};

ordered_json to_json(const OutcomeCounts& counts) {
  return {{"ok", counts.ok}, {"failed", counts.failed}, {"unknown", counts.unknown}};
}

ordered_json to_json(const LiveState& state, Time begin) {
  const ProgressFigures& figures = state.figures;
  ordered_json json{{"elapsed_ms", figures.elapsed.count()},
                    {"phase", figures.phase},
                    {"phase_elapsed_ms", figures.phase_elapsed.count()},
                    {"phase_length_ms", nullptr},
                    {"fault", in_words(figures.faults)},
                    {"leaders", nullptr},
                    {"writes", to_json(state.writes)},
                    {"reads", to_json(state.reads)},
                    {"deliveries", to_json(state.deliveries)},
                    {"writes_per_second", figures.writes_per_second},
                    {"reads_per_second", figures.reads_per_second},
                    {"writes_gap_ms", figures.unavailable_writes.count()},
                    {"reads_gap_ms", figures.unavailable_reads.count()},
                    {"silence_ms", state.silence.count()},
                    {"events", ordered_json::array()}};
  if (figures.phase_length.count() > 0) json["phase_length_ms"] = figures.phase_length.count();
  if (state.leaders)
    json["leaders"] = {{"stream", state.leaders->stream},
                       {"metadata", state.leaders->meta},
                       {"consumers", state.leaders->consumers}};
  for (const Event& event : state.events)
    json["events"].push_back(
        {{"at_ms", (event.time - begin) / millisecond}, {"text", harmless(describe(event))}});
  return json;
}

class JsonOutput : public WatchOutput {
 public:
  explicit JsonOutput(std::ostream& out) : out_(out) {}

  void show(const WatchedRun& run, const LiveState& state) override {
    ordered_json json = about(run, run.header == nullptr ? "deploying" : "running");
    const Scenario scenario = scenario_of(run);
    json["scenario"] = {
        {"name", scenario.name}, {"figure", scenario.figure}, {"title", scenario.title}};
    json.update(to_json(harmless(state), begin_of(run)));
    json["problem"] = std::exchange(problem_, "");
    line(json);
  }

  void message(const std::string& text) override { problem_ = harmless(text); }

  void ended(const WatchedRun& run, const RunResult& result, WatchEnd end, ExitCode code) override {
    ordered_json json = about(run, end == WatchEnd::killed ? "killed" : "finished");
    json["scenario"] = {{"name", harmless(result.scenario.name)},
                        {"figure", result.scenario.figure},
                        {"title", harmless(result.scenario.title)}};
    json["elapsed_ms"] = result.elapsed.count();
    json["outcome"] = outcome_word(result);
    json["reason"] = harmless(reason_line(result));
    json["exit_code"] = code;
    line(json);
  }

  void no_run_under_way(const std::filesystem::path& suite) override {
    line({{"schema", schema}, {"suite", suite.filename().string()}, {"state", "waiting"}});
  }

  void suite_over(const SuiteResult& suite, ExitCode code) override {
    line({{"schema", schema},
          {"suite", suite.name},
          {"state", "over"},
          {"runs", suite.runs.size()},
          {"problem", suite.problem},
          {"exit_code", code}});
  }

 private:
  static constexpr const char* schema = "faultline/watch/v1";

  static ordered_json about(const WatchedRun& run, const char* state) {
    return {{"schema", schema},
            {"suite", run.folder.parent_path().filename().string()},
            {"run", run.folder.filename().string()},
            {"state", state}};
  }

  void line(const ordered_json& json) {
    out_ << json.dump(-1, ' ', true, ordered_json::error_handler_t::replace) << std::endl;
  }

  std::ostream& out_;
  std::string problem_;
};

}  // namespace

std::vector<std::string> state_lines(const LiveState& state, Time run_begin) {
  std::vector<std::string> lines;
  if (state.leaders) lines.push_back("        " + harmless(describe(Event{0, *state.leaders})));
  lines.push_back(counts_line("writes", state.writes));
  lines.push_back(counts_line("reads", state.reads));
  lines.push_back(counts_line("deliveries", state.deliveries));
  if (state.silence.count() > 0)
    lines.push_back(
        fmt::format("        nothing was recorded for {} s", state.silence.count() / 1000));
  for (const Event& event : state.events)
    lines.push_back(
        fmt::format("  {:>12}  {}", format_time(event.time, run_begin), harmless(describe(event))));
  return lines;
}

std::unique_ptr<WatchOutput> watch_terminal(std::ostream& out, std::function<TerminalStyle()> style,
                                            bool once) {
  return std::make_unique<TerminalOutput>(out, std::move(style), once);
}

std::unique_ptr<WatchOutput> watch_json(std::ostream& out) {
  return std::make_unique<JsonOutput>(out);
}

}  // namespace faultline
