#include "checkers/judge.h"

#include <algorithm>
#include <optional>

#include "checkers/assumptions.h"
#include "checkers/checks.h"
#include "checkers/format.h"
#include "checkers/partitions.h"

namespace faultline {

namespace {

CheckResult could_not_run(const Check& check, const std::string& why) {
  CheckResult result;
  result.check = check.name;
  result.reason = "the checker gave up: " + why;
  return result;
}

CheckResult run(const Check& check, const History& history) {
  try {
    return check.run(history);
  } catch (const std::bad_alloc&) {
    return could_not_run(check, "out of memory");
  } catch (const std::exception& error) {
    return could_not_run(check, error.what());
  } catch (...) {
    return could_not_run(check, "unknown error");
  }
}

// A pass that rests on something that does not hold. A violation stays one.
void doubt(CheckResult& result, const std::string& why) {
  if (why.empty() || result.verdict != Verdict::pass) return;
  result.verdict = Verdict::unknown;
  result.reason = why + "; otherwise: " + result.reason;
}

void doubt(CheckResult& result, unsigned needs, const Assumptions& missing) {
  if ((needs & needs_fault) != 0) {
    doubt(result, missing.fault);
    doubt(result, missing.phases);
  }
  if ((needs & needs_leader) != 0) doubt(result, missing.leader);
  if ((needs & needs_writes) != 0) doubt(result, missing.writes);
  if ((needs & needs_reads) != 0) doubt(result, missing.reads);
  if ((needs & needs_deliveries) != 0) doubt(result, missing.deliveries);
}

std::string incomplete(const History& history) {
  if (!history.damage.empty()) return "the history is damaged: " + history.damage;
  if (!history.closed) return "the history was not ended properly";
  return "";
}

std::optional<std::string> interruption(const History& history) {
  for (const Event& event : history.events) {
    if (const auto* interrupted = std::get_if<Interrupted>(&event.what)) {
      return interrupted->reason.empty() ? "interrupted" : interrupted->reason;
    }
  }
  return std::nullopt;
}

std::string cut_short(const std::string& interruption) {
  return "the run was cut short: " + interruption;
}

std::vector<CheckResult> results(const History& history, std::span<const Check> checks,
                                 const std::optional<std::string>& interrupted) {
  const Assumptions missing = assumptions(history);
  std::vector<CheckResult> all;
  for (const Check& check : checks) {
    CheckResult result = run(check, history);
    doubt(result, check.needs, missing);
    doubt(result, incomplete(history));
    if (interrupted) doubt(result, cut_short(*interrupted));
    all.push_back(std::move(result));
  }
  return all;
}

std::vector<CheckResult> results_of_partitions(const History& history,
                                               std::span<const Check> checks,
                                               const std::optional<std::string>& interrupted) {
  std::vector<std::vector<CheckResult>> of_checks(checks.size());
  for (std::uint32_t partition = 1; partition <= history.header.partitions; ++partition) {
    auto part = results(of_partition(history, partition), checks, interrupted);
    for (std::size_t i = 0; i < part.size(); ++i) of_checks[i].push_back(std::move(part[i]));
  }
  std::vector<CheckResult> all;
  for (std::size_t i = 0; i < checks.size(); ++i)
    all.push_back(checks[i].of_the_cluster ? of_checks[i].front()
                                           : merged_partitions(of_checks[i]));
  return all;
}

Verdict worst(const std::vector<CheckResult>& checks) {
  Verdict verdict = Verdict::pass;
  bool any = false;
  for (const CheckResult& check : checks) {
    if (!check.judged) continue;
    any = true;
    verdict = std::max(verdict, check.verdict);
  }
  return any ? verdict : Verdict::unknown;
}

std::optional<std::uint64_t> count(const CheckResult* check, std::string_view name) {
  if (check == nullptr) return std::nullopt;
  for (const auto& [key, value] : check->counts) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string why_failed(const CheckResult& check) {
  const auto lost = count(&check, "lost");
  if (check.check != "lost" || !lost) return check.reason;
  return "lost " + std::to_string(*lost) + " of " +
         format_count(*count(&check, "acknowledged"), "acknowledged message");
}

// The first check with this verdict, and how many more there are.
std::string first_reason(const Judgement& judgement, Verdict verdict) {
  std::string reason;
  std::string others;
  for (const CheckResult& check : judgement.checks) {
    if (!check.judged || check.verdict != verdict) continue;
    if (reason.empty()) {
      reason = verdict == Verdict::fail ? why_failed(check) : check.reason;
    } else {
      others += (others.empty() ? "" : ", ") + check.check;
    }
  }
  if (!others.empty() && verdict == Verdict::fail) reason += "; also: " + others;
  return reason;
}

std::string served(const Judgement& judgement, const std::string& service) {
  const CheckResult* check = judgement.find("availability." + service);
  if (check == nullptr || check->observed.empty()) return "";
  std::string text = service + " " + check->observed;
  const auto gap = count(check, "longest_gap_ns");
  if (gap && check->observed != "stop") {
    text += " (longest gap " + format_duration(static_cast<Duration>(*gap)) + ")";
  }
  const CheckResult* recovery = judgement.find("recovery." + service);
  const auto after = count(recovery, "recovered_after_ns");
  if (check->observed == "stop" && after) {
    text += " (back after " + format_duration(static_cast<Duration>(*after)) + ")";
  }
  return text;
}

std::string what_passed(const Judgement& judgement) {
  std::vector<std::string> parts;
  for (const std::string service : {"writes", "reads", "deliveries"}) {
    if (std::string part = served(judgement, service); !part.empty()) {
      parts.push_back(std::move(part));
    }
  }
  const CheckResult* lost = judgement.find("lost");
  const auto acknowledged = count(lost, "acknowledged");
  if (acknowledged && lost->verdict == Verdict::pass) {
    parts.push_back("nothing lost of " + std::to_string(*acknowledged));
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text.empty() ? "every check" : text;
}

std::string summarize(const Judgement& judgement, const std::optional<std::string>& interruption) {
  const std::string verdict(to_string(judgement.verdict));
  const std::string head = verdict + (interruption ? " (interrupted): " : ": ");
  if (judgement.verdict == Verdict::pass) return head + what_passed(judgement);
  if (judgement.verdict == Verdict::unknown && interruption) return head + cut_short(*interruption);
  const std::string reason = first_reason(judgement, judgement.verdict);
  return head + (reason.empty() ? "nothing was judged" : reason);
}

}  // namespace

const CheckResult* Judgement::find(std::string_view check) const {
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [&](const CheckResult& c) { return c.check == check; });
  return found != checks.end() ? &*found : nullptr;
}

Judgement judge(const History& history, std::span<const Check> checks) {
  const auto interrupted = interruption(history);
  Judgement judgement;
  judgement.interrupted = interrupted.has_value();
  judgement.checks = history.header.partitions > 1
                         ? results_of_partitions(history, checks, interrupted)
                         : results(history, checks, interrupted);
  judgement.verdict = worst(judgement.checks);
  judgement.summary = summarize(judgement, interrupted);
  return judgement;
}

Judgement judge(const History& history) { return judge(history, all_checks()); }

}  // namespace faultline
