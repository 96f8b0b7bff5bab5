#include "harness/broker/memphis/memphis.h"

#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "harness/broker/control_reply.h"
#include "harness/broker/http.h"
#include "harness/broker/memphis/memphis_config.h"
#include "harness/broker/memphis/memphis_names.h"
#include "harness/broker/memphis/memphis_requests.h"
#include "harness/broker/nats/nats_api.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto answer_limit = 1s;
constexpr auto request_limit = 20s;  // as in the SDKs: a broker waits for elections meanwhile
constexpr auto query_limit = 10s;    // of the database
constexpr auto poll_interval = 200ms;

// Its own streams are made and its API is up; the monitoring endpoint answers long before.
bool is_ready(const Server& server) {
  constexpr const char* page = "/api/status";
  if (server.ui) return server.ui(page, answer_limit).has_value();
  const auto answer = http_get(server.ui_url + page, answer_limit);
  return answer && answer->status == 200;
}

}  // namespace

BrokerProgram memphis_program(const MemphisBinary& binary,
                              std::function<MetadataAccess()> metadata,
                              const std::string& sync_interval) {
  return {
      .name = "memphis",
      .binary = binary.path,
      .image = "memphisos/memphis:" + binary.version,
      .configuration =
          [sync_interval](const Layout& self, std::span<const Layout> all) {
            return memphis_configuration(self, all, sync_interval);
          },
      .arguments =
          [](const std::filesystem::path& configuration) {
            return std::vector<std::string>{"--config", configuration.string()};
          },
      .leave_signal = SIGUSR2,   // lame-duck mode
      .leave_statuses = {0, 1},  // as of the nats-server in it (nats-server#6336)
      .environment = [metadata](const Layout&) { return memphis_environment(metadata()); },
      .access = memphis_access(),
      .has_ui = true,
      // Two at once disturb each other when they make and change the tables, and exit.
      .one_by_one = true};
}

BrokerProgram memphis_program(const MemphisBinary& binary,
                              std::shared_ptr<MetadataDatabase> database,
                              const std::string& sync_interval) {
  auto program = memphis_program(
      binary, [database] { return database->access(); }, sync_interval);
  program.prepare = [database](std::span<const Layout> all) { database->start(all[0].outside); };
  return program;
}

BrokerProgram memphis_program_in_pods(const MemphisBinary& binary,
                                      const std::string& sync_interval) {
  const MetadataAccess access{"metadata", 5432, "memphis", new_password(), "postgres"};
  auto program = memphis_program(
      binary, [access] { return access; }, sync_interval);
  program.program_in_image = "nats-server";
  program.other_images = {{"metadata_image", "postgres:15"}};
  return program;
}

MemphisBroker::MemphisBroker(Cluster& cluster, std::string version,
                             std::shared_ptr<MetadataDatabase> database)
    : NatsBroker(cluster, NatsVersion{}),
      cluster_(cluster),
      version_(std::move(version)),
      database_(std::move(database)) {}

void MemphisBroker::wait_until_ready(std::chrono::seconds limit, const Waiting& waiting) {
  const auto deadline = Clock::now() + limit;
  NatsBroker::wait_until_ready(limit, waiting);
  for (const auto& server : cluster_.servers())
    for (; !is_ready(server); std::this_thread::sleep_for(poll_interval)) {
      if (Clock::now() > deadline)
        throw ClusterError(fmt::format("{} is not ready after {} s: {}/api/status does not answer",
                                       server.name, limit.count(), server.ui ? "" : server.ui_url));
      if (waiting) waiting(server.name + " to be ready");
    }
}

void MemphisBroker::create_stream(const StreamSettings& settings, const Waiting& waiting) {
  station_ = settings;
  auto inside = settings;
  for (auto* group : {&inside.durable_group, &inside.lagging_group, &inside.refusing_group})
    *group = memphis_durable(*group);
  NatsBroker::create_stream(inside, waiting);
}

std::vector<std::string> MemphisBroker::stream_names(const StreamSettings& settings) const {
  std::vector<std::string> names;
  for (std::uint32_t partition = 1; partition <= settings.partitions; ++partition)
    names.push_back(memphis_stream(settings.name, partition));
  return names;
}

void MemphisBroker::make_stream(const StreamSettings& settings, const Waiting& waiting) {
  const auto ask = [&](const std::string& what, const MemphisRequest& request) {
    make(what, waiting, [&](NatsApi& api) -> std::optional<std::string> {
      const auto reply = api.request_text(request.subject, request.body, request_limit);
      if (!reply) return {};
      return error_in(*reply);
    });
  };
  const auto& station = settings.name;
  ask("the station " + station, make_station(station, settings));
  for (const auto& name : stream_names(settings))
    make("the station " + station, waiting, [&](NatsApi& api) -> std::optional<std::string> {
      const auto info = api.request("$JS.API.STREAM.INFO." + name, {}, answer_limit);
      if (!info) return {};
      return api_error(*info) != 0 ? api_error_text(*info) : unlike(*info, name, settings);
    });
  for (const auto& group : settings.groups())
    ask("the consumer group " + group,
        make_consumer(station, group, NatsApi::control_name, settings));
  ask("the producer", make_producer(station, NatsApi::control_name));
}

// What the database refused is tried again ten times, 80 s apart.
std::chrono::seconds MemphisBroker::dead_letters_settle() const { return 14min; }

// Names are of letters, digits, and . _ - alone. Memphis keeps them in lower case.
DeadLetters MemphisBroker::dead_letters(std::uint32_t partition) {
  if (!database_) return {.unknown = "Memphis's database is not on this machine", .for_good = true};
  const auto selected = database_->select(
      fmt::format("SELECT letter.message_seq FROM dls_messages letter "
                  "JOIN stations station ON station.id = letter.station_id "
                  "WHERE station.name = lower('{}') AND NOT station.is_deleted "
                  "AND letter.partition_number = {} AND letter.message_type = 'poison' "
                  "AND lower('{}') = ANY(letter.poisoned_cgs)",
                  station_.name, partition, station_.refusing_group),
      query_limit);
  if (!selected.rows) return {.unknown = selected.complaint};
  DeadLetters letters;
  for (const auto& row : *selected.rows) letters.sequences.insert(std::stoull(row));
  return letters;
}

}  // namespace faultline
