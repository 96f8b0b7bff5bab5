// The configuration file of one nats-server.
#pragma once

#include <span>
#include <string>

#include "harness/broker/nats/nats_version.h"
#include "harness/cluster/cluster.h"

namespace faultline {

// Throws ClusterError where the version does not know a setting: sync_interval
// came with 2.10.
void check_nats_settings(const NatsVersion&, const std::string& sync_interval);

// `sync_interval` as nats-server writes it ("2m", "always"); empty: its default.
std::string nats_configuration(const Layout& self, std::span<const Layout> all,
                               const std::string& sync_interval);

}  // namespace faultline
