#include "harness/report/run_json.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "checkers/format.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using nlohmann::ordered_json;

template <typename Word>
using Words = std::vector<std::pair<Word, const char*>>;

const Words<Verdict> verdict_words{
    {Verdict::pass, "pass"}, {Verdict::unknown, "unknown"}, {Verdict::fail, "fail"}};
const Words<RunStatus> status_words{{RunStatus::judged, "judged"},
                                    {RunStatus::skipped, "skipped"},
                                    {RunStatus::not_run, "not_run"},
                                    {RunStatus::broken, "broken"}};
const Words<Promise> promise_words{{Promise::not_promised, "not_promised"},
                                   {Promise::keeps_on, "continue"},
                                   {Promise::pause, "pause"},
                                   {Promise::stop, "stop"}};
const Words<Resume> resume_words{
    {Resume::not_promised, "not_promised"}, {Resume::healed, "healed"}, {Resume::quorum, "quorum"}};
const Words<LossPromise> loss_words{{LossPromise::not_promised, "not_promised"},
                                    {LossPromise::none, "none"}};
const Words<LinearizabilityPromise> linearizability_words{
    {LinearizabilityPromise::report, "report"}, {LinearizabilityPromise::required, "required"}};
const Words<ManualRestart> manual_restart_words{{ManualRestart::not_promised, "not_promised"},
                                                {ManualRestart::required, "required"}};
const Words<DeadLetterPromise> dead_letter_words{{DeadLetterPromise::not_promised, "not_promised"},
                                                 {DeadLetterPromise::all, "all"}};

template <typename Word>
const char* to_word(const Words<Word>& words, Word value) {
  for (const auto& [word, text] : words)
    if (word == value) return text;
  throw std::logic_error("a value without a word");
}

template <typename Word>
Word from_word(const Words<Word>& words, const ordered_json& json) {
  for (const auto& [word, text] : words)
    if (json == text) return word;
  throw RunJsonError("unknown word " + json.dump());
}

ordered_json machine() {
  utsname system{};
  ::uname(&system);
  const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                     static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
  return {{"system", system.sysname},
          {"kernel", system.release},
          {"architecture", system.machine},
          {"cpus", std::thread::hardware_concurrency()},
          {"memory_bytes", bytes}};
}

ordered_json to_json(const Expectations& expected) {
  return {{"writes", to_word(promise_words, expected.writes)},
          {"reads", to_word(promise_words, expected.reads)},
          {"resume", to_word(resume_words, expected.resume)},
          {"loss", to_word(loss_words, expected.loss)},
          {"linearizability", to_word(linearizability_words, expected.linearizability)},
          {"max_gap_ns", expected.max_gap},
          {"pause_gap_ns", expected.pause_gap},
          {"settle_ns", expected.settle},
          {"recover_within_ns", expected.recover_within},
          {"manual_restart", to_word(manual_restart_words, expected.manual_restart)},
          {"dead_letters", to_word(dead_letter_words, expected.dead_letters)}};
}

Expectations expectations_from(const ordered_json& json) {
  Expectations expected;
  expected.writes = from_word(promise_words, json.at("writes"));
  expected.reads = from_word(promise_words, json.at("reads"));
  expected.resume = from_word(resume_words, json.at("resume"));
  expected.loss = from_word(loss_words, json.at("loss"));
  expected.linearizability = from_word(linearizability_words, json.at("linearizability"));
  json.at("max_gap_ns").get_to(expected.max_gap);
  json.at("pause_gap_ns").get_to(expected.pause_gap);
  json.at("settle_ns").get_to(expected.settle);
  json.at("recover_within_ns").get_to(expected.recover_within);
  if (json.contains("manual_restart"))  // not in what version 0.1.0 wrote at first
    expected.manual_restart = from_word(manual_restart_words, json.at("manual_restart"));
  if (json.contains("dead_letters"))  // nor this
    expected.dead_letters = from_word(dead_letter_words, json.at("dead_letters"));
  return expected;
}

ordered_json to_json(const KnownIssue& issue) {
  return {
      {"id", issue.id}, {"url", issue.url}, {"versions", issue.versions}, {"checks", issue.checks}};
}

KnownIssue known_issue_from(const ordered_json& json) {
  KnownIssue issue;
  json.at("id").get_to(issue.id);
  json.at("url").get_to(issue.url);
  json.at("versions").get_to(issue.versions);
  if (json.contains("checks")) json.at("checks").get_to(issue.checks);  // version 0.1.0 had none
  return issue;
}

ordered_json to_json(const Scenario& scenario) {
  ordered_json json{{"name", scenario.name},
                    {"title", scenario.title},
                    {"figure", scenario.figure},
                    {"set", scenario.set},
                    {"cites", scenario.cites},
                    {"file", scenario.file.string()},
                    {"expectations", to_json(scenario.expectations)}};
  if (!scenario.known_issue.id.empty()) json["known_issue"] = to_json(scenario.known_issue);
  return json;
}

Scenario scenario_from(const ordered_json& json) {
  Scenario scenario;
  json.at("name").get_to(scenario.name);
  json.at("title").get_to(scenario.title);
  json.at("figure").get_to(scenario.figure);
  json.at("set").get_to(scenario.set);
  json.at("cites").get_to(scenario.cites);
  scenario.file = json.at("file").get<std::string>();
  scenario.expectations = expectations_from(json.at("expectations"));
  if (json.contains("known_issue")) scenario.known_issue = known_issue_from(json.at("known_issue"));
  return scenario;
}

ordered_json to_json(const Operation& operation) {
  ordered_json json{{"kind", to_string(operation.kind)}, {"outcome", to_string(operation.outcome)},
                    {"process", operation.process},      {"sequence", operation.sequence},
                    {"invoked_ns", operation.invoked},   {"completed_ns", nullptr}};
  if (operation.completed != never) json["completed_ns"] = operation.completed;
  if (operation.answer != Answer::none) json["answer"] = to_string(operation.answer);
  if (operation.value.counter != 0)
    json["value"] = {{"producer", operation.value.producer}, {"counter", operation.value.counter}};
  return json;
}

ordered_json to_json(const CheckResult& check) {
  ordered_json json{{"check", check.check},
                    {"verdict", to_word(verdict_words, check.verdict)},
                    {"judged", check.judged},
                    {"reason", check.reason},
                    {"observed", check.observed},
                    {"counts", ordered_json::object()},
                    {"samples", ordered_json::array()}};
  for (const auto& [name, count] : check.counts) json["counts"][name] = count;
  for (const Finding& finding : check.samples) {
    ordered_json operations = ordered_json::array();
    for (const Operation& operation : finding.operations) operations.push_back(to_json(operation));
    json["samples"].push_back({{"what", finding.what}, {"operations", operations}});
  }
  return json;
}

CheckResult check_from(const ordered_json& json) {
  CheckResult check;
  json.at("check").get_to(check.check);
  check.verdict = from_word(verdict_words, json.at("verdict"));
  json.at("judged").get_to(check.judged);
  json.at("reason").get_to(check.reason);
  json.at("observed").get_to(check.observed);
  for (const auto& [name, count] : json.at("counts").items())
    check.counts.emplace_back(name, count.get<std::uint64_t>());
  return check;
}

ordered_json to_json(const Judgement& judgement) {
  ordered_json checks = ordered_json::array();
  for (const CheckResult& check : judgement.checks) checks.push_back(to_json(check));
  return {{"verdict", to_word(verdict_words, judgement.verdict)},
          {"summary", judgement.summary},
          {"checks", checks}};
}

Judgement judgement_from(const ordered_json& json) {
  Judgement judgement;
  judgement.verdict = from_word(verdict_words, json.at("verdict"));
  json.at("summary").get_to(judgement.summary);
  for (const ordered_json& check : json.at("checks")) judgement.checks.push_back(check_from(check));
  return judgement;
}

// Only where there is something to say.
void add_repetition(const RunResult& run, ordered_json& json) {
  if (run.repetitions > 1)
    json["repetition"] = {{"number", run.repetition}, {"of", run.repetitions}};
  for (const BrokenRun& broken : run.retried)
    json["retried"].push_back({{"name", broken.name}, {"reason", broken.reason}});
  if (!run.retried_as.empty()) json["retried_as"] = run.retried_as;
}

void read_repetition(const ordered_json& json, RunResult& run) {
  if (json.contains("repetition")) {
    json["repetition"].at("number").get_to(run.repetition);
    json["repetition"].at("of").get_to(run.repetitions);
  }
  if (json.contains("retried"))
    for (const ordered_json& broken : json["retried"])
      run.retried.push_back({broken.at("name"), broken.at("reason")});
  if (json.contains("retried_as")) json["retried_as"].get_to(run.retried_as);
}

ordered_json to_json(const RunResult& run, const std::string& faultline_version) {
  ordered_json json{{"schema", run_json_schema},
                    {"outcome", outcome_word(run)},
                    {"status", to_word(status_words, run.status)},
                    {"reason", run.reason},
                    {"interrupted", run.interrupted},
                    {"not_undone", run.not_undone},
                    {"scenario", to_json(run.scenario)},
                    {"versions",
                     {{"faultline", faultline_version},
                      {"broker_product", run.broker_product},
                      {"broker", run.broker_version}}},
                    {"provider", run.provider},
                    {"seed", run.seed},
                    {"machine", machine()},
                    {"begin", format_utc(run.wall_clock)},
                    {"begin_ns", run.wall_clock},
                    {"elapsed_ms", run.elapsed.count()},
                    {"folder", run.folder.string()},
                    {"known", nullptr},
                    {"judgement", nullptr}};
  if (!run.catalogue_commit.empty()) json["versions"]["catalogue"] = run.catalogue_commit;
  add_repetition(run, json);
  if (const auto* known = known_issue(run))
    json["known"] = {{"id", known->id}, {"url", known->url}};
  if (run.status == RunStatus::judged) json["judgement"] = to_json(run.judgement);
  return json;
}

std::string text(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string run_json(const RunResult& run, const std::string& faultline_version) {
  return text(to_json(run, faultline_version));
}

std::string suite_json(const SuiteResult& suite, const std::string& faultline_version,
                       int exit_code) {
  ordered_json runs = ordered_json::array();
  for (const RunResult& run : suite.runs) runs.push_back(to_json(run, faultline_version));
  return text({{"suite", suite.name},
               {"folder", suite.folder.string()},
               {"interrupted", suite.interrupted},
               {"problem", suite.problem},
               {"exit_code", exit_code},
               {"runs", runs}});
}

RunResult read_run_json(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw RunJsonError(fmt::format("cannot read '{}'", file.string()));
  try {
    const ordered_json json = ordered_json::parse(in);
    if (json.at("schema") != run_json_schema)
      throw RunJsonError("its schema is " + json.at("schema").dump() + ", not \"" +
                         run_json_schema + "\": read it with the faultline that wrote it");
    RunResult run;
    run.scenario = scenario_from(json.at("scenario"));
    run.status = from_word(status_words, json.at("status"));
    json.at("reason").get_to(run.reason);
    json.at("interrupted").get_to(run.interrupted);
    if (json.contains("not_undone")) json.at("not_undone").get_to(run.not_undone);
    json.at("versions").at("broker_product").get_to(run.broker_product);
    json.at("versions").at("broker").get_to(run.broker_version);
    if (json["versions"].contains("catalogue"))
      json["versions"]["catalogue"].get_to(run.catalogue_commit);
    json.at("provider").get_to(run.provider);
    json.at("seed").get_to(run.seed);
    json.at("begin_ns").get_to(run.wall_clock);
    run.elapsed = std::chrono::milliseconds(json.at("elapsed_ms").get<std::int64_t>());
    run.folder = file.parent_path();
    read_repetition(json, run);
    if (!json.at("judgement").is_null()) run.judgement = judgement_from(json.at("judgement"));
    run.judgement.interrupted = run.interrupted;
    return run;
  } catch (const std::exception& error) {
    throw RunJsonError(
        fmt::format("'{}' is no run.json of this version: {}", file.string(), error.what()));
  }
}

std::vector<std::string> differences(const Judgement& then, const Judgement& now) {
  std::vector<std::string> lines;
  const auto compare = [&](const std::string& what, auto before, auto after) {
    if (before != after) lines.push_back(fmt::format("{}: was {}, is {}", what, before, after));
  };
  compare("verdict", to_string(then.verdict), to_string(now.verdict));
  for (const CheckResult& before : then.checks) {
    const CheckResult* after = now.find(before.check);
    if (after == nullptr) {
      lines.push_back(before.check + ": was checked, is not");
      continue;
    }
    compare(before.check, to_string(before.verdict), to_string(after->verdict));
    compare(before.check + ", observed", before.observed, after->observed);
    if (before.counts != after->counts) lines.push_back(before.check + ": the counts differ");
  }
  for (const CheckResult& after : now.checks)
    if (then.find(after.check) == nullptr) lines.push_back(after.check + ": was not checked, is");
  return lines;
}

}  // namespace faultline
