#include "harness/broker/nats/nats.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "harness/broker/http.h"
#include "harness/broker/nats/jsz.h"
#include "harness/broker/nats/nats_api.h"
#include "harness/broker/nats/nats_config.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto answer_limit = 1s;  // a server that is there answers at once
constexpr auto create_limit = 60s;
constexpr auto poll_interval = 100ms;
constexpr std::size_t shown_lines = 10;
constexpr int stream_not_found = 10059;

json stream_config(const StreamSettings& settings) {
  return {{"name", settings.name},
          {"subjects", {settings.subject}},
          {"retention", "limits"},
          {"discard", "old"},
          {"max_consumers", -1},
          {"max_msgs", -1},
          {"max_bytes", -1},
          {"max_age", 0},
          {"max_msg_size", -1},
          {"storage", settings.memory_storage ? "memory" : "file"},
          {"num_replicas", settings.replicas},
          {"allow_direct", true}};
}

json consumer_config(const StreamSettings& settings, const std::string& name) {
  const auto ack_wait = std::chrono::duration_cast<std::chrono::nanoseconds>(settings.ack_wait);
  const int most = name == settings.refusing_group ? static_cast<int>(settings.max_deliveries) : -1;
  return {{"durable_name", name},         {"deliver_policy", "all"}, {"ack_policy", "explicit"},
          {"ack_wait", ack_wait.count()}, {"max_deliver", most},     {"replay_policy", "instant"},
          {"max_ack_pending", 100'000},   {"num_replicas", 0}};  // 0: those of the stream
}

// NATS keeps no dead letters. It says of each, once, that it was delivered as often as allowed;
// a stream that takes this in is the pattern that its docs recommend.
std::string dead_letter_stream(const StreamSettings& settings) {
  return settings.name + "-dead-letters";
}

json dead_letter_config(const StreamSettings& settings) {
  auto config = stream_config(settings);
  config["name"] = dead_letter_stream(settings);
  config["subjects"] = {fmt::format("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{}.{}",
                                    settings.name, settings.refusing_group)};
  return config;
}

// Of SIGTERM it was 1 before 2.11 (nats-server#6336).
std::set<int> leave_statuses(const NatsVersion& version) {
  if (version < NatsVersion{2, 11, 0}) return {0, 1};
  return {0};
}

// At most once a second.
class Told {
 public:
  explicit Told(const Waiting& waiting) : waiting_(waiting) {}

  void operator()(const std::string& missing) {
    if (!waiting_ || Clock::now() - last_ < 1s) return;
    last_ = Clock::now();
    waiting_(missing);
  }

 private:
  const Waiting& waiting_;
  Clock::time_point last_ = Clock::now() - 1s;
};

// What a server says of its copy; null: nothing.
ReplicaState state_of(const std::string& server, const JetStreamView* view,
                      const std::string& stream) {
  ReplicaState state{.server = server};
  if (view == nullptr) return state;
  state.reachable = true;
  const auto copy = view->streams.find(stream);
  if (copy == view->streams.end()) return state;
  state.has_stream = true;
  state.messages = copy->second.messages;
  state.first_sequence = copy->second.first_sequence;
  state.last_sequence = copy->second.last_sequence;
  state.deleted = copy->second.deleted;
  state.lost = copy->second.lost;
  return state;
}

bool up_to_date(const Peer& peer) { return peer.current && !peer.offline && peer.lag == 0; }

}  // namespace

struct NatsBroker::Implementation {
  Implementation(Cluster& a_cluster, NatsVersion a_version)
      : cluster(a_cluster),
        version(a_version),
        api(client_urls(a_cluster), a_cluster.client_access()) {}

  static std::vector<std::string> client_urls(const Cluster& cluster) {
    std::vector<std::string> urls;
    for (const auto& server : cluster.servers()) urls.push_back(server.client_url);
    return urls;
  }

  static std::optional<std::string> page(const Server& server, const char* path) {
    if (server.monitor) return server.monitor(path, answer_limit);
    auto answer = http_get(server.monitor_url + path, answer_limit);
    if (!answer || answer->status != 200) return {};
    return std::move(answer->body);
  }

  static bool ok(const Server& server, const char* path) { return page(server, path).has_value(); }

  // Only the servers that answer.
  Views views() const {
    Views all;
    for (const auto& server : cluster.servers()) {
      const auto answer = page(server, "/jsz?streams=true&consumers=true");
      if (!answer) continue;
      if (auto view = parse_jsz(*answer)) all[server.name] = std::move(*view);
    }
    return all;
  }

  std::vector<LeadersSeen> leaders(const Views& seen) const {
    std::vector<LeadersSeen> all;
    for (const auto& name : names) {
      LeadersSeen one;
      one.partition = static_cast<std::uint32_t>(all.size()) + 1;
      one.meta = meta_leader(seen);
      one.stream = stream_leader(seen, name);
      for (const auto& group : stream.groups())
        one.consumers[group] = consumer_leader(seen, name, group);
      all.push_back(std::move(one));
    }
    return all;
  }

  // Where there are several partitions every server holds them all.
  void learn_replicas(const Views& seen) {
    const auto leader = stream_leader(seen, names.front());
    if (leader.empty()) return;
    const auto& group = seen.at(leader).streams.at(names.front()).group;
    std::set<std::string> servers{leader};
    for (const auto& peer : group.replicas) servers.insert(peer.name);
    replicas.assign(servers.begin(), servers.end());
  }

  void fail_if_exited() {
    for (const auto& server : cluster.servers()) {
      if (cluster.running(server.name)) continue;
      const auto exit = cluster.last_exit(server.name);
      throw ClusterError(fmt::format("{} exited at start ({}); the end of its log:\n{}",
                                     server.name, exit ? exit->detail : "reason unknown",
                                     cluster.log_tail(server.name, shown_lines)));
    }
  }

  std::string not_ready() const {
    std::string missing;
    for (const auto& server : cluster.servers())
      if (!ok(server, "/healthz")) missing += (missing.empty() ? "" : ", ") + server.name;
    if (!missing.empty()) return missing + " to be healthy";
    return meta_leader(views()).empty() ? "a leader of the metadata group" : "";
  }

  // What runs is what the results will name.
  void fail_if_of_another_version() const {
    for (const auto& server : cluster.servers()) {
      const json seen = json::parse(page(server, "/varz").value_or(""), nullptr, false);
      const std::string said = seen.is_object() ? seen.value("version", "") : "";
      if (version != NatsVersion{} && !said.empty() && parse_nats_version(said) != version)
        throw ClusterError(
            fmt::format("{} is nats-server {}, not {}", server.name, said, to_string(version)));
    }
  }

  // What keeps the stream and its groups from being complete; empty if nothing.
  std::string stream_incomplete() {
    const auto seen = views();
    for (const auto& now : leaders(seen)) {
      if (now.stream.empty()) return "a leader of the stream";
      for (const auto& [group, leader] : now.consumers)
        if (leader.empty()) return "a leader of the consumer group " + group;
      const auto& copy = seen.at(now.stream).streams.at(names[now.partition - 1]);
      if (copy.group.replicas.size() + 1 < stream.replicas) return "all replicas of the stream";
      for (const auto& peer : copy.group.replicas)
        if (!up_to_date(peer)) return peer.name + " to be current";
    }
    return {};
  }

  void step_down(const std::string& name, const std::string& group, const std::string& successor) {
    // Chosen by name since 2.11; before, it falls to any of the others.
    const json body =
        version >= NatsVersion{2, 11, 0} ? json{{"placement", {{"preferred", successor}}}} : json();
    api.request(fmt::format("$JS.API.CONSUMER.LEADER.STEPDOWN.{}.{}", name, group), body, 1s);
  }

  Cluster& cluster;
  NatsVersion version;
  NatsApi api;
  StreamSettings stream;                 // name empty: none yet
  std::vector<std::string> names{""};    // of its partitions
  std::set<std::uint64_t> dead_letters;  // as far as advisories were read
  std::uint64_t next_advisory = 1;
  std::vector<std::string> replicas;  // servers of the stream, as last known
};

BrokerProgram nats_program(const NatsBinary& binary, const std::string& sync_interval) {
  check_nats_settings(binary.version, sync_interval);
  return {.name = "nats",
          .binary = binary.path,
          .image = "nats:" + to_string(binary.version),
          .configuration =
              [sync_interval](const Layout& self, std::span<const Layout> all) {
                return nats_configuration(self, all, sync_interval);
              },
          .arguments =
              [](const std::filesystem::path& configuration) {
                return std::vector<std::string>{"--config", configuration.string()};
              },
          .leave_signal = SIGUSR2,  // lame-duck mode
          .leave_statuses = leave_statuses(binary.version)};
}

NatsBroker::NatsBroker(Cluster& cluster, NatsVersion version)
    : implementation_(std::make_unique<Implementation>(cluster, version)) {}

NatsBroker::~NatsBroker() = default;

std::string NatsBroker::version() { return to_string(implementation_->version); }

void NatsBroker::wait_until_ready(std::chrono::seconds limit, const Waiting& waiting) {
  auto& self = *implementation_;
  const auto deadline = Clock::now() + limit;
  Told told(waiting);
  for (;; std::this_thread::sleep_for(poll_interval)) {
    self.fail_if_exited();
    const auto missing = self.not_ready();
    if (missing.empty()) return self.fail_if_of_another_version();
    if (Clock::now() >= deadline)
      throw ClusterError(
          fmt::format("the cluster is not up after {} s, waiting for {}", limit.count(), missing));
    told(missing);
  }
}

bool NatsBroker::answers(const std::string& name) {
  const auto& servers = implementation_->cluster.servers();
  const auto server = std::ranges::find(servers, name, &Server::name);
  return server != servers.end() && implementation_->ok(*server, "/varz");
}

bool NatsBroker::all_healthy() {
  auto& self = *implementation_;
  if (!self.not_ready().empty()) return false;
  return self.stream.name.empty() || self.stream_incomplete().empty();
}

void NatsBroker::make(const std::string& what, const Waiting& waiting,
                      const std::function<std::optional<std::string>(NatsApi&)>& ask) {
  Told told(waiting);
  std::string problem = "no answer";
  for (const auto deadline = Clock::now() + create_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(poll_interval)) {
    told(what);
    const auto answer = ask(implementation_->api);
    if (!answer) continue;
    if (answer->empty()) return;
    problem = *answer;
  }
  throw ClusterError(what + " could not be created: " + problem);
}

void NatsBroker::make_stream(const StreamSettings& settings, const Waiting& waiting) {
  const auto ask = [&](const std::string& what, const std::string& subject, const json& body) {
    make(what, waiting, [&](NatsApi& api) -> std::optional<std::string> {
      const auto reply = api.request(subject, body, 2s);
      if (!reply) return {};
      return reply->contains("error") ? api_error_text(*reply) : "";
    });
  };
  ask("the stream " + settings.name, "$JS.API.STREAM.CREATE." + settings.name,
      stream_config(settings));
  if (!settings.refusing_group.empty())
    ask("the stream of dead letters", "$JS.API.STREAM.CREATE." + dead_letter_stream(settings),
        dead_letter_config(settings));
  for (const auto& group : settings.groups())
    ask("the consumer group " + group,
        fmt::format("$JS.API.CONSUMER.DURABLE.CREATE.{}.{}", settings.name, group),
        {{"stream_name", settings.name}, {"config", consumer_config(settings, group)}});
}

void NatsBroker::create_stream(const StreamSettings& settings, const Waiting& waiting) {
  auto& self = *implementation_;
  Told told(waiting);
  self.stream = settings;
  self.names = stream_names(settings);
  self.dead_letters.clear();
  self.next_advisory = 1;
  self.replicas.clear();
  make_stream(settings, waiting);
  std::string missing;
  for (const auto deadline = Clock::now() + create_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(poll_interval)) {
    missing = self.stream_incomplete();
    if (!missing.empty()) {
      told(missing);
      continue;
    }
    self.learn_replicas(self.views());
    return;
  }
  throw ClusterError("the stream was created, but did not become ready: waiting for " + missing);
}

std::vector<LeadersSeen> NatsBroker::all_leaders() {
  return implementation_->leaders(implementation_->views());
}

std::vector<std::string> NatsBroker::replica_servers() {
  auto& self = *implementation_;
  self.learn_replicas(self.views());
  return self.replicas;
}

bool NatsBroker::stream_absent(std::uint32_t partition) {
  auto& self = *implementation_;
  if (meta_leader(self.views()).empty()) return false;
  const auto& name = self.names.at(partition - 1);
  const auto reply = self.api.request("$JS.API.STREAM.INFO." + name, {}, answer_limit);
  return reply && api_error(*reply) == stream_not_found;
}

std::vector<ReplicaState> NatsBroker::replica_states() {
  auto& self = *implementation_;
  const auto seen = self.views();
  std::vector<ReplicaState> states;
  for (std::uint32_t partition = 1; partition <= self.names.size(); ++partition)
    for (const auto& server : self.cluster.servers()) {
      const auto view = seen.find(server.name);
      states.push_back(state_of(server.name, view == seen.end() ? nullptr : &view->second,
                                self.names[partition - 1]));
      states.back().partition = partition;
    }
  return states;
}

DataFiles NatsBroker::data_files(DataFile kind) const {
  const auto of_streams = [this](const std::string& files) {
    std::vector<std::string> patterns;
    for (const auto& name : implementation_->names)
      patterns.push_back("jetstream/*/streams/" + name + "/msgs/" + files);
    return patterns;
  };
  switch (kind) {
    case DataFile::block:
      return {.patterns = of_streams("*.blk"), .last_is_open = true};
    case DataFile::index: {
      // That of a young stream is written when it stops in good order, those of its groups
      // with each snapshot.
      auto patterns = of_streams("index.db");
      patterns.emplace_back("jetstream/$SYS/_js_/*/msgs/index.db");
      return {.patterns = patterns};
    }
    case DataFile::snapshot:
      return {.patterns = {"jetstream/$SYS/_js_/*/snapshots/snap.*"}};
  }
  throw std::logic_error("files that nobody knows");
}

bool NatsBroker::remove_stream(std::chrono::seconds limit) {
  auto& self = *implementation_;
  for (const auto deadline = Clock::now() + limit;;) {
    const auto reply = self.api.request("$JS.API.STREAM.DELETE." + self.names.front(), {}, 2s);
    if (reply && (!reply->contains("error") || api_error(*reply) == stream_not_found)) return true;
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(poll_interval);
  }
}

bool NatsBroker::step_down(std::chrono::milliseconds limit) {
  auto& self = *implementation_;
  const auto reply =
      self.api.request("$JS.API.STREAM.LEADER.STEPDOWN." + self.names.front(), {}, limit);
  return reply && reply->is_object() && reply->value("success", false);
}

std::optional<std::string> NatsBroker::request(const std::string& subject, const std::string& body,
                                               std::chrono::milliseconds limit) {
  const auto& cluster = implementation_->cluster;
  return NatsApi(Implementation::client_urls(cluster), cluster.client_access())
      .request_raw(subject, body, limit);
}

DeadLetters NatsBroker::dead_letters(std::uint32_t) {
  auto& self = *implementation_;
  const auto name = dead_letter_stream(self.stream);
  const auto info = self.api.request("$JS.API.STREAM.INFO." + name, {}, answer_limit);
  const auto last = info ? number_at(*info, "/state/last_seq") : std::nullopt;
  if (!last) return {.unknown = "the stream of advisories, " + name + ", does not answer"};
  for (auto& at = self.next_advisory; at <= *last; ++at) {
    const auto advisory =
        self.api.request("$JS.API.DIRECT.GET." + name, {{"seq", at}}, answer_limit);
    // Of io.nats.jetstream.advisory.v1.max_deliver; it may be told of one message twice.
    const auto sequence = advisory ? number_at(*advisory, "/stream_seq") : std::nullopt;
    if (!sequence) return {.unknown = fmt::format("advisory {} of {} cannot be read", at, name)};
    self.dead_letters.insert(*sequence);
  }
  return {.sequences = self.dead_letters};
}

bool NatsBroker::gather_leaders(std::chrono::seconds limit, const Waiting& waiting) {
  auto& self = *implementation_;
  Told told(waiting);
  constexpr auto settle = 2s;  // an election after a step-down takes less
  std::map<std::pair<std::uint32_t, std::string>, Clock::time_point> asked;
  for (const auto deadline = Clock::now() + limit; Clock::now() < deadline;
       std::this_thread::sleep_for(poll_interval)) {
    told("the groups' leaders to move to the stream's");
    bool gathered = true;
    for (const auto& now : all_leaders()) {
      gathered = gathered && !now.stream.empty();
      for (const auto& [group, leader] : now.consumers) {
        if (now.stream.empty() || leader == now.stream) continue;
        gathered = false;
        auto& last = asked[{now.partition, group}];
        if (leader.empty() || Clock::now() - last < settle) continue;
        last = Clock::now();
        self.step_down(self.names[now.partition - 1], group, now.stream);
      }
    }
    if (gathered) return true;
  }
  return false;
}

}  // namespace faultline
