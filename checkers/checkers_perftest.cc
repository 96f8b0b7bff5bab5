// Each checker on a history of a million operations, in operations a second.
#include <benchmark/benchmark.h>

#include "checkers/aborted_read.h"
#include "checkers/corruption.h"
#include "checkers/delivery.h"
#include "checkers/duplicate.h"
#include "checkers/lost.h"
#include "checkers/offset_consistency.h"
#include "checkers/phantom.h"
#include "checkers/reorder.h"
#include "checkers/replicas.h"
#include "checkers/testing.h"

namespace faultline {
namespace {

const History& million() {
  static const History history = testing::large_history(1'000'000);
  return history;
}

// Every eighth message lost, and the stream started again half-way.
const History& broken_million() {
  static const History history = [] {
    auto broken = million();
    std::erase_if(broken.operations, [](const Operation& operation) {
      return operation.kind == OperationKind::drain_read && operation.sequence % 8 == 0;
    });
    for (auto& operation : broken.operations)
      if (operation.sequence > 100'000) operation.sequence -= 100'000;
    return broken;
  }();
  return history;
}

template <class Check>
void measure(benchmark::State& state, Check check, const History& history) {
  for (auto _ : state) benchmark::DoNotOptimize(check(history));
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(history.operations.size()));
}

#define FAULTLINE_MEASURE(check)                                                    \
  void check(benchmark::State& state) { measure(state, check_##check, million()); } \
  BENCHMARK(check)->Unit(benchmark::kMillisecond);                                  \
  void check##_broken(benchmark::State& state) {                                    \
    measure(state, check_##check, broken_million());                                \
  }                                                                                 \
  BENCHMARK(check##_broken)->Unit(benchmark::kMillisecond)

FAULTLINE_MEASURE(lost);
FAULTLINE_MEASURE(duplicate);
FAULTLINE_MEASURE(reorder);
FAULTLINE_MEASURE(phantom);
FAULTLINE_MEASURE(aborted_read);
FAULTLINE_MEASURE(corruption);
FAULTLINE_MEASURE(offset_consistency);
FAULTLINE_MEASURE(delivery);
FAULTLINE_MEASURE(replicas);

}  // namespace
}  // namespace faultline
