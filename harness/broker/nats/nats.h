// NATS JetStream as the product under test.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "harness/broker/broker.h"
#include "harness/broker/nats/nats_binary.h"

namespace faultline {

// What a provider needs to run it. Throws ClusterError where this version does
// not know a setting. `sync_interval` as nats-server writes it; empty: default.
BrokerProgram nats_program(const NatsBinary&, const std::string& sync_interval);

class NatsApi;

// Asks each server's monitoring endpoint, and the JetStream API through a
// connection of its own. The cluster must outlive it. One thread at a time.
class NatsBroker : public Broker {
 public:
  NatsBroker(Cluster&, NatsVersion);  // NatsVersion{}: not known, and not checked
  ~NatsBroker() override;

  std::string product() const override { return "nats"; }
  std::string version() override;
  void wait_until_ready(std::chrono::seconds limit, const Waiting&) override;
  bool answers(const std::string& server) override;
  bool all_healthy() override;
  void create_stream(const StreamSettings&, const Waiting&) override;
  std::vector<LeadersSeen> all_leaders() override;
  std::vector<std::string> replica_servers() override;  // once known, also while all are down
  bool stream_absent(std::uint32_t partition) override;
  std::vector<ReplicaState> replica_states() override;
  bool step_down(std::chrono::milliseconds limit) override;
  std::optional<std::string> request(const std::string& subject, const std::string& body,
                                     std::chrono::milliseconds limit) override;
  DataFiles data_files(DataFile) const override;
  DeadLetters dead_letters(std::uint32_t partition) override;
  bool gather_leaders(std::chrono::seconds limit, const Waiting&) override;

  // The stream of create_stream, with its groups. False if nobody answered in time.
  bool remove_stream(std::chrono::seconds limit);

 protected:
  // For products that have it inside. Asks for the stream and its groups, which need not be
  // complete when it returns.
  virtual void make_stream(const StreamSettings&, const Waiting&);

  // What the partitions are called inside, from the first on. NATS knows none: one.
  virtual std::vector<std::string> stream_names(const StreamSettings& settings) const {
    return {settings.name};
  }

  // Asks until the answer, which is the error, is empty; the request must be idempotent. Throws
  // ClusterError: `what` could not be created.
  void make(const std::string& what, const Waiting&,
            const std::function<std::optional<std::string>(NatsApi&)>& ask);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
