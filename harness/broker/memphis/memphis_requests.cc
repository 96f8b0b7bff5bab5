#include "harness/broker/memphis/memphis_requests.h"

#include <fmt/format.h>

namespace faultline {
namespace {

using nlohmann::json;

constexpr int request_version = 4;  // the last, of SDKs since 1.3
constexpr int removal_version = 1;
constexpr int retention_seconds = 604'800;  // a week: the default of an hour would lose history
constexpr int deduplication_ms = 120'000;   // Memphis's default
// The most that Memphis takes. After so many a message goes to the dead letters, and is not
// delivered to its group again.
constexpr std::uint32_t most_deliveries = 10;
constexpr const char* language = "cpp";
constexpr const char* application = "faultline";

json removal(const std::string& station, const std::string& name, const std::string& connection) {
  return {{"name", name},
          {"station_name", station},
          {"connection_id", connection},
          {"username", memphis_user},
          {"req_version", removal_version}};
}

}  // namespace

MemphisRequest make_station(const std::string& station, const StreamSettings& settings) {
  return {"$memphis_station_creations",
          {{"name", station},
           {"retention_type", "message_age_sec"},
           {"retention_value", retention_seconds},
           {"storage_type", settings.memory_storage ? "memory" : "file"},
           {"replicas", settings.replicas},
           {"idempotency_window_in_ms", deduplication_ms},
           {"schema_name", ""},
           {"dls_configuration", {{"poison", true}, {"schemaverse", true}}},
           {"username", memphis_user},
           {"tiered_storage_enabled", false},
           {"partitions_number", settings.partitions},
           {"dls_station", ""}}};
}

MemphisRequest remove_station(const std::string& station) {
  return {"$memphis_station_destructions", {{"station_name", station}, {"username", memphis_user}}};
}

MemphisRequest make_producer(const std::string& station, const std::string& connection) {
  return {"$memphis_producer_creations",
          {{"name", memphis_producer},
           {"station_name", station},
           {"connection_id", connection},
           {"producer_type", "application"},
           {"req_version", request_version},
           {"username", memphis_user},
           {"app_id", application},
           {"sdk_lang", language}}};
}

MemphisRequest remove_producer(const std::string& station, const std::string& connection) {
  return {"$memphis_producer_destructions", removal(station, memphis_producer, connection)};
}

MemphisRequest make_consumer(const std::string& station, const std::string& group,
                             const std::string& connection, const StreamSettings& settings) {
  return {"$memphis_consumer_creations",
          {{"name", group},
           {"station_name", station},
           {"connection_id", connection},
           {"consumer_type", "application"},
           {"consumers_group", group},
           {"max_ack_time_ms", settings.ack_wait.count()},
           {"max_msg_deliveries",
            group == settings.refusing_group ? settings.max_deliveries : most_deliveries},
           {"username", memphis_user},
           {"start_consume_from_sequence", 1},
           {"last_messages", -1},  // all
           {"req_version", request_version},
           {"app_id", application},
           {"sdk_lang", language}}};
}

MemphisRequest remove_consumer(const std::string& station, const std::string& group,
                               const std::string& connection) {
  return {"$memphis_consumer_destructions", removal(station, group, connection)};
}

std::string unlike(const json& stream_info, const std::string& stream,
                   const StreamSettings& settings) {
  const auto config = stream_info.find("config");
  if (config == stream_info.end() || !config->is_object()) return "it has no configuration";
  const auto replicas = config->value("num_replicas", 0U);
  if (replicas != settings.replicas)
    return fmt::format("it has {} replicas, not {}", replicas, settings.replicas);
  const std::string storage = settings.memory_storage ? "memory" : "file";
  if (const auto found = config->value("storage", ""); found != storage)
    return fmt::format("it is stored in '{}', not '{}'", found, storage);
  const auto subject = stream + ".>";
  if (config->value("subjects", json::array()) != json{subject})
    return "it does not take what is published to " + subject;
  return {};
}

}  // namespace faultline
