#include "harness/report/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "harness/report/redact.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using boost::property_tree::ptree;

// Length of the well-formed UTF-8 character that XML 1.0 allows at the start of
// `text`; 0 if there is none.
std::size_t xml_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  std::uint32_t point = lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  const bool allowed = point >= smallest[length] && point <= 0x10FFFF && !surrogate &&
                       point != 0xFFFE && point != 0xFFFF;
  return allowed ? length : 0;
}

// What XML cannot carry, escaped or not, becomes a question mark.
std::string xml_text(std::string_view raw) {
  const std::string harmless = redact(raw);
  std::string_view text = harmless;
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = xml_character(text);
    clean += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

void set(ptree& element, const std::string& attribute, std::string_view value) {
  element.put("<xmlattr>." + attribute, xml_text(value));
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.3f}", static_cast<double>(time.count()) / 1000);
}

std::string failing_check(const RunResult& run) {
  for (const CheckResult& check : run.judgement.checks)
    if (check.judged && check.verdict == Verdict::fail) return check.check;
  return "violation";
}

std::string evidence(const RunResult& run) {
  std::string lines;
  for (const CheckResult& check : run.judgement.checks) {
    if (!check.judged || check.verdict == Verdict::pass) continue;
    lines += fmt::format("{} {}: {}\n", to_string(check.verdict), check.check, check.reason);
    for (const Finding& finding : check.samples) lines += fmt::format("  {}\n", finding.what);
  }
  return lines;
}

// The same however often it was retried.
std::string name_of(const RunResult& run) {
  if (!run.retried.empty()) return run.retried.front().name;
  return run.folder.empty() ? run.scenario.name : run.folder.filename().string();
}

enum class CaseKind { passed, failure, error, skipped };

CaseKind kind_of(const RunResult& run, const ExitPolicy& policy) {
  const ExitCode code = exit_code(run, policy);
  if (code == exit_passed)
    return outcome_word(run) == "pass" ? CaseKind::passed : CaseKind::skipped;
  return code == exit_broken || run.status == RunStatus::broken ? CaseKind::error
                                                                : CaseKind::failure;
}

std::string type_of_failure(const RunResult& run) {
  if (passed_against_its_build(run)) return "built to fail";
  return outcome_word(run) == "fail" ? failing_check(run) : std::string(outcome_word(run));
}

void add_outcome(ptree& testcase, const RunResult& run, CaseKind kind) {
  if (kind == CaseKind::passed) return;
  ptree& element = testcase.add(kind == CaseKind::failure   ? "failure"
                                : kind == CaseKind::skipped ? "skipped"
                                                            : "error",
                                "");
  if (kind == CaseKind::failure) set(element, "type", type_of_failure(run));
  if (kind == CaseKind::error) set(element, "type", outcome_word(run));
  element.put_value(xml_text(evidence(run)));
  const auto known = known_issue_line(run);
  set(element, "message", reason_line(run) + (known.empty() ? "" : "; " + known));
}

void add_property(ptree& properties, std::string_view name, std::string_view value) {
  ptree& property = properties.add("property", "");
  set(property, "name", name);
  set(property, "value", value);
}

// As Maven's Surefire writes tests that it ran again.
void add_retries(ptree& testcase, const RunResult& run, CaseKind kind) {
  const char* name = kind == CaseKind::passed ? "flakyError" : "rerunError";
  for (const BrokenRun& broken : run.retried) {
    ptree& element = testcase.add(name, "");
    set(element, "type", "broken");
    set(element, "message", broken.reason);
    element.add("stackTrace", "");
    element.add("system-out", xml_text((run.folder.parent_path() / broken.name).string()));
  }
}

ptree testcase(const RunResult& run, CaseKind kind) {
  ptree element;
  // The same in every suite: by it a CI server knows the case again.
  set(element, "classname", "faultline." + run.provider);
  set(element, "name", name_of(run));
  set(element, "time", seconds(run.elapsed));
  ptree& properties = element.add("properties", "");
  add_property(properties, "figure", run.scenario.figure);
  add_property(properties, "set", run.scenario.set);
  add_property(properties, "seed", std::to_string(run.seed));
  add_property(properties, "provider", run.provider);
  add_property(properties, "broker", run.broker_product + " " + run.broker_version);
  if (const auto* known = known_issue(run))
    add_property(properties, "known_issue", known->id + " " + known->url);
  if (run.repetitions > 1)
    add_property(properties, "repetition",
                 fmt::format("{} of {}", run.repetition, run.repetitions));
  if (!run.retried.empty()) add_property(properties, "retries", std::to_string(run.retried.size()));
  add_outcome(element, run, kind);
  add_retries(element, run, kind);
  element.add("system-out", xml_text(run.folder.string()));
  return element;
}

// What makes the suite red and is no run's.
ptree broke_off(const std::string& why) {
  ptree element;
  set(element, "classname", "faultline");
  set(element, "name", "suite");
  ptree& error = element.add("error", "");
  set(error, "type", "broken");
  set(error, "message", why);
  return element;
}

}  // namespace

std::string junit_xml(const SuiteResult& suite, const ExitPolicy& policy) {
  const std::size_t broken = suite.problem.empty() ? 0 : 1;
  const auto count = [&](CaseKind kind) {
    return static_cast<std::size_t>(std::ranges::count(
        suite.runs, kind, [&](const RunResult& run) { return kind_of(run, policy); }));
  };
  std::chrono::milliseconds elapsed{0};
  for (const RunResult& run : suite.runs) elapsed += run.elapsed;

  ptree document;
  ptree& element = document.add("testsuites.testsuite", "");
  set(element, "name", suite.name);
  set(element, "tests", std::to_string(suite.runs.size() + broken));
  set(element, "failures", std::to_string(count(CaseKind::failure)));
  set(element, "errors", std::to_string(count(CaseKind::error) + broken));
  set(element, "skipped", std::to_string(count(CaseKind::skipped)));
  set(element, "time", seconds(elapsed));
  if (!suite.runs.empty()) set(element, "timestamp", format_utc(suite.runs.front().wall_clock));
  for (const RunResult& run : suite.runs)
    element.add_child("testcase", testcase(run, kind_of(run, policy)));
  if (broken > 0) element.add_child("testcase", broke_off(suite.problem));

  std::ostringstream out;
  boost::property_tree::write_xml(
      out, document, boost::property_tree::xml_writer_make_settings<std::string>(' ', 2));
  return out.str();
}

}  // namespace faultline
