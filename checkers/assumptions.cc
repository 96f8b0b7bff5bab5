#include "checkers/assumptions.h"

#include <vector>

#include "checkers/timeline.h"
#include "checkers/traffic.h"

namespace faultline {

namespace {

struct Served {
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t deliveries = 0;
};

Served served_before(const History& history, Time limit) {
  Served served;
  for (const Operation& o : history.operations) {
    if (o.completed > limit) continue;
    served.writes += serves(o, Service::writes);
    served.reads += serves(o, Service::reads);
    served.deliveries += serves(o, Service::deliveries);
  }
  return served;
}

std::string too_few(std::uint64_t count, std::uint64_t enough, const std::string& what,
                    const std::string& before) {
  if (count >= enough) return "";
  return "only " + std::to_string(count) + " " + what + " before " + before + ", " +
         std::to_string(enough) + " are needed";
}

bool faultless(const History& history, const Timeline& line) {
  if (line.phase("fault") != nullptr) return false;
  for (const Event& event : history.events) {
    if (std::holds_alternative<FaultChanged>(event.what)) return false;
  }
  return true;
}

std::string phases_of(const Timeline& line, bool without_fault) {
  const std::vector<std::string> wanted =
      without_fault ? std::vector<std::string>{"steady", "drain"}
                    : std::vector<std::string>{"steady", "fault", "recovery", "drain"};
  Time last = line.start;
  for (const std::string& name : wanted) {
    const Interval* phase = line.phase(name);
    if (phase == nullptr) return "phase " + name + " never began";
    if (phase->begin < last) return "phase " + name + " began too early";
    last = phase->begin;
  }
  return "";
}

std::string fault_of(const History& history, const Timeline& line) {
  if (!line.strike) return "no fault struck";
  const Interval* steady = line.phase("steady");
  if (steady != nullptr && *line.strike < steady->end) {
    return "the fault struck before the steady phase was over";
  }
  if (line.all_proven) return "";
  for (const Event& event : history.events) {
    const auto* fault = std::get_if<FaultChanged>(&event.what);
    if (fault == nullptr) continue;
    const bool lapsed = fault->stage == FaultStage::lapsed;
    if (fault->stage != FaultStage::unproven && !lapsed) continue;
    return "fault " + fault->name + " on " + fault->target +
           (lapsed ? " was over before the heal" : " was not proven in effect") +
           (fault->evidence.empty() ? "" : ": " + fault->evidence);
  }
  return "a fault struck and nobody saw whether it took effect";
}

std::string leader_of(const History& history, Time strike) {
  std::string leader;
  for (const Event& event : history.events) {
    if (event.time > strike) break;
    if (const auto* seen = std::get_if<LeadersSeen>(&event.what)) leader = seen->stream;
  }
  return leader.empty() ? "nobody was known to lead the stream when the fault struck" : "";
}

}  // namespace

Assumptions assumptions(const History& history) {
  const Timeline line = timeline(history);
  const bool without_fault = faultless(history, line);
  Assumptions result;
  result.phases = phases_of(line, without_fault);
  if (!without_fault) {
    result.fault = fault_of(history, line);
    if (line.strike) result.leader = leader_of(history, *line.strike);
  }
  const Interval* drain = line.phase("drain");
  const Time limit = line.strike ? *line.strike : drain != nullptr ? drain->begin : line.end;
  const std::string before = line.strike ? "the strike" : "the drain";
  const Served served = served_before(history, limit);
  result.writes = too_few(served.writes, enough_writes, "acknowledged publishes", before);
  if (takes_part(history, Service::reads)) {
    result.reads = too_few(served.reads, enough_reads, "leader reads", before);
  }
  if (takes_part(history, Service::deliveries)) {
    result.deliveries = too_few(served.deliveries, enough_deliveries, "deliveries", before);
  }
  return result;
}

CheckResult check_assumptions(const History& history) {
  const Assumptions found = assumptions(history);
  CheckResult result;
  result.check = "assumptions";
  for (const std::string& why :
       {found.fault, found.phases, found.leader, found.writes, found.reads, found.deliveries}) {
    if (why.empty()) continue;
    result.reason += (result.reason.empty() ? "" : "; ") + why;
  }
  if (result.reason.empty()) {
    result.verdict = Verdict::pass;
    result.reason = "the fault was seen in effect, with enough traffic before it";
    if (!timeline(history).strike) result.reason = "enough traffic, no fault";
  }
  return result;
}

}  // namespace faultline
