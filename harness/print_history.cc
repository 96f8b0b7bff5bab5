#include "harness/print_history.h"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "checkers/format.h"

namespace faultline {
namespace {

using std::string_view_literals::operator""sv;

std::string_view or_nobody(const std::string& server) {
  return server.empty() ? "nobody"sv : std::string_view(server);
}

std::string of_partition(std::uint32_t partition) {
  return partition == 1 ? "" : fmt::format(" of partition {}", partition);
}

std::string_view separated(const std::string& detail) { return detail.empty() ? "" : ": "; }

struct Describe {
  std::string operator()(const PhaseStarted& e) const { return "phase " + e.phase; }
  std::string operator()(const ProcessStarted& e) const {
    return fmt::format("process {} is a {}{}{}{}", e.process, e.role,
                       e.group.empty() ? "" : " of group ", e.group, of_partition(e.partition));
  }
  std::string operator()(const FaultChanged& e) const {
    return fmt::format("fault {} {} {}: {}{}{}{}{}", e.fault, e.name, to_string(e.stage), e.target,
                       e.servers.empty() ? "" : " = ", fmt::join(e.servers, ", "),
                       separated(e.evidence), e.evidence);
  }
  std::string operator()(const LeadersSeen& e) const {
    std::string text =
        fmt::format("leaders{}: stream {}, metadata group {}", of_partition(e.partition),
                    or_nobody(e.stream), or_nobody(e.meta));
    for (const auto& [group, server] : e.consumers) {
      text += fmt::format(", {} {}", group, or_nobody(server));
    }
    return text;
  }
  std::string operator()(const ReplicaState& e) const {
    const std::string copy = fmt::format("replica{} on {}", of_partition(e.partition), e.server);
    if (!e.reachable) return copy + ": not reachable";
    if (!e.has_stream) return copy + ": has no such stream";
    return fmt::format("{}: {}, {} to {}, {} deleted, {} lost", copy,
                       format_count(e.messages, "message"), e.first_sequence, e.last_sequence,
                       e.deleted, e.lost);
  }
  std::string operator()(const BrokerChanged& e) const {
    return fmt::format("broker {} {}{}{}{}", e.server, to_string(e.stage),
                       e.expected ? "" : " by itself", separated(e.detail), e.detail);
  }
  std::string operator()(const QuorumChanged& e) const {
    return fmt::format("{} of {} replicas stand: {}", e.standing, e.replicas,
                       e.quorum() ? "a quorum" : "no quorum");
  }
  std::string operator()(const DrainFinished& e) const {
    std::string text = fmt::format("drain{} {}{}, {} to {}", of_partition(e.partition),
                                   e.complete ? "complete" : "not complete",
                                   e.stream_absent ? ", the stream is gone" : "", e.first_sequence,
                                   e.last_sequence);
    for (const auto& group : e.lagging_groups) text += ", group " + group + " did not catch up";
    for (const auto& group : e.absent_groups) text += ", group " + group + " is gone";
    return text.append(separated(e.reason)).append(e.reason);
  }
  std::string operator()(const DeadLettersSeen& e) const {
    return fmt::format("{} of group {}{}, delivered {} times at most{}{}",
                       format_count(e.sequences.size(), "dead letter"), e.group,
                       of_partition(e.partition), e.most_deliveries,
                       e.complete ? "" : ", not complete: ", e.reason);
  }
  std::string operator()(const Interrupted& e) const { return "interrupted: " + e.reason; }
  std::string operator()(const Note& e) const { return "note: " + e.text; }
};

std::string asked(const Operation& op) {
  std::string text{to_string(op.kind)};
  if (op.kind == OperationKind::publish) {
    text += fmt::format(" {} ({} bytes)", to_string(op.value), op.size);
  } else if (op.sequence != 0) {
    text += fmt::format(" {}", op.sequence);
  }
  return text;
}

std::string answered(const Operation& op) {
  std::string text{to_string(op.outcome)};
  if (op.completed == never) return text + ", never answered";
  if (op.kind == OperationKind::publish && op.sequence != 0) {
    text += fmt::format(" {}", op.sequence);
  }
  if (op.duplicate) text += ", duplicate";
  if (op.answer != Answer::none) text += fmt::format(", {}", to_string(op.answer));
  if (op.answer == Answer::message) text += " " + to_string(op.value);
  if (op.deliveries > 1) text += fmt::format(", delivery {}", op.deliveries);
  return text + ", after " + format_duration(op.completed - op.invoked);
}

// What a record says may hold anything; a line stays a line, and a terminal
// gets no control characters.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

class Printer {
 public:
  Printer(const History& history, std::ostream& out)
      : origin_(history.header.monotonic), out_(out) {}

  void line(Time time, const std::string& text) {
    fmt::print(out_, "{:>12}  {}\n", format_time(time, origin_), one_line(text));
  }
  void print(const Operation& op) {
    line(op.invoked, fmt::format("{:>3}  {}: {}", op.process, asked(op), answered(op)));
  }
  void print(const Event& event) { line(event.time, "---  " + describe(event)); }

 private:
  Time origin_;
  std::ostream& out_;
};

void print_header(const Header& h, std::ostream& out) {
  fmt::print(out, "{}\n",
             one_line(fmt::format("run {}: {} on {} {}, provider {}, {}, seed {}", h.run_id,
                                  h.scenario_name, h.broker_product, h.broker_version, h.provider,
                                  format_count(h.replicas, "replica"), h.seed)));
}

}  // namespace

std::string describe(const Event& event) { return one_line(std::visit(Describe{}, event.what)); }

void print_history(const History& history, std::ostream& out) {
  print_header(history.header, out);
  Printer printer(history, out);
  auto event = history.events.begin();
  for (const Operation& op : history.operations) {
    for (; event != history.events.end() && event->time <= op.invoked; ++event) {
      printer.print(*event);
    }
    printer.print(op);
  }
  for (; event != history.events.end(); ++event) printer.print(*event);
  if (!history.damage.empty()) fmt::print(out, "DAMAGED: {}\n", history.damage);
  fmt::print(out, "{}, {}\n", format_count(history.operations.size(), "operation"),
             format_count(history.events.size(), "event"));
}

}  // namespace faultline
