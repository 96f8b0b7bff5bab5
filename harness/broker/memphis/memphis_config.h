// The configuration of one Memphis broker: a file in nats-server's syntax, and the
// environment.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "harness/cluster/cluster.h"

namespace faultline {

std::string memphis_configuration(const Layout& self, std::span<const Layout> all,
                                  const std::string& sync_interval);

struct MetadataAccess {  // to the database in which Memphis keeps what it knows
  std::string host;
  std::uint16_t port = 0;
  std::string user, password, database;
};

std::map<std::string, std::string> memphis_environment(const MetadataAccess&);

ClientAccess memphis_access();  // what that environment makes brokers ask of clients

}  // namespace faultline
