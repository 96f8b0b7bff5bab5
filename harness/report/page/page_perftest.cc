// The page of a run of a million operations, beside judging the same history, and the most
// memory that the process takes, with the history and without.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>

#include "checkers/judge.h"
#include "checkers/testing.h"
#include "harness/report/page/page.h"
#include "harness/report/testing.h"

namespace faultline {
namespace {

// In MB; see proc(5).
double memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::stod(line.substr(name.size() + 1)) / 1000;
  return 0;
}

void forget_the_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// With a fault in the middle, latencies of 1 us to 4 s, and outcomes of every kind.
const History& million() {
  static const History history = [] {
    History large = testing::large_history(1'000'000);
    std::mt19937_64 random(1);
    for (Operation& o : large.operations) {
      o.invoked *= 20'000;
      o.intended = o.invoked;
      if (o.completed != never) o.completed = o.invoked + (Duration{1000} << random() % 22);
      if (random() % 50 == 0) o.outcome = Outcome::unknown;
    }
    for (Event& event : large.events) event.time *= 20'000;
    const Time middle = 20 * second;
    for (const FaultStage stage :
         {FaultStage::striking, FaultStage::proven, FaultStage::healing, FaultStage::healed})
      large.events.push_back({middle + static_cast<Time>(stage) * second,
                              FaultChanged{0, stage, "broker-kill", "leader", {"n1"}, "gone"}});
    std::ranges::stable_sort(large.events, {}, &Event::time);
    return large;
  }();
  return history;
}

void judging_a_million(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(judge(million()));
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(million().operations.size()));
}
BENCHMARK(judging_a_million)->Unit(benchmark::kMillisecond);

void page_of_a_million(benchmark::State& state) {
  PageContent content;
  content.run = testing::make_passed();
  content.run.judgement = judge(million());
  content.history = &million();
  forget_the_peak();
  const double before = memory("VmRSS:");
  std::size_t bytes = 0;
  for (auto _ : state) bytes = run_page(content).size();
  state.counters["page_MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["peak_MB"] = memory("VmHWM:");
  state.counters["before_MB"] = before;
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(million().operations.size()));
}
BENCHMARK(page_of_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace faultline
