// Real Memphis brokers, for tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/broker/memphis/memphis.h"
#include "harness/cluster/local.h"

namespace faultline::testing {

inline bool memphis_is_here() try {
  find_memphis_binary({}, "");
  return why_no_metadata_database().empty();
} catch (const ClusterError&) {
  return false;
}

// Three brokers and their PostgreSQL, ready, in a folder that outlives them.
struct DeployedMemphis {
  std::shared_ptr<MetadataDatabase> database;
  LocalCluster cluster;
  MemphisBroker broker{cluster, "1.4.4", database};

  explicit DeployedMemphis(const std::filesystem::path& folder)
      : database(std::make_shared<MetadataDatabase>(
            MetadataDatabaseOptions{.folder = folder / "metadata"})),
        cluster(memphis_program(find_memphis_binary({}, ""), database, ""), options(folder)) {
    wait_until_ready();
  }

  void wait_until_ready() { broker.wait_until_ready(std::chrono::seconds(120), {}); }

  // With a group that keeps up and one that lags behind.
  StreamSettings make_station(const std::string& name, std::uint32_t partitions = 1) {
    StreamSettings station;
    station.name = name;
    station.partitions = partitions;
    station.durable_group = "keeps-up";
    station.lagging_group = "lags-behind";
    broker.create_stream(station, {});
    return station;
  }

 private:
  static LocalOptions options(const std::filesystem::path& folder) {
    LocalOptions options;
    options.folder = folder;
    return options;
  }
};

}  // namespace faultline::testing
