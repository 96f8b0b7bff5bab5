#include "checkers/crash.h"

#include "checkers/format.h"

namespace faultline {

CheckResult check_crash(const History& history) {
  CheckResult result;
  result.check = "crash";
  std::uint64_t up = 0;
  std::uint64_t crashes = 0;
  for (const auto& [time, what] : history.events) {
    const auto* broker = std::get_if<BrokerChanged>(&what);
    if (broker == nullptr) continue;
    if (broker->stage != BrokerStage::exited) {
      ++up;
    } else if (!broker->expected) {
      ++crashes;
      if (result.samples.size() == max_samples) continue;
      result.samples.push_back({"broker " + broker->server + " exited by itself at " +
                                    format_time(time, history.header.monotonic) +
                                    (broker->detail.empty() ? "" : ": " + broker->detail),
                                {}});
    }
  }
  result.counts = {{"crashes", crashes}};
  if (crashes > 0) {
    result.verdict = Verdict::fail;
    result.reason = result.samples.front().what;
    if (crashes > 1) result.reason += "; " + std::to_string(crashes) + " crashes in all";
  } else if (up == 0) {
    result.reason = "the history says nothing of any broker";
  } else {
    result.verdict = Verdict::pass;
    result.reason = "no broker exited by itself";
  }
  return result;
}

}  // namespace faultline
