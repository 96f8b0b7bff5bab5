#include "checkers/lost.h"

#include <algorithm>
#include <map>

#include "checkers/format.h"
#include "checkers/observations.h"

namespace faultline {
namespace {

struct Extent {  // of the counters of one producer that were read back
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::map<std::uint32_t, Extent> extents(const std::vector<Sighting>& by_value) {
  std::map<std::uint32_t, Extent> found;
  auto at = found.end();
  for (const auto& [value, sequence, operation] : by_value) {
    if (at == found.end() || at->first != value.producer)
      at = found.emplace_hint(found.end(), value.producer, Extent{value.counter, 0});
    at->second.last = value.counter;
  }
  return found;
}

struct Counts {
  std::uint64_t acknowledged = 0, read = 0, beginning = 0, middle = 0, end = 0, whole = 0,
                recovered = 0;
  std::uint64_t lost() const { return acknowledged - read; }
};

// The lost publish, and what the drain read just before, at and just after its sequence.
void add_lost(CheckResult& result, const History& history, const Drained& drain,
              const Sighting& publish) {
  add_finding(result, history,
              "value " + to_string(publish.value) + ", acknowledged as sequence " +
                  std::to_string(publish.sequence) + ", was not read back",
              {publish.operation});
  auto& operations = result.samples.back().operations;
  const auto& messages = drain.messages;
  auto at = std::ranges::lower_bound(messages, publish.sequence, {}, &Sighting::sequence);
  const auto keep = [&](auto it) { operations.push_back(history.operations[it->operation]); };
  if (at != messages.begin()) keep(std::prev(at));
  if (at != messages.end() && at->sequence == publish.sequence) keep(at++);
  if (at != messages.end()) keep(at);
}

}  // namespace

CheckResult check_lost(const History& history) {
  CheckResult result;
  result.check = "lost";
  result.judged = history.header.expectations.loss == LossPromise::none;

  const auto drain = drained(history);
  auto read_back = drain.messages;
  std::ranges::sort(read_back);
  const auto extent = extents(read_back);

  Counts counts;
  for_each_value(publishes(history), read_back, [&](auto published, auto reads) {
    const auto has = [&](Outcome outcome) {
      return std::ranges::find_if(published, [&](const Sighting& publish) {
        return history.operations[publish.operation].outcome == outcome;
      });
    };
    const auto acknowledged = has(Outcome::ok);
    if (acknowledged == published.end()) {
      counts.recovered += !reads.empty() && has(Outcome::unknown) != published.end();
      return;
    }
    ++counts.acknowledged;
    if (!reads.empty()) {
      ++counts.read;
      return;
    }
    const auto at = extent.find(acknowledged->value.producer);
    if (at == extent.end())
      ++counts.whole;
    else if (acknowledged->value.counter < at->second.first)
      ++counts.beginning;
    else if (acknowledged->value.counter > at->second.last)
      ++counts.end;
    else
      ++counts.middle;
    if (drain.finished && has_room(result)) add_lost(result, history, drain, *acknowledged);
  });

  result.counts = {{"acknowledged", counts.acknowledged}, {"read", counts.read}};
  if (!drain.finished || counts.acknowledged == 0) {
    result.counts.emplace_back("recovered", counts.recovered);
    result.observed = "unknown";
    result.reason = drain.finished ? "no publish was acknowledged" : drain.reason;
    return result;
  }
  const auto amount = of(counts.lost(), counts.acknowledged);
  result.counts.insert(result.counts.end(), {{"lost", counts.lost()},
                                             {"lost_beginning", counts.beginning},
                                             {"lost_middle", counts.middle},
                                             {"lost_end", counts.end},
                                             {"lost_whole", counts.whole},
                                             {"recovered", counts.recovered}});
  if (counts.lost() == 0) {
    result.verdict = Verdict::pass;
    result.observed = "none";
    result.reason =
        "all " + format_count(counts.acknowledged, "acknowledged message") + " were read back";
    if (counts.acknowledged == 1) result.reason = "the one acknowledged message was read back";
  } else {
    result.verdict = Verdict::fail;
    result.observed = std::to_string(counts.lost());
    result.reason = amount + " acknowledged messages were not read back";
    if (drain.end.stream_absent) result.reason += ": the stream is gone";
  }
  return result;
}

}  // namespace faultline
