// Where a server of a cluster is reached.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "harness/cluster/cluster.h"

namespace faultline {

struct Address {
  std::string host, port;
};

Address address_of(const std::string& url);  // nats://127.0.0.1:4222

const Server& find_server(const Cluster&, const std::string& name);  // throws ClusterError

// How long a TCP connection takes: one round trip. Empty if there is none within the limit.
std::optional<std::chrono::microseconds> time_to_connect(const Address&,
                                                         std::chrono::milliseconds limit);

}  // namespace faultline
