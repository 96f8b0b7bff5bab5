#include "checkers/timeline.h"

#include <algorithm>
#include <map>
#include <set>

namespace faultline {

namespace {

// Whether each fault took effect and was undone everywhere.
class FaultStages {
 public:
  void see(const FaultChanged& change) {
    State& fault = faults_[change.fault];
    switch (change.stage) {
      case FaultStage::striking:
        fault.proven = false;
        add(fault.broken, change.servers);
        break;
      case FaultStage::proven:
        fault.proven = true;
        add(fault.broken, change.servers);
        break;
      case FaultStage::unproven:
        fault.proven = false;
        break;
      case FaultStage::healing:
        ++fault.heals_under_way;
        break;
      case FaultStage::healed:
        if (fault.heals_under_way > 0) --fault.heals_under_way;
        fault.ever_healed = true;
        if (change.servers.empty()) fault.broken.clear();
        for (const std::string& server : change.servers) fault.broken.erase(server);
        break;
      case FaultStage::unhealed:
        break;
    }
  }

  bool all_proven() const {
    return std::all_of(faults_.begin(), faults_.end(),
                       [](const auto& entry) { return entry.second.proven; });
  }

  bool all_healed() const {
    return std::all_of(faults_.begin(), faults_.end(), [](const auto& entry) {
      const State& fault = entry.second;
      return fault.ever_healed && fault.heals_under_way == 0 && fault.broken.empty();
    });
  }

 private:
  struct State {
    bool proven = false;
    bool ever_healed = false;
    int heals_under_way = 0;
    std::set<std::string> broken;
  };

  static void add(std::set<std::string>& set, const std::vector<std::string>& servers) {
    set.insert(servers.begin(), servers.end());
  }

  std::map<std::uint32_t, State> faults_;
};

// Follows how many replicas may stand. What is being healed may stand from
// then on, long before the harness sees it answer.
class QuorumTracker {
 public:
  void see(Time time, const QuorumChanged& change) {
    replicas_ = change.replicas;
    if (change.quorum()) {
      if (open_) close(last_start_.value_or(begin_));
      if (lost_) regained_.push_back(time);
      lost_ = false;
      healing_ = false;
      return;
    }
    lost_ = true;
    if (healing_) return;
    if (!open_) {
      open_ = true;
      begin_ = time;
      healed_servers_ = 0;
      last_start_.reset();
    }
    if (healed_servers_ == 0) may_stand_ = change.standing;
  }

  void see(Time time, const FaultChanged& change) {
    if (change.stage == FaultStage::striking) healing_ = false;
    if (change.stage != FaultStage::healing || !open_) return;
    const std::size_t servers = change.servers.empty() ? replicas_ : change.servers.size();
    healed_servers_ += servers;
    may_stand_ += servers;
    if (2 * may_stand_ > replicas_) {
      close(time);
      healing_ = true;
    }
  }

  void see(Time time, const BrokerChanged& change) {
    if (change.stage == BrokerStage::started) last_start_ = time;
  }

  void finish(Time end) {
    if (open_) close(end);
  }

  std::vector<Interval> without_quorum() && { return std::move(without_); }
  std::vector<Time> regained() && { return std::move(regained_); }

 private:
  void close(Time end) {
    if (begin_ < end) without_.push_back({begin_, end});
    open_ = false;
  }

  bool open_ = false;     // an interval without a quorum has begun
  bool lost_ = false;     // the last record says there is none
  bool healing_ = false;  // a quorum may stand any moment
  Time begin_ = 0;
  std::uint64_t replicas_ = 0;
  std::uint64_t may_stand_ = 0;
  std::uint64_t healed_servers_ = 0;
  std::optional<Time> last_start_;  // of a broker, in the open interval
  std::vector<Interval> without_;
  std::vector<Time> regained_;
};

void find_limits(const History& history, Timeline& line) {
  line.start = never;
  line.end = 0;
  for (const Event& event : history.events) {
    line.start = std::min(line.start, event.time);
    line.end = std::max(line.end, event.time);
  }
  for (const Operation& operation : history.operations) {
    line.start = std::min(line.start, operation.invoked);
    line.end = std::max(line.end, operation.invoked);
    if (operation.completed != never) line.end = std::max(line.end, operation.completed);
  }
  if (line.start == never) line.start = line.end = history.header.monotonic;
}

}  // namespace

const Interval* Timeline::phase(std::string_view name) const {
  for (const auto& [phase, interval] : phases) {
    if (phase == name) return &interval;
  }
  return nullptr;
}

Timeline timeline(const History& history) {
  Timeline line;
  find_limits(history, line);

  FaultStages faults;
  QuorumTracker quorum;
  std::optional<Time> last_healed;
  for (const auto& [time, what] : history.events) {
    if (const auto* phase = std::get_if<PhaseStarted>(&what)) {
      if (!line.phases.empty()) line.phases.back().second.end = time;
      line.phases.push_back({phase->phase, {time, line.end}});
    } else if (const auto* fault = std::get_if<FaultChanged>(&what)) {
      faults.see(*fault);
      quorum.see(time, *fault);
      if (fault->stage == FaultStage::striking && !line.strike) line.strike = time;
      if (fault->stage == FaultStage::proven) line.proven = time;
      if (fault->stage == FaultStage::healing && !line.heal) line.heal = time;
      if (fault->stage == FaultStage::healed) last_healed = time;
    } else if (const auto* standing = std::get_if<QuorumChanged>(&what)) {
      quorum.see(time, *standing);
    } else if (const auto* broker = std::get_if<BrokerChanged>(&what)) {
      quorum.see(time, *broker);
    }
  }
  line.all_proven = faults.all_proven();
  if (faults.all_healed()) line.healed = last_healed;
  quorum.finish(line.end);
  line.without_quorum = std::move(quorum).without_quorum();
  line.quorum_regained = std::move(quorum).regained();
  return line;
}

}  // namespace faultline
