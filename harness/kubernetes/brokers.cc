#include "harness/kubernetes/brokers.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "harness/cluster/log_tail.h"
#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"
#include "harness/kubernetes/asked.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/drain.h"
#include "harness/kubernetes/manifests.h"
#include "harness/kubernetes/pod.h"
#include "harness/kubernetes/pod_exits.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto start_limit = 120s;
constexpr auto delete_limit = 60s;
constexpr auto look_interval = 250ms;
constexpr std::size_t shown_lines = 10;
constexpr std::uint16_t client_port = 4222, cluster_port = 6222, monitor_port = 8222;
constexpr std::uint16_t ui_port = 9000, websocket_port = 7770;

struct Member {
  Server server;
  BrokerPlace place;
};

}  // namespace

struct KubernetesBrokers::Implementation {
  Implementation(Kubernetes& an_api, KubernetesBrokersOptions some_options, ClientAccess an_access)
      : api(an_api),
        options(std::move(some_options)),
        access(std::move(an_access)),
        namespace_name("faultline-" + options.run_id) {}

  ~Implementation() {
    keep_logs();
    for (const auto& member : members) try_to([&] { uncordon_node(member.place.node); });
    try_to([&] { remove_run(api, namespace_name, options.run_id, delete_limit); });
  }

  template <class Action>
  void try_to(const Action& action) const {
    try {
      action();
    } catch (const std::exception& error) {
      options.progress(std::string("left in the cluster: ") + error.what());
    }
  }

  std::string path(const std::string& resource, const std::string& name = "") const {
    return resource_path("v1", namespace_name, resource, name);
  }

  void deploy(const BrokerProgram& program) {
    options.undo_first({"namespace " + namespace_name + " removed",
                        {},
                        {},
                        {{KubernetesUndo::Action::remove_run, options.kubeconfig.string(),
                          api.access().context, namespace_name, options.run_id}}});
    lay_out(program);
    create_objects(program);
    if (program.one_by_one) add_the_others();
    wait_until_running();
  }

  void add_the_others() {
    for (std::size_t running = 1; running < members.size(); ++running) {
      wait_until_ready(servers[running - 1].name);
      api.patch(resource_path("apps/v1", namespace_name, "statefulsets", options.product),
                {{"spec", {{"replicas", running + 1}}}});
    }
  }

  void lay_out(const BrokerProgram& program) {
    for (std::size_t i = 0; i < options.places.size(); ++i) {
      const auto& place = options.places[i];
      const auto name = fmt::format("{}-{}", options.product, i);
      fs::create_directories(log_file(name).parent_path());
      members.push_back(
          {{name, "nats://" + place.client_address, "http://" + place.monitor_address}, place});
      if (program.has_ui) members.back().server.ui = ui_of(name);
      servers.push_back(members.back().server);
    }
  }

  // Its port is mapped to nowhere.
  MonitorPage ui_of(const std::string& server) {
    const auto proxy = fmt::format("{}:{}/proxy", path("pods", server), ui_port);
    return [this, proxy](const std::string& page,
                         std::chrono::milliseconds) -> std::optional<std::string> {
      try {
        return api.text(proxy + page);
      } catch (const std::exception&) {
        return {};
      }
    };
  }

  fs::path log_file(const std::string& server) const {
    return options.folder / "brokers" / server / (options.product + ".log");
  }

  std::vector<Layout> layouts() const {
    std::vector<Layout> all;
    for (const auto& member : members) {
      Layout layout;
      layout.name = member.server.name;
      layout.data = "/data";
      layout.host = fmt::format("{}.{}", member.server.name, options.product);
      layout.listen = "0.0.0.0";
      layout.client_port = client_port;
      layout.cluster_port = cluster_port;
      layout.monitor_port = monitor_port;
      layout.ui_port = ui_port;
      layout.websocket_port = websocket_port;
      all.push_back(layout);
    }
    return all;
  }

  std::map<std::string, json> values() const {
    std::map<std::string, json> all{{"namespace", namespace_name},
                                    {"run", options.run_id},
                                    {"image", options.image},
                                    {"control_plane", options.control_plane},
                                    {"brokers", members.size()}};
    for (const auto& [name, image] : options.other_images) all[name] = image;
    return all;
  }

  void create_objects(const BrokerProgram& program) {
    const fs::path folder = FAULTLINE_KIND_CONFIG;
    for (auto& object : read_manifests(folder / "storage-class.yaml", {}))
      api.create_from_manifest(object);
    auto whole = read_manifests(folder / options.product / "cluster.yaml", values());
    // What the pods need comes before the pods, and the brokers come last.
    std::ranges::stable_partition(whole, [](const json& o) { return o["kind"] != "StatefulSet"; });
    for (auto& object : whole) {
      const bool pods = object["kind"] == "StatefulSet";
      const bool brokers = pods && object["metadata"]["name"] == options.product;
      if (brokers) create_own_objects(folder);
      if (brokers && program.one_by_one) object["spec"]["replicas"] = 1;
      if (object["kind"] == "ConfigMap") object["data"] = configurations(program);
      if (object["kind"] == "Secret") object["stringData"] = environment(program);
      if (object["kind"] == "PodDisruptionBudget") object["apiVersion"] = api.budget_version();
      create(object);
      if (pods && !brokers)
        wait_until_ready(object["metadata"]["name"].get<std::string>() + "-0");
    }
  }

  json environment(const BrokerProgram& program) const {
    return program.environment ? json(program.environment(layouts().front())) : json::object();
  }

  void create_own_objects(const fs::path& folder) {
    for (const auto& member : members) {
      auto own = values();
      own["server"] = member.server.name;
      own["worker"] = member.place.node;
      own["volume_path"] = member.place.data;
      own["client_node_port"] = member.place.client_node_port;
      own["monitor_node_port"] = member.place.monitor_node_port;
      const char* volume = member.place.volume == nullptr ? "shared-volume.yaml" : "volume.yaml";
      for (const char* file : {"service.yaml", volume})
        for (auto& object : read_manifests(folder / "broker" / file, own)) create(object);
    }
  }

  void create(json& object) {
    label_as_run(object, options.run_id);
    try {
      api.create_from_manifest(object);
    } catch (const KubernetesError& error) {
      throw ClusterError(error.what());
    }
  }

  json configurations(const BrokerProgram& program) const {
    const auto all = layouts();
    json data;
    for (const auto& layout : all) {
      const auto text = program.configuration(layout, all);
      data[layout.name + ".conf"] = text;
      std::ofstream(options.folder / "brokers" / layout.name / (options.product + ".conf")) << text;
    }
    return data;
  }

  void wait_until_running() {
    wait_for([&]() -> std::string {
      std::string missing;
      const auto pods = look();
      for (const Server& server : servers) {
        const std::string& name = server.name;
        const auto pod = pods.find(name);
        if (pod != pods.end() && pod->second.running) {
          pod_exits.see(name, pod->second);
          continue;
        }
        if (pod != pods.end()) fail_if_hopeless(pod->second);
        if (missing.empty()) missing = name + " to run" + waits_for(pods, name);
      }
      return missing;
    });
  }

  void wait_until_ready(const std::string& name) {
    wait_for([&]() -> std::string {
      const auto pods = look();
      const auto pod = pods.find(name);
      if (pod != pods.end() && pod->second.ready) return "";
      if (pod != pods.end()) fail_if_hopeless(pod->second);
      return name + " to be ready" + waits_for(pods, name);
    });
  }

  static std::string waits_for(const std::map<std::string, Pod>& pods, const std::string& name) {
    const auto pod = pods.find(name);
    return pod == pods.end() || pod->second.waiting.empty() ? "" : ": " + pod->second.waiting;
  }

  // Until nothing is missing.
  void wait_for(const std::function<std::string()>& look_for_missing) {
    std::string missing;
    auto told = Clock::now() - 1s;
    for (const auto deadline = Clock::now() + start_limit; Clock::now() < deadline;
         std::this_thread::sleep_for(look_interval)) {
      if (options.cancelled && options.cancelled()) throw ClusterError("interrupted");
      missing = look_for_missing();
      if (missing.empty()) return;
      if (Clock::now() - told < 5s) continue;
      told = Clock::now();
      options.progress("waiting for " + missing);
    }
    throw ClusterError(fmt::format("the pods do not start within {} s: waiting for {}",
                                   start_limit.count(), missing));
  }

  void fail_if_hopeless(const Pod& pod) {
    if (pod.waiting.starts_with("InvalidImageName") || pod.waiting.starts_with("ErrImageNeverPull"))
      throw ClusterError(fmt::format("{} cannot run: {}", pod.name, pod.waiting));
    if (pod.restarts > 0 && !pod.running)
      throw ClusterError(fmt::format("{} exited at start ({}); the end of its log:\n{}", pod.name,
                                     pod.ended, log_of(pod.name, shown_lines, true)));
  }

  // By name. Those that were asked to leave are still there until they are gone.
  std::map<std::string, Pod> look() {
    std::map<std::string, Pod> pods;
    for (const auto& object : api.list(path("pods"))) {
      auto pod = read_pod(object);
      pods[pod.name] = std::move(pod);
    }
    return pods;
  }

  static Query log_query(bool previous) { return previous ? Query{{"previous", "true"}} : Query{}; }

  std::string log_of(const std::string& server, std::size_t lines, bool previous = false) {
    try {
      Query query = log_query(previous);
      query["tailLines"] = std::to_string(lines);
      return api.text(path("pods", server) + "/log", query);
    } catch (const KubernetesError& error) {
      return error.what();
    }
  }

  // The log dies with the pod, so it is kept before. That of the container before the one
  // that runs is there for as long as that one runs.
  void keep_log(const std::string& server, bool previous = false) {
    try {
      const auto text = api.text(path("pods", server) + "/log", log_query(previous));
      std::ofstream(log_file(server), std::ios::app) << text;
    } catch (const KubernetesError&) {  // there may be no container just now
    }
  }

  void keep_logs() {
    for (const auto& member : members) keep_log(member.server.name);
  }

  void cordon_node(const std::string& node) {
    options.undo_first({"node " + node + " takes pods again",
                        {},
                        {},
                        {{KubernetesUndo::Action::uncordon, options.kubeconfig.string(),
                          api.access().context, node, options.run_id}}});
    cordon(api, node, options.run_id);
  }

  void uncordon_node(const std::string& node) { uncordon(api, node, options.run_id); }

  void delete_pod(const std::string& server, int grace) {
    const auto found = api.find(path("pods", server));
    if (!found) return;
    api.remove(path("pods", server), {grace, (*found)["metadata"]["uid"].get<std::string>(), true});
  }

  // Held down: the pod that takes its place finds no node. `end` says how it ended it.
  void take_down(const std::string& name, const std::function<std::string(const Member&)>& end) {
    Member member = copy(name);
    const auto pod = find(name);
    keep_log(name);
    pod_exits.expect(name);
    cordon_node(member.place.node);
    const auto how = end(member);
    pod_exits.note({name, true, false, how, pod ? process_of(*pod) : "pod " + name});
  }

  void kill(const std::string& name) {
    const bool inside = copy(name).place.volume != nullptr;
    take_down(name, [&](const Member& member) -> std::string {
      const auto killed = inside ? member.place.volume->kill_holders() : "";
      delete_pod(name, 0);
      if (killed.empty()) return "its pod deleted with grace 0";
      return fmt::format("signal 9 to {}, and its pod deleted", killed);
    });
    wait_until_gone(name, delete_limit);
    if (inside) copy(name).place.volume->kill_holders();  // one that was started meanwhile
  }

  void cut_power(const std::string& name) {
    const Member member = copy(name);
    if (member.place.volume == nullptr)
      throw ClusterError("there is no way into the worker of " + name);
    pod_exits.expect(name);
    member.place.volume->cut_power();
  }

  void stop(const std::string& name, std::chrono::seconds grace) {
    const auto pod = find(name);
    const auto begin = Clock::now();
    take_down(name, [&](const Member&) {
      delete_pod(name, static_cast<int>(grace.count()));
      return "its pod deleted with grace";
    });
    wait_until_gone(name, grace + delete_limit);
    if (Clock::now() - begin >= grace)  // by then the kubelet kills
      pod_exits.note({name, true, true, "its pod deleted, and not gone within its grace",
                      pod ? process_of(*pod) : "pod " + name});
  }

  void crash(const std::string& name) {
    const Member member = copy(name);
    if (member.place.volume == nullptr)
      throw ClusterError("there is no way into the worker of " + name);
    const auto pod = find(name);
    keep_log(name);
    pod_exits.expect(name);
    const auto killed = member.place.volume->kill_holders();
    if (killed.empty()) throw ClusterError("nobody has the volume of " + name + " mounted");
    pod_exits.note(
        {name, true, false, "signal 9 to " + killed, pod ? process_of(*pod) : "pod " + name});
  }

  void start(const std::string& name) {
    uncordon_node(copy(name).place.node);
    const auto pod = find(name);
    if (pod && !pod->running && !pod->node.empty()) delete_pod(name, 0);
  }

  DrainReport drain(const std::string& name, std::chrono::milliseconds limit) {
    const auto pod = find(name);
    const auto node = place_again(name, pod);
    keep_log(name);
    pod_exits.expect(name);
    cordon_node(node);
    DrainOptions drain_options;
    drain_options.limit = limit;
    drain_options.cancelled = options.cancelled;
    const auto emptied = drain_node(api, node, drain_options);
    const auto own = namespace_name + "/" + name;
    const bool left = std::ranges::count(emptied.gone, own) != 0;
    const bool held_off = std::ranges::count(emptied.held_off, own) != 0;
    if (left)
      pod_exits.note({name, true, false, "evicted", pod ? process_of(*pod) : "pod " + name});
    if (held_off) pod_exits.expect_no_more(name);  // else it goes yet, though late
    return {emptied.complete(), held_off, describe(emptied, node, limit)};
  }

  // A volume that every worker reaches leaves it to Kubernetes where the pod is.
  std::string place_again(const std::string& name, const std::optional<Pod>& pod) {
    const std::lock_guard lock(mutex);
    auto& place = of(name).place;
    if (place.volume == nullptr && pod && !pod->node.empty()) place.node = pod->node;
    return place.node;
  }

  bool drained(const std::string& name) {
    return api.get("/api/v1/nodes/" + copy(name).place.node)["spec"].value("unschedulable", false);
  }

  // Its container, as far as anybody can see.
  void wait_until_gone(const std::string& name, std::chrono::seconds limit) {
    for (const auto deadline = Clock::now() + limit; Clock::now() < deadline;
         std::this_thread::sleep_for(look_interval)) {
      const auto pod = find(name);
      if (!pod || (!pod->deleting && !pod->running)) return;
    }
    throw ClusterError(fmt::format("{} is not gone after {} s", name, limit.count()));
  }

  std::optional<Pod> find(const std::string& name) {
    const auto object = api.find(path("pods", name));
    if (!object) return {};
    return read_pod(*object);
  }

  bool running(const std::string& name) {
    const Member member = copy(name);
    if (member.place.worker && member.place.worker->state() != "running") return false;
    const auto pod = find(name);
    return pod && pod->running && !pod->deleting;
  }

  // What became of each since the last look; at most once a second.
  void observe() {
    {
      const std::lock_guard lock(mutex);
      if (Clock::now() - last_look < 1s) return;
      last_look = Clock::now();
    }
    // A machine that is missed for long enough is given up, and its broker ended when it comes
    // back: no exit of its own.
    std::set<std::string> without_worker;
    for (const auto& member : members)
      if (member.place.worker && member.place.worker->state() != "running")
        without_worker.insert(member.server.name);
    const auto pods = look();
    look_at_nodes();
    for (const auto& member : members) {
      const auto& name = member.server.name;
      if (without_worker.contains(name)) pod_exits.expect(name);
      if (const auto pod = pods.find(name); pod != pods.end())
        if (pod_exits.see(name, pod->second)) keep_log(name, true);
    }
  }

  void look_at_nodes() {
    for (const json& node : api.list("/api/v1/nodes")) {
      const std::string name = node["metadata"]["name"];
      std::string problem = "unknown";
      for (const json& condition : node["status"].value("conditions", json::array()))
        if (condition["type"] == "Ready")
          problem = condition["status"] == "True" ? "" : condition.value("reason", "no reason");
      const std::lock_guard lock(mutex);
      auto& known = node_problems[name];
      if (known == problem) continue;
      unread_notes.push_back(problem.empty()
                                 ? fmt::format("node {} is Ready again", name)
                                 : fmt::format("node {} is not Ready: {}", name, problem));
      known = problem;
    }
  }

  Member& of(const std::string& name) {
    const auto found = std::ranges::find_if(
        members, [&](const Member& member) { return member.server.name == name; });
    if (found == members.end()) throw ClusterError("there is no server " + name);
    return *found;
  }

  Member copy(const std::string& name) {
    const std::lock_guard lock(mutex);
    return of(name);
  }

  Kubernetes& api;
  const KubernetesBrokersOptions options;
  const ClientAccess access;
  const std::string namespace_name;
  std::vector<Server> servers;

  PodExits pod_exits;

  std::mutex mutex;  // guards what follows
  std::vector<Member> members;
  std::vector<std::string> unread_notes;
  std::map<std::string, std::string> node_problems;  // node -> why it is not Ready
  Clock::time_point last_look{};
};

KubernetesBrokers::KubernetesBrokers(Kubernetes& api, const BrokerProgram& program,
                                     KubernetesBrokersOptions options)
    : implementation_(std::make_unique<Implementation>(api, std::move(options), program.access)) {
  asked([&] { implementation_->deploy(program); });
}

KubernetesBrokers::~KubernetesBrokers() = default;

const std::vector<Server>& KubernetesBrokers::servers() const { return implementation_->servers; }

void KubernetesBrokers::start(const std::string& server) {
  asked([&] { implementation_->start(server); });
}

void KubernetesBrokers::expect_exit(const std::string& server) {
  implementation_->pod_exits.expect(server);
}

void KubernetesBrokers::crash(const std::string& server) {
  asked([&] { implementation_->crash(server); });
}

void KubernetesBrokers::cut_power(const std::string& server) {
  asked([&] { implementation_->cut_power(server); });
}

void KubernetesBrokers::release(const std::string& server) {
  asked([&] { implementation_->uncordon_node(implementation_->copy(server).place.node); });
}

DrainReport KubernetesBrokers::drain(const std::string& server, std::chrono::milliseconds limit) {
  return asked([&] { return implementation_->drain(server, limit); });
}

void KubernetesBrokers::kill(const std::string& server) {
  asked([&] { implementation_->kill(server); });
}

void KubernetesBrokers::stop(const std::string& server, std::chrono::seconds grace) {
  asked([&] { implementation_->stop(server, grace); });
}

bool KubernetesBrokers::drained(const std::string& server) {
  return asked([&] { return implementation_->drained(server); });
}

bool KubernetesBrokers::running(const std::string& server) {
  return asked([&] { return implementation_->running(server); });
}

std::vector<Exit> KubernetesBrokers::exits() {
  asked([&] { implementation_->observe(); });
  return implementation_->pod_exits.take();
}

std::vector<std::string> KubernetesBrokers::notes() {
  const std::lock_guard lock(implementation_->mutex);
  return std::exchange(implementation_->unread_notes, {});
}

std::string KubernetesBrokers::why_down(const std::string& server) {
  return asked([&] {
    const auto pod = implementation_->find(server);
    return pod ? state_of(*pod) : "pod " + server + " is not there";
  });
}

std::string KubernetesBrokers::log_tail(const std::string& server, std::size_t lines) {
  return implementation_->log_of(server, lines);
}

std::string KubernetesBrokers::process(const std::string& server) {
  return asked([&] {
    const auto pod = implementation_->find(server);
    return pod && pod->running ? process_of(*pod) : std::string();
  });
}

std::optional<Exit> KubernetesBrokers::last_exit(const std::string& server) {
  return implementation_->pod_exits.last(server);
}

Worker* KubernetesBrokers::worker_of(const std::string& server) {
  return implementation_->copy(server).place.worker;
}

ClientAccess KubernetesBrokers::client_access() const { return implementation_->access; }

const Volume* KubernetesBrokers::volume_of(const std::string& server) {
  return implementation_->copy(server).place.volume;
}

}  // namespace faultline
