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
      case FaultStage::proven:
        fault.proven = change.stage == FaultStage::proven;
        fault.broken.insert(change.servers.begin(), change.servers.end());
        break;
      case FaultStage::unproven:
      case FaultStage::lapsed:
        fault.proven = false;
        break;
      case FaultStage::healed:
        for (const std::string& server : change.servers) fault.broken.erase(server);
        break;
      case FaultStage::healing:
      case FaultStage::unhealed:
      case FaultStage::held:
        break;
    }
  }

  bool all_proven() const {
    return std::all_of(faults_.begin(), faults_.end(),
                       [](const auto& entry) { return entry.second.proven; });
  }

  bool all_healed() const {
    return std::all_of(faults_.begin(), faults_.end(),
                       [](const auto& entry) { return entry.second.broken.empty(); });
  }

 private:
  struct State {
    bool proven = false;
    std::set<std::string> broken;
  };

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
      healing_servers_.clear();
      last_start_.reset();
    }
    if (healing_servers_.empty()) standing_ = change.standing;
  }

  void see(Time time, const FaultChanged& change) {
    if (change.stage == FaultStage::striking) healing_ = false;
    if (change.stage == FaultStage::lapsed) {  // who knows since when
      open_ = false;
      healing_ = true;
    }
    if (change.stage != FaultStage::healing || !open_) return;
    healing_servers_.insert(change.servers.begin(), change.servers.end());
    if (change.servers.empty() || 2 * (standing_ + healing_servers_.size()) > replicas_) {
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

  const std::vector<Interval>& without_quorum() const { return without_; }
  const std::vector<Time>& regained() const { return regained_; }

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
  std::uint64_t standing_ = 0;             // before anything was healed
  std::set<std::string> healing_servers_;  // since
  std::optional<Time> last_start_;         // of a broker, in the open interval
  std::vector<Interval> without_;
  std::vector<Time> regained_;
};

// Faults may end before the fault phase does; what is undone from its end on, or
// once the run is cut short, is the heal.
class HealFinder {
 public:
  void see(Time, const PhaseStarted& phase) { over_ = over_ || phase.phase == "recovery"; }
  void see(Time, const Interrupted&) { over_ = true; }
  void see(Time time, const FaultChanged& change) {
    if (change.stage != FaultStage::healing) return;
    if (!first_) first_ = time;
    last_ = time;
    if (over_ && !after_) after_ = time;
  }

  std::optional<Time> heal() const {
    if (after_) return after_;
    return over_ ? last_ : first_;
  }
  bool ends_before() const { return first_ && *first_ < *heal(); }

 private:
  bool over_ = false;
  std::optional<Time> first_, last_;
  std::optional<Time> after_;  // the first once it was over
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
  HealFinder heal;
  std::optional<Time> last_healed;
  for (const auto& [time, what] : history.events) {
    if (const auto* phase = std::get_if<PhaseStarted>(&what)) {
      if (!line.phases.empty()) line.phases.back().second.end = time;
      line.phases.push_back({phase->phase, {time, line.end}});
      heal.see(time, *phase);
    } else if (const auto* fault = std::get_if<FaultChanged>(&what)) {
      faults.see(*fault);
      quorum.see(time, *fault);
      heal.see(time, *fault);
      if (fault->stage == FaultStage::striking && !line.strike) line.strike = time;
      if (fault->stage == FaultStage::proven) line.proven = time;
      if (fault->stage == FaultStage::healed) last_healed = time;
    } else if (const auto* standing = std::get_if<QuorumChanged>(&what)) {
      quorum.see(time, *standing);
    } else if (const auto* broker = std::get_if<BrokerChanged>(&what)) {
      quorum.see(time, *broker);
    } else if (const auto* interrupted = std::get_if<Interrupted>(&what)) {
      heal.see(time, *interrupted);
    }
  }
  line.heal = heal.heal();
  line.ends_before_heal = heal.ends_before();
  line.all_proven = faults.all_proven();
  if (faults.all_healed()) line.healed = last_healed;
  quorum.finish(line.end);
  line.without_quorum = quorum.without_quorum();
  line.quorum_regained = quorum.regained();
  return line;
}

}  // namespace faultline
