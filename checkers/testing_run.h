// A run for tests: four phases, one fault, and traffic with outages.
#pragma once

#include <string>
#include <vector>

#include "checkers/testing.h"
#include "checkers/traffic.h"

namespace faultline::testing {

// steady 0-20 s, fault 20-60 s, recovery 60-100 s, drain 100-110 s; the fault
// strikes at 20 s, is proven at 20.5 s, heals from 60 s on and is healed at 62 s.
class RunBuilder {
 public:
  static constexpr Time strike = 20 * second;
  static constexpr Time proven = strike + second / 2;
  static constexpr Time heal = 60 * second;
  static constexpr Time healed = 62 * second;
  static constexpr Time drain = 100 * second;
  static constexpr Time end = 110 * second;

  RunBuilder() {
    event(0, BrokerChanged{"n1", BrokerStage::ready, true, ""});
    event(0, PhaseStarted{"steady"});
    builder.consumer(static_cast<std::uint32_t>(Service::deliveries) + 1, "durable");
    event(second, LeadersSeen{"n1", "n2", {}});
    event(strike, PhaseStarted{"fault"});
    event(heal, PhaseStarted{"recovery"});
    event(drain, PhaseStarted{"drain"});
    event(end, Note{"end"});
  }

  // The fault hits so many of three replicas.
  RunBuilder& fault(std::size_t hit) {
    std::vector<std::string> servers{"n1", "n2", "n3"};
    servers.resize(hit);
    change(strike, FaultStage::striking, servers);
    change(proven, FaultStage::proven, servers);
    event(proven, QuorumChanged{static_cast<std::uint32_t>(3 - hit), 3});
    change(heal, FaultStage::healing, servers);
    event(healed, QuorumChanged{3, 3});
    change(healed, FaultStage::healed, servers);
    return *this;
  }

  // One that ends before the heal; `standing` is left meanwhile.
  RunBuilder& short_fault(std::uint32_t index, const std::string& server, Time from, Time to,
                          std::uint32_t standing = 2) {
    const auto changed = [&](Time time, FaultStage stage) {
      event(time, FaultChanged{index, stage, "broker-pause", server, {server}, ""});
    };
    changed(from, FaultStage::striking);
    changed(from + 1, FaultStage::proven);
    event(from + 1, QuorumChanged{standing, 3});
    changed(to - 1, FaultStage::held);
    changed(to, FaultStage::healing);
    event(to + 1, QuorumChanged{standing + 1, 3});
    changed(to + 1, FaultStage::healed);
    return *this;
  }

  // Ten a second, each answered after a millisecond, invoked in [from, to).
  RunBuilder& serve(Service service, Time from, Time to) {
    for (Time time = from; time < to; time += second / 10)
      serve_one(service, time, time + millisecond);
    return *this;
  }
  RunBuilder& serve_all(Time from, Time to) {
    for (const Service service : {Service::writes, Service::reads, Service::deliveries}) {
      serve(service, from, to);
    }
    return *this;
  }

  // Ten a second, unanswered after 400 ms.
  RunBuilder& attempt(Service service, Time from, Time to) {
    return attempt(service, from, to, Outcome::unknown, Answer::none);
  }
  RunBuilder& attempt(Service service, Time from, Time to, Outcome outcome, Answer answer) {
    for (Time time = from; time < to; time += second / 10) {
      Operation o = next(service, time, time + 400 * millisecond);
      o.outcome = outcome;
      o.answer = answer;
      builder.operation(o);
    }
    return *this;
  }
  RunBuilder& attempt_all(Time from, Time to) {
    for (const Service service : {Service::writes, Service::reads, Service::deliveries}) {
      attempt(service, from, to);
    }
    return *this;
  }

  Operation serve_one(Service service, Time invoked, Time completed) {
    Operation o = next(service, invoked, completed);
    o.outcome = Outcome::ok;
    if (service == Service::writes) {
      o.sequence = ++sequence_;
      log.push_back(o.value);
    } else {
      o.answer = Answer::message;
      o.sequence = service == Service::deliveries ? ++delivered_ : 1;
      o.value = log.empty() ? Value{1, 1} : log[(o.sequence - 1) % log.size()];
      o.deliveries = service == Service::deliveries ? 1 : 0;
    }
    return builder.operation(o);
  }

  RunBuilder& event(Time time, decltype(Event::what) what) {
    builder.event(time, std::move(what));
    return *this;
  }
  RunBuilder& change(Time time, FaultStage stage, std::vector<std::string> servers) {
    return event(time, FaultChanged{0, stage, "broker-kill", "leader", std::move(servers), ""});
  }

  // Everything acknowledged is read back, by each replica too.
  RunBuilder& finish() {
    Time time = drain;
    for (std::size_t i = 0; i < log.size(); ++i) {
      builder.drain_read(i + 1, log[i], time + 1, time + millisecond / 2);
      time += millisecond;
    }
    for (const char* server : {"n1", "n2", "n3"}) {
      event(end, ReplicaState{server, true, true, log.size(), 1, log.size(), 0, 0});
    }
    builder.header().replicas = 3;
    return event(end, DrainFinished{true, false, 1, log.size(), ""});
  }

  Expectations& expect() { return builder.header().expectations; }
  History build() const {
    History history = builder.build();
    history.closed = true;
    return history;
  }

  HistoryBuilder builder;
  std::vector<Value> log;  // what was acknowledged, in order of sequence

 private:
  Operation next(Service service, Time invoked, Time completed) {
    Operation o;
    o.kind = operation_kind(service);
    o.process = static_cast<std::uint32_t>(service) + 1;
    o.intended = o.invoked = invoked;
    o.completed = completed;
    if (service == Service::writes) o.value = {1, ++counter_};
    if (service == Service::reads || service == Service::direct_reads) o.sequence = 1;
    return o;
  }

  std::uint64_t counter_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t delivered_ = 0;
};

inline std::uint64_t count(const std::vector<std::pair<std::string, std::uint64_t>>& counts,
                           std::string_view name) {
  for (const auto& [key, value] : counts) {
    if (key == name) return value;
  }
  return static_cast<std::uint64_t>(-1);
}

}  // namespace faultline::testing
