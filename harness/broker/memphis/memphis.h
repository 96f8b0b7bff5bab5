// Memphis as the product under test: nats-server inside, with stations instead of streams, and
// a database beside it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/broker/memphis/memphis_binary.h"
#include "harness/broker/memphis/metadata_database.h"
#include "harness/broker/nats/nats.h"

namespace faultline {

// `metadata` is asked before each start of a broker.
BrokerProgram memphis_program(const MemphisBinary&, std::function<MetadataAccess()> metadata,
                              const std::string& sync_interval);

// With a database on this machine, which is started before the first broker, and lives as long
// as the program does.
BrokerProgram memphis_program(const MemphisBinary&, std::shared_ptr<MetadataDatabase>,
                              const std::string& sync_interval);

// With one that is deployed beside the brokers, from an image: kind-config/memphis. The binary's
// path may be empty, where the brokers' image is at hand.
BrokerProgram memphis_program_in_pods(const MemphisBinary&, const std::string& sync_interval);

// A stream of StreamSettings is a station; the name is the station's.
class MemphisBroker : public NatsBroker {
 public:
  MemphisBroker(Cluster&, std::string version, std::shared_ptr<MetadataDatabase>);

  std::string product() const override { return "memphis"; }
  std::string version() override { return version_; }
  void wait_until_ready(std::chrono::seconds limit, const Waiting&) override;
  void create_stream(const StreamSettings&, const Waiting&) override;
  MetadataDatabase* metadata() override { return database_.get(); }
  // Memphis keeps them in its database: where that is not on this machine nobody can ask.
  DeadLetters dead_letters(std::uint32_t partition) override;
  std::chrono::seconds dead_letters_settle() const override;

 protected:
  void make_stream(const StreamSettings&, const Waiting&) override;
  std::vector<std::string> stream_names(const StreamSettings&) const override;

 private:
  Cluster& cluster_;
  const std::string version_;
  const std::shared_ptr<MetadataDatabase> database_;
  StreamSettings station_;
};

}  // namespace faultline
