#include "harness/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "faults/target.h"
#include "harness/agenda.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds ready_limit{120};
constexpr seconds act_limit{600};     // a fault, or a heal, ends by itself long before
constexpr seconds answer_limit{120};  // of a broker that is healed
constexpr seconds gather_limit{30};
constexpr seconds leader_limit{10};  // a strike waits so long for the leader it is to hit
constexpr milliseconds traffic_after_heal{3000};  // recovery lasts at least so long
constexpr seconds catch_up{30};         // replicas become current before the drain, or it goes on
constexpr seconds replicas_settle{15};  // the last write reaches every replica meanwhile
constexpr seconds dead_letters_asked_every{2};
constexpr int lifts = 3;  // times that one is tried: an API server may be busy
constexpr seconds lift_again{2};

constexpr const char* refusing_group = "refuses";

StreamSettings stream_settings(const Scenario& scenario, const Deployment& deployment) {
  StreamSettings settings;
  settings.name = deployment.stream;
  settings.subject = deployment.subject;
  if (scenario.workload.durables > 0) settings.durable_group = "keeps-up";
  if (scenario.workload.laggards > 0) settings.lagging_group = "lags-behind";
  settings.partitions = scenario.partitions;
  settings.replicas = scenario.replicas;
  settings.memory_storage = scenario.memory_storage;
  settings.ack_wait = scenario.workload.ack_wait;
  if (scenario.workload.refusers > 0) settings.refusing_group = refusing_group;
  settings.max_deliveries = scenario.workload.max_deliveries;
  return settings;
}

StreamAddress stream_address(const Scenario& scenario, const Deployment& deployment) {
  const StreamSettings settings = stream_settings(scenario, deployment);
  StreamAddress address{{},
                        settings.name,
                        settings.subject,
                        settings.durable_group,
                        settings.lagging_group,
                        deployment.cluster->client_access(),
                        deployment.broker->product(),
                        settings.partitions,
                        settings.refusing_group};
  for (const Server& server : deployment.cluster->servers())
    address.urls.push_back(server.client_url);
  return address;
}

Header header(const Scenario& scenario, const RunOptions& options, const std::string& run_id,
              const Deployment& deployment) {
  Broker& broker = *deployment.broker;
  Header header;
  header.run_id = run_id;
  header.faultline_version = options.faultline_version;
  header.scenario_name = scenario.name;
  header.scenario_text = scenario.text;
  header.provider = options.provider;
  header.broker_product = broker.product();
  header.broker_version = broker.version();
  header.stream = deployment.stream;
  header.replicas = scenario.replicas;
  header.seed = options.seed;
  header.monotonic = monotonic_now();
  header.wall_clock =
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  header.expectations = scenario.expectations;
  header.partitions = scenario.partitions;
  return header;
}

// Why a drain is to end, for another thread.
class GiveUp {
 public:
  void set(std::string reason) {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = std::move(reason);
  }
  std::optional<std::string> get() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;
};

steady_clock::time_point prepare(const Deployment& deployment, const Scenario& scenario,
                                 Progress& progress, const RunOptions& options) {
  Broker& broker = *deployment.broker;
  const auto waiting = [&](const std::string& what) {
    if (interrupted(options)) throw RunInterrupted("interrupted by the user");
    ProgressFigures figures;
    if (const auto reason = options.abort ? options.abort(figures) : ""; !reason.empty())
      throw RunInterrupted("aborted: " + reason);
    figures.phase = "deploy: " + what;
    progress.update(figures);
  };
  broker.wait_until_ready(ready_limit, waiting);
  broker.create_stream(stream_settings(scenario, deployment), waiting);
  return steady_clock::now();
}

// Empty: each message must become one.
std::string why_dead_letters_are_not_due(const DrainFinished& drain) {
  if (drain.lost(refusing_group))
    return fmt::format("the group {} is gone for good", refusing_group);
  if (!drain.complete || drain.lags(refusing_group))
    return "the group did not get everything: " + drain.reason;
  return "";
}

bool has_every(const std::set<std::uint64_t>& sequences, const DrainFinished& drain) {
  if (drain.stream_absent || drain.last_sequence == 0) return true;
  auto at = sequences.lower_bound(drain.first_sequence);
  for (auto wanted = drain.first_sequence; wanted <= drain.last_sequence; ++wanted, ++at)
    if (at == sequences.end() || *at != wanted) return false;
  return true;
}

}  // namespace

Experiment::Experiment(const Scenario& scenario, const RunOptions& options,
                       const std::string& run_id, Deployment& deployment, Journal& journal,
                       Progress& progress)
    : scenario_(scenario),
      cluster_(*deployment.cluster),
      broker_(*deployment.broker),
      journal_(journal),
      progress_(progress),
      seed_(options.seed),
      stream_made_(prepare(deployment, scenario, progress, options)),
      recorder_(options.folder / history_file_name, header(scenario, options, run_id, deployment)),
      workload_(scenario.workload, stream_address(scenario, deployment), recorder_, run_id,
                options.seed),
      observer_(cluster_, broker_, recorder_, workload_, progress, options) {}

Experiment::~Experiment() = default;

void Experiment::run() {
  try {
    steady();
    if (!scenario_.faults.empty()) {  // else it is a control run
      fault();
      recovery();
    }
    drain();
  } catch (const RunInterrupted& interrupt) {
    interrupted_ = true;
    progress_.message(interrupt.what());
    abandon(interrupt.what());
  } catch (const std::exception& error) {
    abandon(fmt::format("the harness broke: {}", error.what()));
    throw;
  }
  workload_.stop();
  observer_.show_progress();
  recorder_.close();
  if (const auto error = recorder_.error())
    throw std::runtime_error("the history could not be written: " + *error);
}

void Experiment::abandon(const std::string& reason) {
  recorder_.event(Interrupted{reason});
  heal_everything();
  workload_.stop();
  observer_.show_progress();
  recorder_.close();
}

void Experiment::steady() {
  replicas_ = broker_.replica_servers();
  for (const Server& server : cluster_.servers())
    recorder_.event(BrokerChanged{server.name, BrokerStage::ready, true, server.client_url});
  observer_.phase("steady", scenario_.steady);
  workload_.start();
  observer_.leaders();
  observer_.wait(scenario_.steady - since(stream_made_));
  const auto watch = [this](const std::string&) { observer_.wait(milliseconds{0}); };
  if (scenario_.gather_leaders && !broker_.gather_leaders(gather_limit, watch))
    throw std::runtime_error("the consumer groups' leaders could not be moved to the stream's");
}

void Experiment::fault() {
  observer_.phase("fault", scenario_.fault);
  const auto begin = steady_clock::now();
  const auto strikes = planned_strikes(scenario_);
  for (const Moment& moment : agenda(scenario_)) {
    if (moment.at > since(begin)) observer_.wait(moment.at - since(begin));
    if (moment.ends)
      end(moment.fault);
    else
      strike(moment.fault, *strikes[moment.fault].step);
  }
  observer_.wait(scenario_.fault - since(begin));
}

void Experiment::strike(std::uint32_t index, const FaultStep& step) {
  Strike strike{index, &step, {}, make_fault(step.fault, fault_context(index), step.options)};
  if (is_role(step.target))  // right after an end two may hold themselves for the leader
    observer_.wait(leader_limit, [&] { return !broker_.leaders().stream.empty(); });
  const std::string leader = observer_.leaders().stream;
  strike.servers = strike.fault->aim(resolve_target(step.target, leader, replicas_));
  strikes_.push_back(std::move(strike));
  Strike& struck = strikes_.back();
  record_fault(struck, FaultStage::striking, struck.servers, "");
  if (struck.servers.empty()) {
    record_fault(struck, FaultStage::unproven, {},
                 fmt::format("nobody to hit: the role '{}' could not be resolved (leader: '{}')",
                             step.target, leader));
    return;
  }
  struck.holds.insert(struck.servers.begin(), struck.servers.end());
  const Evidence evidence = while_observing([&] {
    struck.fault->inject(struck.servers);
    return struck.fault->verify();
  });
  struck.proven = evidence.holds;
  observer_.observe();
  record_fault(struck, evidence.holds ? FaultStage::proven : FaultStage::unproven, struck.servers,
               evidence.text);
  record_quorum();
  show_faults();
}

// A fault's time is over before the heal. With it end those that waited for it.
void Experiment::end(std::uint32_t index) {
  over_.insert(index);
  const auto ending = strikes_that_can_end();
  std::set<std::string> servers;
  for (const Strike* strike : ending) {
    look_again(*strike);
    servers.insert(strike->holds.begin(), strike->holds.end());
    over_.erase(strike->index);
  }
  heal(ending, servers);
  give_no_verdict_if_not_undone();
}

// Of those whose time is over. Where another that goes on holds its server down, a fault lasts as
// long as that one: undone under it, it would start a broker that has no volume, or no network.
std::vector<Experiment::Strike*> Experiment::strikes_that_can_end() {
  std::vector<Strike*> ending;
  for (Strike& strike : strikes_)
    if (over_.contains(strike.index)) ending.push_back(&strike);
  const auto waits = [&](const Strike* strike) {
    return std::ranges::any_of(
        strike->holds, [&](const std::string& server) { return held_down(server, ending); });
  };
  // One that stays may be what another waits for.
  for (auto one = std::ranges::find_if(ending, waits); one != ending.end();
       one = std::ranges::find_if(ending, waits))
    ending.erase(one);
  return ending;
}

void Experiment::show_faults() {
  std::vector<FaultInEffect> shown;
  for (const Strike& strike : strikes_)
    if (!strike.holds.empty())
      shown.push_back(
          {strike.step->fault, strike.step->target, {strike.holds.begin(), strike.holds.end()}});
  observer_.faults_in_effect(std::move(shown));
}

FaultContext Experiment::fault_context(std::uint32_t index) {
  const auto heals = scenario_.brokers * (scenario_.heal_interval + answer_limit);
  return {cluster_, broker_, journal_, seed_ + index,
          std::chrono::ceil<seconds>(scenario_.fault + heals)};
}

// What takes its time goes on beside the run's eyes: a drain may take a minute.
Evidence Experiment::while_observing(const std::function<Evidence()>& act) {
  auto under_way = std::async(std::launch::async, act);
  observer_.wait_uninterrupted(
      act_limit, [&] { return under_way.wait_for(seconds{0}) == std::future_status::ready; });
  return under_way.get();
}

// That a fault took effect says nothing of the end of its time.
void Experiment::look_again(const Strike& strike) {
  if (!strike.proven || strike.holds.empty() || fault_kind(strike.step->fault).passing) return;
  const std::vector<std::string> held(strike.holds.begin(), strike.holds.end());
  const Evidence evidence = while_observing([&] { return strike.fault->verify_on(held); });
  record_fault(strike, evidence.holds ? FaultStage::held : FaultStage::lapsed, held, evidence.text);
}

void Experiment::recovery() {
  for (const Strike& strike : strikes_) look_again(strike);
  observer_.phase("recovery", milliseconds{0});
  if (scenario_.heal_order == HealOrder::together) {
    heal_everything();
  } else {
    for (auto left = held(); !left.empty();) {
      heal(all_strikes(), {*left.begin()});
      left = held();
      if (!left.empty()) wait_for_next_step();
    }
  }
  give_no_verdict_if_not_undone();
  const auto healed = steady_clock::now();
  observer_.wait(scenario_.recovery,
                 [&] { return traffic_is_back(healed) && broker_.all_healthy(); });
}

// Whoever is held down still is no part of a quorum, which somebody must have seen.
void Experiment::wait_for_next_step() {
  observer_.wait(scenario_.heal_interval);
  for (const Strike& strike : strikes_)
    if (fault_kind(strike.step->fault).takes_down) look_again(strike);
}

bool Experiment::traffic_is_back(steady_clock::time_point healed) const {
  if (since(healed) < traffic_after_heal) return false;
  const Time moment = std::chrono::nanoseconds(healed.time_since_epoch()).count();
  const LiveFigures live = workload_.live();
  const LogSettings& workload = scenario_.workload;
  const bool reads = workload.readers + workload.rereaders > 0;
  const bool deliveries = workload.durables + workload.laggards > 0;
  return live.last_write > moment && (!reads || live.last_read > moment) &&
         (!deliveries || live.last_delivery > moment);
}

void Experiment::heal_everything() { heal(all_strikes(), held()); }

std::vector<Experiment::Strike*> Experiment::all_strikes() {
  std::vector<Strike*> all;
  for (Strike& strike : strikes_) all.push_back(&strike);
  return all;
}

// By name, as their workers were made: Docker gives addresses in order of start.
std::set<std::string> Experiment::held() const {
  std::set<std::string> servers;
  for (const Strike& strike : strikes_) servers.insert(strike.holds.begin(), strike.holds.end());
  return servers;
}

bool Experiment::held_down(const std::string& server, std::span<Strike* const> but) const {
  return std::ranges::any_of(strikes_, [&](const Strike& strike) {
    const FaultKind& kind = fault_kind(strike.step->fault);
    return std::ranges::find(but, &strike) == but.end() && kind.takes_down && !kind.passing &&
           strike.holds.contains(server);
  });
}

void Experiment::heal(std::vector<Strike*> strikes, const std::set<std::string>& servers) {
  for (const Strike* strike : strikes) {
    std::vector<std::string> own;
    std::ranges::set_intersection(strike->holds, servers, std::back_inserter(own));
    if (!own.empty()) record_fault(*strike, FaultStage::healing, own, "");
  }
  std::ranges::reverse(strikes);  // the later one first, but what had no effect last
  std::ranges::stable_partition(strikes, &Strike::proven);
  // Brokers cannot be started without what they keep beside the streams.
  std::ranges::stable_partition(strikes, [](const Strike* strike) {
    return fault_kind(strike->step->fault).needs == Needs::metadata;
  });
  // All before any is waited for: on a cluster that exists a broker may need a machine that is
  // kept from it for another. Memphis's disturb each other where they start at once.
  const auto lift_all = [&](const std::string& server) {
    for (Strike* strike : strikes) lift(*strike, server);
  };
  if (broker_.product() != "memphis") std::ranges::for_each(servers, lift_all);
  for (const std::string& server : servers) {
    lift_all(server);
    if (!held_down(server)) see_healed(server);
    if (broker_.answers(server))
      recorder_.event(BrokerChanged{server, BrokerStage::ready, true, "healed"});
    record_quorum();
  }
  for (Strike& strike : strikes_)
    for (const std::string& server : servers)
      if (!held_down(server)) record_healed(strike, server);
  show_faults();
}

void Experiment::lift(Strike& strike, const std::string& server) {
  if (strike.holds.erase(server) == 0) return;
  Evidence& lifted = strike.lifted[server];
  for (int tried = 1; tried <= lifts && !lifted.holds; ++tried) {
    if (tried > 1) observer_.wait_uninterrupted(lift_again, [] { return false; });
    lifted = while_observing([&] { return strike.fault->lift(server); });
  }
  if (!lifted.holds && not_undone_.empty())
    not_undone_ =
        fmt::format("{} on {} could not be undone: {}", strike.step->fault, server, lifted.text);
}

// What the harness leaves broken is no doing of the brokers, and whether they stay away because
// of it nobody knows.
void Experiment::give_no_verdict_if_not_undone() const {
  if (!not_undone_.empty()) throw ClusterError(not_undone_);
}

// Once for all that were lifted from it, also before this step.
void Experiment::see_healed(const std::string& server) {
  bool answers = true;
  for (Strike& strike : strikes_) {
    const auto lifted = strike.lifted.find(server);
    if (lifted == strike.lifted.end() || !lifted->second.holds) continue;
    lifted->second = answers ? while_observing([&] { return strike.fault->see_healed(server); })
                             : Evidence{false, server + " does not answer"};
    answers = lifted->second.holds;
  }
}

void Experiment::record_healed(Strike& strike, const std::string& server) {
  const auto lifted = strike.lifted.extract(server);
  if (lifted.empty() || !not_undone_.empty()) return;
  const Evidence& evidence = lifted.mapped();
  record_fault(strike, evidence.holds ? FaultStage::healed : FaultStage::unhealed, {server},
               evidence.text);
}

void Experiment::record_quorum() {
  QuorumChanged quorum;
  quorum.replicas = scenario_.replicas;
  for (const std::string& server : replicas_)
    if (cluster_.running(server) && broker_.answers(server)) ++quorum.standing;
  recorder_.event(quorum);
}

void Experiment::record_fault(const Strike& strike, FaultStage stage,
                              const std::vector<std::string>& servers,
                              const std::string& evidence) {
  recorder_.event(FaultChanged{strike.index, stage, strike.step->fault, strike.step->target,
                               servers, evidence});
}

void Experiment::drain() {
  observer_.phase("drain", scenario_.drain);
  const auto begin = steady_clock::now();
  const auto time_is_over = [&] { return since(begin) >= scenario_.drain; };
  workload_.stop_producing();

  std::vector<Absence> absences;
  for (std::uint32_t partition = 1; partition <= scenario_.partitions; ++partition)
    absences.emplace_back(cluster_, broker_, partition);
  const auto gone = [&] {
    return std::ranges::any_of(absences, [](Absence& absence) { return absence.is_final(); });
  };
  observer_.wait(catch_up, [&] { return gone() || broker_.all_healthy(); });
  auto drains = read_everything(absences, time_is_over);
  for (DrainFinished& finished : drains) {
    finished.stream_absent = absences[finished.partition - 1].is_final();
    recorder_.event(finished);
  }
  if (scenario_.workload.refusers > 0) record_dead_letters(drains);
  record_replicas();
}

// All partitions at once: one that hangs does not take the time of the others.
std::vector<DrainFinished> Experiment::read_everything(std::vector<Absence>& absences,
                                                       const std::function<bool()>& time_is_over) {
  std::vector<GiveUp> reasons(absences.size());
  std::vector<std::future<DrainFinished>> drains;
  for (std::uint32_t i = 0; i < reasons.size(); ++i)
    drains.push_back(std::async(std::launch::async, [this, i, &reasons] {
      return workload_.drain(i + 1, [&] { return reasons[i].get(); });
    }));
  const auto drained = [&] {
    return std::ranges::all_of(drains, [](const auto& drain) {
      return drain.wait_for(seconds{0}) == std::future_status::ready;
    });
  };
  try {
    observer_.wait(std::chrono::hours{24}, [&] {
      for (std::size_t i = 0; i < reasons.size(); ++i) {
        if (absences[i].is_final())
          reasons[i].set(fmt::format(
              "stream not found for {} s while every broker was up and the metadata group led",
              Absence::is_final_after.count()));
        else if (time_is_over())
          reasons[i].set(fmt::format("not finished within {} s", scenario_.drain.count() / 1000));
      }
      return drained();
    });
  } catch (...) {
    for (GiveUp& reason : reasons) reason.set("the run ends");  // the drains end with it
    throw;
  }
  std::vector<DrainFinished> finished;
  for (auto& drain : drains) finished.push_back(drain.get());
  return finished;
}

// They are told of a little later than a message was refused for the last time; one wait is for
// all partitions.
void Experiment::record_dead_letters(std::span<const DrainFinished> drains) {
  std::vector<DeadLettersSeen> words;
  std::set<std::uint32_t> open;
  for (const DrainFinished& drain : drains) {
    DeadLettersSeen& word = words.emplace_back();
    word.group = refusing_group;
    word.most_deliveries = scenario_.workload.max_deliveries;
    word.partition = drain.partition;
    word.reason = why_dead_letters_are_not_due(drain);
    if (word.reason.empty()) open.insert(drain.partition);
  }
  const auto limit = broker_.dead_letters_settle();
  bool told = false;
  auto next = steady_clock::now();
  observer_.wait(limit, [&] {
    if (steady_clock::now() < next) return open.empty();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!open.contains(drains[i].partition)) continue;
      const DeadLetters letters = broker_.dead_letters(drains[i].partition);
      words[i].complete = letters.unknown.empty();
      words[i].reason = letters.unknown;
      words[i].sequences.assign(letters.sequences.begin(), letters.sequences.end());
      if (letters.for_good || has_every(letters.sequences, drains[i]))
        open.erase(drains[i].partition);
    }
    if (!open.empty() && !std::exchange(told, true))
      progress_.message(fmt::format("not every message is a dead letter; that may take up to {} s",
                                    limit.count()));
    next = steady_clock::now() + dead_letters_asked_every;
    return open.empty();
  });
  for (DeadLettersSeen& word : words) recorder_.event(word);
}

// Until the copies of each partition are alike, or for so long.
void Experiment::record_replicas() {
  std::map<std::pair<std::uint32_t, std::string>, ReplicaState> last_answers;
  observer_.wait(replicas_settle, [&] {
    bool alike = true;
    std::map<std::uint32_t, ReplicaState> first;
    for (ReplicaState& state : broker_.replica_states()) {
      const std::string server = std::exchange(state.server, "");
      if (std::ranges::find(replicas_, server) == replicas_.end()) continue;
      alike = alike && state == first.try_emplace(state.partition, state).first->second;
      const std::pair copy{state.partition, server};
      if (!state.reachable && last_answers.contains(copy)) continue;
      last_answers[copy] = state;
    }
    return alike;
  });
  for (auto& [copy, state] : last_answers) {
    state.server = copy.second;
    recorder_.event(state);
  }
}

}  // namespace faultline
