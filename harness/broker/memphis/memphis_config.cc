#include "harness/broker/memphis/memphis_config.h"

#include <fmt/format.h>

#include "harness/broker/memphis/memphis_requests.h"
#include "harness/broker/nats/nats_config.h"

namespace faultline {
namespace {

constexpr const char* root_password = "memphis";  // Memphis's default

}  // namespace

std::string memphis_configuration(const Layout& self, std::span<const Layout> all,
                                  const std::string& sync_interval) {
  return nats_configuration(self, all, sync_interval) + fmt::format(R"(
ui_port: {}
websocket {{
  listen: "{}:{}"
  no_tls: true
}}
)",
                                                                    self.ui_port, self.listen,
                                                                    self.websocket_port);
}

std::map<std::string, std::string> memphis_environment(const MetadataAccess& database) {
  return {{"METADATA_DB_HOST", database.host},
          {"METADATA_DB_PORT", std::to_string(database.port)},
          {"METADATA_DB_USER", database.user},
          {"METADATA_DB_PASS", database.password},
          {"METADATA_DB_DBNAME", database.database},
          {"ROOT_PASSWORD", root_password},
          {"USER_PASS_BASED_AUTH", "true"},
          {"LOCAL_CLUSTER_ENV", "true"},
          // Else each new producer and consumer waits for an answer from ifconfig.me.
          {"ENV", "dev"}};
}

ClientAccess memphis_access() {
  ClientAccess access;
  access.user = fmt::format("{}$1", memphis_user);  // of the first account, which has no name
  access.password = root_password;
  access.user_in_name = memphis_user;
  return access;
}

}  // namespace faultline
