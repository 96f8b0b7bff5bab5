// One run of one scenario against a deployed cluster: from a ready cluster to a
// closed history.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "harness/absence.h"
#include "harness/observer.h"
#include "harness/provider.h"

namespace faultline {

class Experiment {
 public:
  Experiment(const Scenario&, const RunOptions&, const std::string& run_id, Deployment&, Journal&,
             Progress&);
  ~Experiment();

  // The whole run. An interruption heals, is recorded, and returns; an error
  // of the harness is recorded, heals, and throws.
  void run();
  bool interrupted() const { return interrupted_; }

 private:
  struct Strike {  // a fault of the timeline, once it has struck
    std::uint32_t index;
    const FaultStep* step;
    std::vector<std::string> servers;
    std::unique_ptr<Fault> fault;
    bool proven = false;
    std::set<std::string> holds = {};             // servers it was not lifted from yet
    std::map<std::string, Evidence> lifted = {};  // from these; not recorded as healed yet
  };

  void steady();
  void fault();
  void recovery();
  void drain();
  void abandon(const std::string& reason);

  void strike(std::uint32_t index, const FaultStep&);
  FaultContext fault_context(std::uint32_t index);
  void end(std::uint32_t index);
  std::vector<Strike*> strikes_that_can_end();
  void look_again(const Strike&);
  void wait_for_next_step();
  Evidence while_observing(const std::function<Evidence()>&);

  // Of servers that faults hold.
  std::set<std::string> held() const;
  bool held_down(const std::string& server, std::span<Strike* const> but = {}) const;
  void heal_everything();
  void heal(std::vector<Strike*>, const std::set<std::string>& servers);
  void lift(Strike&, const std::string& server);
  void give_no_verdict_if_not_undone() const;
  void see_healed(const std::string& server);
  void record_healed(Strike&, const std::string& server);
  std::vector<Strike*> all_strikes();

  void show_faults();
  void record_quorum();
  void record_fault(const Strike&, FaultStage, const std::vector<std::string>& servers,
                    const std::string& evidence);
  bool traffic_is_back(std::chrono::steady_clock::time_point healed) const;
  std::vector<DrainFinished> read_everything(std::vector<Absence>&,
                                             const std::function<bool()>& time_is_over);
  void record_dead_letters(std::span<const DrainFinished>);
  void record_replicas();

  const Scenario& scenario_;
  Cluster& cluster_;
  Broker& broker_;
  Journal& journal_;
  Progress& progress_;
  const std::uint64_t seed_;
  bool interrupted_ = false;
  std::set<std::uint32_t> over_;  // strikes whose end has passed while another holds their server
  std::string not_undone_;  // the first fault that could not be undone; empty: none

  std::chrono::steady_clock::time_point stream_made_;
  Recorder recorder_;
  LogWorkload workload_;
  Observer observer_;
  std::vector<std::string> replicas_;  // servers that hold the stream
  std::vector<Strike> strikes_;        // in order of time
};

}  // namespace faultline
