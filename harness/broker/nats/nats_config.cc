#include "harness/broker/nats/nats_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace faultline {
namespace {

// In which it lets go of its clients, one after another: the least that nats-server takes.
constexpr const char* lame_duck_duration = "30s";

// A string of nats-server's configuration has the escapes of JSON.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

void check_nats_settings(const NatsVersion& version, const std::string& sync_interval) {
  if (sync_interval.empty() || version >= NatsVersion{2, 10, 0}) return;
  throw ClusterError(
      fmt::format("nats-server {} does not know sync_interval (needs 2.10 or newer): choose "
                  "--broker-version {} or remove spec.broker.sync_interval",
                  to_string(version), FAULTLINE_DEFAULT_NATS_VERSION));
}

std::string nats_configuration(const Layout& self, std::span<const Layout> all,
                               const std::string& sync_interval) {
  std::string routes;
  for (const auto& other : all)
    routes += fmt::format("    \"nats-route://{}:{}\"\n", other.host, other.cluster_port);
  return fmt::format(
      R"(server_name: {name}
listen: "{listen}:{client}"
http: "{listen}:{monitor}"
logtime: true
debug: false
lame_duck_duration: "{lame_duck}"

cluster {{
  name: faultline
  listen: "{listen}:{cluster}"
  no_advertise: true
  connect_retries: 120
  routes: [
{routes}  ]
}}

jetstream {{
  store_dir: {store}
  max_file_store: 8GB
  max_memory_store: 512MB
{sync}}}
)",
      fmt::arg("name", quoted(self.name)), fmt::arg("listen", self.listen),
      fmt::arg("client", self.client_port), fmt::arg("monitor", self.monitor_port),
      fmt::arg("cluster", self.cluster_port), fmt::arg("routes", routes),
      fmt::arg("lame_duck", lame_duck_duration), fmt::arg("store", quoted(self.data.string())),
      fmt::arg("sync", sync_interval.empty()
                           ? ""
                           : fmt::format("  sync_interval: {}\n", quoted(sync_interval))));
}

}  // namespace faultline
