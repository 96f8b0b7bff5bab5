// Linearizability, availability, recovery and the whole judgement on a history
// of a million operations, in operations a second.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "checkers/availability.h"
#include "checkers/judge.h"
#include "checkers/linearizability.h"
#include "checkers/recovery.h"
#include "checkers/testing.h"
#include "checkers/timeline.h"

namespace faultline {
namespace {

// With a fault in the middle, so that there is something to judge.
const History& million() {
  static const History history = [] {
    History large = testing::large_history(1'000'000);
    const Time begin = large.operations.front().invoked;
    const Duration length = large.operations.back().invoked - begin;
    const auto add = [&](int percent, decltype(Event::what) what) {
      large.events.push_back({begin + length / 100 * percent, std::move(what)});
    };
    add(30, FaultChanged{0, FaultStage::striking, "broker-kill", "followers", {"n2", "n3"}, ""});
    add(31, FaultChanged{0, FaultStage::proven, "broker-kill", "followers", {"n2", "n3"}, ""});
    add(31, QuorumChanged{1, 3});
    add(60, FaultChanged{0, FaultStage::healing, "broker-kill", "followers", {"n2", "n3"}, ""});
    add(61, QuorumChanged{3, 3});
    add(61, FaultChanged{0, FaultStage::healed, "broker-kill", "followers", {"n2", "n3"}, ""});
    std::stable_sort(large.events.begin(), large.events.end(),
                     [](const Event& a, const Event& b) { return a.time < b.time; });
    return large;
  }();
  return history;
}

// One publish in a hundred unanswered, its message in the log or not.
const History& uncertain_million() {
  static const History history = [] {
    History uncertain = million();
    std::size_t publishes = 0;
    for (Operation& o : uncertain.operations) {
      if (o.kind != OperationKind::publish || ++publishes % 100 != 0) continue;
      o.outcome = Outcome::unknown;
      o.sequence = 0;
      o.completed = never;
    }
    return uncertain;
  }();
  return history;
}

template <class Check>
void measure(benchmark::State& state, const History& history, Check check) {
  for (auto _ : state) benchmark::DoNotOptimize(check(history));
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(history.operations.size()));
}

void linearizability(benchmark::State& state) { measure(state, million(), check_linearizability); }
BENCHMARK(linearizability)->Unit(benchmark::kMillisecond);

void linearizability_uncertain(benchmark::State& state) {
  measure(state, uncertain_million(), check_linearizability);
}
BENCHMARK(linearizability_uncertain)->Unit(benchmark::kMillisecond);

void availability_writes(benchmark::State& state) {
  measure(state, million(),
          [](const History& h) { return check_availability(h, Service::writes); });
}
BENCHMARK(availability_writes)->Unit(benchmark::kMillisecond);

void recovery_reads(benchmark::State& state) {
  measure(state, million(), [](const History& h) { return check_recovery(h, Service::reads); });
}
BENCHMARK(recovery_reads)->Unit(benchmark::kMillisecond);

void timeline_of_events(benchmark::State& state) { measure(state, million(), timeline); }
BENCHMARK(timeline_of_events)->Unit(benchmark::kMillisecond);

void judge_everything(benchmark::State& state) {
  measure(state, million(), [](const History& h) { return judge(h); });
}
BENCHMARK(judge_everything)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace faultline
