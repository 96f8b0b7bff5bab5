#include "checkers/format.h"

#include <array>
#include <cstdio>

namespace faultline {

namespace {

std::string three_digits(double number, std::string_view unit) {
  const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f ", decimals, number);
  return text.data() + std::string(unit);
}

std::string at_sequence(const Operation& o) {
  return o.sequence != 0 ? std::to_string(o.sequence) : "an unknown sequence";
}

std::string subject(const Operation& o) {
  std::string kind(to_string(o.kind));
  switch (o.kind) {
    case OperationKind::publish:
      return kind + " " + to_string(o.value);
    case OperationKind::read:
    case OperationKind::direct_read:
    case OperationKind::drain_read:
      return kind + " of " + at_sequence(o);
    case OperationKind::ack:
      return o.sequence != 0 ? kind + " of " + at_sequence(o) : kind;
    case OperationKind::deliver:
      return kind;
  }
  return kind;
}

std::string brought(const Operation& o) {
  const std::string where =
      o.kind == OperationKind::deliver && o.sequence != 0 ? " at " + at_sequence(o) : "";
  switch (o.answer) {
    case Answer::none:
      return "answered";
    case Answer::message:
      return "brought " + to_string(o.value) + where;
    case Answer::absent:
      return o.kind == OperationKind::deliver ? "nothing pending" : "absent";
    case Answer::corrupt:
      return "brought a corrupt message" + where;
    case Answer::foreign:
      return "brought a message of another writer" + where;
    case Answer::unsent:
      return "not sent";
  }
  return "answered";
}

std::string result(const Operation& o) {
  const bool publish = o.kind == OperationKind::publish;
  if (o.completed == never) return publish ? "never acknowledged" : "never answered";
  switch (o.outcome) {
    case Outcome::fail:
      return o.answer == Answer::unsent ? "not sent" : "refused";
    case Outcome::unknown:
      return publish ? "not acknowledged" : "unanswered";
    case Outcome::ok:
      break;
  }
  if (publish) {
    return "acknowledged as " + at_sequence(o) + (o.duplicate ? ", a duplicate," : "");
  }
  return o.kind == OperationKind::ack ? "confirmed" : brought(o);
}

}  // namespace

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::publish:
      return "publish";
    case OperationKind::read:
      return "read";
    case OperationKind::direct_read:
      return "direct_read";
    case OperationKind::deliver:
      return "deliver";
    case OperationKind::ack:
      return "ack";
    case OperationKind::drain_read:
      return "drain_read";
  }
  return "?";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::fail:
      return "fail";
    case Outcome::unknown:
      return "unknown";
  }
  return "?";
}

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::none:
      return "none";
    case Answer::message:
      return "message";
    case Answer::absent:
      return "absent";
    case Answer::corrupt:
      return "corrupt";
    case Answer::foreign:
      return "foreign";
    case Answer::unsent:
      return "unsent";
  }
  return "?";
}

std::string_view to_string(FaultStage stage) {
  switch (stage) {
    case FaultStage::striking:
      return "striking";
    case FaultStage::proven:
      return "proven";
    case FaultStage::unproven:
      return "unproven";
    case FaultStage::healing:
      return "healing";
    case FaultStage::healed:
      return "healed";
    case FaultStage::unhealed:
      return "unhealed";
    case FaultStage::held:
      return "held";
    case FaultStage::lapsed:
      return "lapsed";
  }
  return "?";
}

std::string_view to_string(BrokerStage stage) {
  switch (stage) {
    case BrokerStage::started:
      return "started";
    case BrokerStage::ready:
      return "ready";
    case BrokerStage::exited:
      return "exited";
  }
  return "?";
}

std::string_view to_string(Promise promise) {
  switch (promise) {
    case Promise::not_promised:
      return "not_promised";
    case Promise::keeps_on:
      return "continue";
    case Promise::pause:
      return "pause";
    case Promise::stop:
      return "stop";
  }
  return "?";
}

std::string to_string(const Value& value) {
  return std::to_string(value.producer) + "/" + std::to_string(value.counter);
}

std::string format_duration(Duration duration) {
  if (duration < 0) return "-" + format_duration(duration == -never - 1 ? never : -duration);
  if (duration == 0) return "0 s";
  if (duration < 1000) return std::to_string(duration) + " ns";
  const auto ns = static_cast<double>(duration);
  if (ns < 999.5e3) return three_digits(ns / 1e3, "us");
  if (ns < 999.5e6) return three_digits(ns / 1e6, "ms");
  if (ns < 99.95e9) return three_digits(ns / 1e9, "s");
  const Duration seconds = duration / second + (duration % second >= second / 2 ? 1 : 0);
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

std::string format_time(Time time, Time origin) {
  if (time == never) return "never";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%+.3f s",
                (static_cast<double>(time) - static_cast<double>(origin)) / 1e9);
  return text.data();
}

std::string format_count(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string describe(const Operation& o, Time origin) {
  std::string line = subject(o) + " by process " + std::to_string(o.process) + " at " +
                     format_time(o.invoked, origin) + ", " + result(o);
  if (o.completed != never) line += " after " + format_duration(o.completed - o.invoked);
  return line;
}

}  // namespace faultline
