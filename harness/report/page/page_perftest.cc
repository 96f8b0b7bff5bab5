// The page of a run of a million operations, beside judging the same history, and the most
// memory it takes besides the history.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "checkers/judge.h"
#include "checkers/testing.h"
#include "harness/report/page/page.h"
#include "harness/report/testing.h"

namespace {

std::atomic<std::size_t> in_use{0}, peak{0};

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t now = in_use += ::malloc_usable_size(memory);
  std::size_t before = peak;
  while (now > before && !peak.compare_exchange_weak(before, now)) {
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void operator delete(void* memory) noexcept {
  in_use -= ::malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace faultline {
namespace {

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
    for (const FaultStage stage : {FaultStage::striking, FaultStage::proven, FaultStage::healing, FaultStage::healed})
      large.events.push_back({middle + static_cast<Time>(stage) * second, FaultChanged{0, stage, "broker-kill", "leader", {"n1"}, "gone"}});
    std::ranges::stable_sort(large.events, {}, &Event::time);
    return large;
  }();
  return history;
}

void judging_a_million(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(judge(million()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(million().operations.size()));
}
BENCHMARK(judging_a_million)->Unit(benchmark::kMillisecond);

void page_of_a_million(benchmark::State& state) {
  PageContent content;
  content.run = testing::make_passed();
  content.run.judgement = judge(million());
  content.history = &million();
  const std::size_t before = in_use;
  peak = before;
  std::size_t bytes = 0;
  for (auto _ : state) bytes = run_page(content).size();
  state.counters["page_MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["peak_MB"] = static_cast<double>(peak - before) / 1e6;
  state.counters["history_MB"] = static_cast<double>(before) / 1e6;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(million().operations.size()));
}
BENCHMARK(page_of_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace faultline
