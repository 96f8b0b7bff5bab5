// Random histories for property tests and benchmarks, and their bytes.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "checkers/history_codec.h"
#include "checkers/history_encoder.h"

namespace faultline {

// What the recorder would be told, in order of time.
struct Recording {
  Header header;
  struct Step {
    enum { invoke, complete, event } what = invoke;
    std::size_t index = 0;  // of the operation or event
  };
  std::vector<Step> steps;
  std::vector<Operation> operations;  // as invoked
  std::vector<Operation> results;     // as completed, by operation
  std::vector<Event> events;
  Time closed = 0;
  std::size_t steps_per_block = 16;

  History history() const {  // what a reader must bring back
    History h{header, operations, events, true, ""};
    for (const Step& step : steps) {
      if (step.what != Step::complete) continue;
      Operation& op = h.operations[step.index];
      const Operation& result = results[step.index];
      op.outcome = result.outcome;
      op.answer = result.answer;
      op.duplicate = result.duplicate;
      op.deliveries = result.deliveries;
      op.completed = result.completed;
      if (result.value != Value{}) op.value = result.value;
      if (result.sequence != 0) op.sequence = result.sequence;
    }
    return h;
  }

  // The file's parts: its start, every records block, its end.
  std::vector<std::string> blocks() const {
    std::vector<std::string> parts{encode_start(header)};
    RecordEncoder encoder;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      if (step.what == Step::invoke) encoder.invoke(operations[step.index]);
      if (step.what == Step::complete) encoder.complete(step.index, results[step.index]);
      if (step.what == Step::event) encoder.event(events[step.index]);
      if ((i + 1) % steps_per_block == 0 || i + 1 == steps.size()) {
        parts.push_back(encoder.take());
        seal_block(parts.back());
      }
    }
    parts.push_back(encode_end(operations.size(), events.size(), closed));
    return parts;
  }

  std::string bytes() const {
    std::string all;
    for (const std::string& part : blocks()) all += part;
    return all;
  }
};

class RandomRecording {
 public:
  explicit RandomRecording(std::uint64_t seed) : random_(seed) {}

  Recording make(std::size_t steps) {
    Recording r;
    r.header = header();
    partitions_ = r.header.partitions;
    r.steps_per_block = 1 + below(40);
    Time now = r.header.monotonic;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < steps; ++i) {
      now += static_cast<Time>(magnitude(40));
      const unsigned choice = static_cast<unsigned>(below(20));
      if (choice < 10) {
        open.push_back(r.operations.size());
        r.steps.push_back({Recording::Step::invoke, r.operations.size()});
        r.operations.push_back(invocation(now));
        r.results.emplace_back();
      } else if (choice < 18) {
        if (open.empty()) continue;
        std::swap(open[below(open.size())], open.back());
        const std::size_t index = open.back();
        open.pop_back();
        r.steps.push_back({Recording::Step::complete, index});
        r.results[index] = result(r.operations[index].kind, now);
      } else {
        r.steps.push_back({Recording::Step::event, r.events.size()});
        r.events.push_back({now, what()});
      }
    }
    r.closed = now;
    return r;
  }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

 private:
  // Spread over all lengths up to `bits`, zero and the extremes included.
  std::uint64_t magnitude(unsigned bits) {
    const unsigned shift = static_cast<unsigned>(below(bits + 1));
    return shift == 0 ? 0 : random_() >> (64 - shift);
  }
  std::uint32_t partition() { return 1 + static_cast<std::uint32_t>(below(partitions_)); }
  std::uint32_t small() { return static_cast<std::uint32_t>(magnitude(32)); }
  bool coin() { return below(2) == 0; }

  template <typename Enum>
  Enum any(Enum last) {
    return static_cast<Enum>(below(static_cast<std::uint64_t>(last) + 1));
  }

  std::string text() {
    std::string s(below(8) == 0 ? below(300) : below(12), '\0');
    for (char& c : s) c = static_cast<char>(random_());
    return s;
  }

  Value value() { return coin() ? Value{small(), magnitude(64)} : Value{}; }

  Operation invocation(Time now) {
    Operation op;
    op.kind = any(OperationKind::drain_read);
    op.invoked = now;
    op.intended = coin() ? now : static_cast<Time>(magnitude(64));
    op.process = small();
    if (coin()) op.size = small();
    if (coin()) op.value = value();
    if (coin()) op.sequence = magnitude(64);
    return op;
  }

  Operation result(OperationKind kind, Time now) {
    Operation op;
    op.kind = kind;
    op.completed = now;
    op.outcome = any(Outcome::unknown);
    op.answer = any(Answer::unsent);
    op.duplicate = coin();
    if (coin()) op.deliveries = small();
    if (coin()) op.value = value();
    if (coin()) op.sequence = magnitude(64);
    return op;
  }

  decltype(Event::what) what() {
    switch (below(11)) {
      case 0:
        return PhaseStarted{text()};
      case 1:
        return ProcessStarted{small(), text(), text(), partition()};
      case 2: {
        FaultChanged e{small(), any(FaultStage::lapsed), text(), text(), {}, text()};
        for (std::uint64_t n = below(4); n > 0; --n) e.servers.push_back(text());
        return e;
      }
      case 3: {
        LeadersSeen e{text(), text(), {}, partition()};
        for (std::uint64_t n = below(4); n > 0; --n) e.consumers[text()] = text();
        return e;
      }
      case 4:
        return ReplicaState{text(),        coin(),        coin(),
                            magnitude(64), magnitude(64), magnitude(64),
                            magnitude(64), magnitude(64), partition()};
      case 5:
        return BrokerChanged{text(), any(BrokerStage::exited), coin(), text()};
      case 6:
        return QuorumChanged{small(), small()};
      case 7:
        return DrainFinished{coin(), coin(),   magnitude(64),    magnitude(64),
                             text(), {text()}, {text(), text()}, partition()};
      case 8:
        return Interrupted{text()};
      case 9: {
        DeadLettersSeen e{text(), small(), coin(), {}, text(), partition()};
        for (std::uint64_t n = below(6); n > 0; --n) e.sequences.push_back(magnitude(64));
        return e;
      }
      default:
        return Note{text()};
    }
  }

  Header header() {
    Header h{text(),
             text(),
             text(),
             text(),
             text(),
             text(),
             text(),
             text(),
             small(),
             magnitude(64),
             static_cast<std::int64_t>(magnitude(64)),
             static_cast<Time>(magnitude(50)),
             {}};
    h.expectations = {any(Promise::stop),
                      any(Promise::stop),
                      any(Resume::quorum),
                      any(LossPromise::none),
                      any(LinearizabilityPromise::required),
                      static_cast<Duration>(magnitude(64)),
                      static_cast<Duration>(magnitude(64)),
                      static_cast<Duration>(magnitude(64)),
                      static_cast<Duration>(magnitude(64)),
                      any(ManualRestart::required),
                      any(DeadLetterPromise::all)};
    h.partitions = 1 + static_cast<std::uint32_t>(below(4));
    return h;
  }

  std::mt19937_64 random_;
  std::uint32_t partitions_ = 1;  // of the header
};

}  // namespace faultline
