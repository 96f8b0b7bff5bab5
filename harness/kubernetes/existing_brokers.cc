#include "harness/kubernetes/existing_brokers.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "harness/cluster/program.h"
#include "harness/kubernetes/agent_pod.h"
#include "harness/kubernetes/asked.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/drain.h"
#include "harness/kubernetes/existing_worker.h"
#include "harness/kubernetes/guard.h"
#include "harness/kubernetes/object.h"
#include "harness/kubernetes/perform_undo.h"
#include "harness/kubernetes/placement.h"
#include "harness/kubernetes/pod.h"
#include "harness/kubernetes/pod_exits.h"
#include "harness/kubernetes/rules.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// With 0 the API server would forget the pod before its container has ended; the
// kubelet takes the same two seconds for both, and with 1 it tells when it is done.
constexpr int least_grace = 1;
constexpr auto delete_limit = 60s;
constexpr auto look_interval = 250ms;
constexpr auto answer_limit = 2s;

// Of several containers the broker's one.
Pod broker_pod(json object, const std::string& container) {
  const json::json_pointer where("/status/containerStatuses");
  if (!container.empty() && object.contains(where) && object[where].is_array()) {
    json own = json::array();
    for (const json& one : object[where])
      if (one.value("name", "") == container) own.push_back(one);
    object[where] = own;
  }
  return read_pod(object);
}

std::string pods_path(const ExistingBrokersPlace& place, const std::string& pod = "") {
  return resource_path("v1", place.namespace_name, "pods", pod);
}

MonitorPage monitor_of(Kubernetes& monitor, const ExistingBrokersPlace& place,
                       const std::string& pod) {
  const auto proxy = fmt::format("{}/{}:{}/proxy", pods_path(place), pod, place.monitor_port);
  // The client that asks has a limit of its own.
  return [&monitor, proxy](const std::string& path,
                           std::chrono::milliseconds) -> std::optional<std::string> {
    try {
      return monitor.text(proxy + path);
    } catch (const std::exception&) {
      return {};
    }
  };
}

struct Member {
  ExistingBroker broker;
  Server server;
  std::set<std::string> held;  // nodes that were cordoned to hold it down
};

}  // namespace

std::vector<ExistingBroker> find_existing_brokers(Kubernetes& reader, Kubernetes& monitor,
                                                  const ExistingBrokersPlace& place) {
  return asked([&] {
    const auto pods =
        reader.list(pods_path(place), {{"labelSelector", selector_text(place.selector)}});
    if (pods.empty())
      throw ClusterError(fmt::format("no pod in '{}' carries {} (brokers.selector)",
                                     place.namespace_name, selector_text(place.selector)));
    const auto nodes = reader.list("/api/v1/nodes");
    std::vector<ExistingBroker> brokers;
    for (const json& object : pods) {
      const Pod pod = broker_pod(object, place.container);
      if (!pod.running || pod.deleting)
        throw ClusterError(fmt::format("the broker's pod {} does not run{}{}", pod.name,
                                       pod.waiting.empty() ? "" : ": ", pod.waiting));
      const auto page = monitor_of(monitor, place, pod.name)("/varz", answer_limit);
      const json seen = json::parse(page.value_or(""), nullptr, false);
      if (!seen.is_object() || seen.value("server_name", "").empty())
        throw ClusterError(fmt::format(
            "the pod {} does not answer at its monitoring port {}: is it nats-server, with "
            "http_port set (brokers.monitor_port), and may pods/proxy be read?",
            pod.name, place.monitor_port));
      brokers.push_back({pod.name, pod.uid, pod.node, seen["server_name"],
                         seen.value("version", ""),
                         other_nodes_for(object, nodes, pods, volumes_of(reader, object))});
    }
    std::ranges::sort(brokers, {}, &ExistingBroker::pod);
    return brokers;
  });
}

struct ExistingBrokers::Implementation {
  Implementation(Kubernetes& an_api, Kubernetes& monitor, ExistingBrokersPlace a_place,
                 const std::vector<ExistingBroker>& brokers, ExistingBrokersOptions some_options)
      : api(an_api), place(std::move(a_place)), options(std::move(some_options)) {
    for (const auto& broker : brokers) {
      Member member;
      member.broker = broker;
      member.server = {broker.server, url_of(broker.pod),
                       fmt::format("pod {}, port {}", broker.pod, place.monitor_port),
                       monitor_of(monitor, place, broker.pod), place.client.urls.empty()};
      servers.push_back(member.server);
      members.push_back(std::move(member));
      std::filesystem::create_directories(log_file(broker.server).parent_path());
    }
    observe();
  }

  ~Implementation() {
    for (const auto& member : members) keep_log(member.server.name);
    const std::lock_guard lock(changing);
    for (const auto& problem : uncordon_all())
      options.progress("left in the cluster, see 'faultline heal': " + problem);
  }

  std::string url_of(const std::string& pod) const {
    if (place.client.urls.empty()) return place.client.url;
    const auto found = place.client.urls.find(pod);
    if (found == place.client.urls.end())
      throw ClusterError(fmt::format("brokers.client.urls has no URL of the pod {}", pod));
    return found->second;
  }

  std::filesystem::path log_file(const std::string& server) const {
    return options.folder / "brokers" / server / "nats.log";
  }

  Query log_query(bool previous = false) const {
    Query query;
    if (!place.container.empty()) query["container"] = place.container;
    if (previous) query["previous"] = "true";
    return query;
  }

  // The log dies with the pod, so it is kept before; only what this run caused.
  void keep_log(const std::string& server, bool previous = false) {
    try {
      Query query = log_query(previous);
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began);
      query["sinceSeconds"] = std::to_string(age.count() + 1);
      const auto text = api.text(pods_path(place, copy(server).broker.pod) + "/log", query);
      std::ofstream(log_file(server), std::ios::app) << text;
    } catch (const std::exception&) {  // there may be no container just now, or no permission
    }
  }

  std::optional<json> find_object(const std::string& name) {
    return api.find(pods_path(place, copy(name).broker.pod));
  }

  std::optional<Pod> find(const std::string& name) {
    const auto object = find_object(name);
    if (!object) return {};
    return broker_pod(*object, place.container);
  }

  // Its own node and wherever else it could be started.
  void hold_down(const std::string& name, const json& pod) {
    const auto nodes = api.list("/api/v1/nodes");
    const auto others =
        api.list(pods_path(place), {{"labelSelector", selector_text(place.selector)}});
    auto wanted = other_nodes_for(pod, nodes, others, volumes_of(api, pod));
    wanted.insert(wanted.begin(), pod["spec"].value("nodeName", ""));
    for (const auto& node : wanted) cordon_node(name, node);
  }

  void cordon_node(const std::string& name, const std::string& node) {
    const std::lock_guard lock(changing);
    if (healed) throw ClusterError("not struck any more: the run was ended");
    if (node.empty()) throw ClusterError("the pod of " + name + " is on no node");
    {
      const std::lock_guard own(mutex);
      of(name).held.insert(node);
    }
    options.undo_first({"node " + node + " takes pods again",
                        {},
                        {},
                        {{KubernetesUndo::Action::uncordon, options.kubeconfig.string(),
                          api.access().context, node, options.run_id}}});
    cordon(api, node, options.run_id);
  }

  // What agents did is undone by the journal at the end of every run; here for an end
  // before that.
  void keep_undo_of_agent(const Undo& undo) {
    const std::lock_guard lock(changing);
    if (healed) throw ClusterError("not struck any more: the run was ended");
    undos_of_agents.push_back(undo);
    options.undo_first(undo);
  }

  // Of the pod as it is now: it may have moved. Null: there is no way into the node.
  ExistingWorker* worker_of(const json& pod) {
    if (!options.inside) return nullptr;
    const auto node = text_at(pod, "/spec/nodeName");
    std::vector<std::string> addresses;
    for (const json& one : list_at(pod, "/status/podIPs")) addresses.push_back(text_at(one, "/ip"));
    if (node.empty() || addresses.empty())
      throw ClusterError(fmt::format("the pod {} has no node or no address", name_of(pod)));
    const std::lock_guard lock(mutex);
    auto& worker = workers[{node, addresses}];
    if (!worker)
      worker = std::make_unique<ExistingWorker>(
          options.inside(node), addresses, options.longest_hold,
          [this](const Undo& undo) { keep_undo_of_agent(undo); }, agents);
    return worker.get();
  }

  // SIGKILL to the broker's container; with `and_successors` it stays down for the ten
  // seconds that Kubernetes then waits. Returns who was killed.
  std::string kill_inside(const json& object, bool and_successors) {
    const Pod pod = broker_pod(object, place.container);
    ExistingWorker* worker = worker_of(object);
    if (worker == nullptr) throw ClusterError("there is no way into the node " + pod.node);
    worker->undo_first();
    const auto command = kill_container(pod.container, and_successors ? pod.uid : "");
    return enumerated(worker->act(command));
  }

  void crash(const std::string& name) {
    const auto object = find_object(name);
    if (!object) throw ClusterError("there is no pod of " + name);
    keep_log(name);
    pod_exits.expect(name);
    const auto killed = kill_inside(*object, false);
    pod_exits.note({name, true, false, "signal 9 to " + killed,
                    process_of(broker_pod(*object, place.container))});
  }

  // The pod that takes its place finds no node.
  void take_down(const std::string& name, int grace, std::string how, bool by_agent = false) {
    const auto object = find_object(name);
    if (!object) throw ClusterError("there is no pod of " + name);
    const Pod pod = broker_pod(*object, place.container);
    keep_log(name);
    pod_exits.expect(name);
    hold_down(name, *object);
    if (by_agent)
      how = fmt::format("signal 9 to {}, and its pod deleted", kill_inside(*object, true));
    {
      const std::lock_guard lock(changing);
      if (healed) throw ClusterError("not struck any more: the run was ended");
      api.remove(pods_path(place, pod.name), {grace, pod.uid, true});
    }
    pod_exits.note({name, true, false, how, process_of(pod)});
    wait_until_gone(name, pod.uid, std::chrono::seconds(grace) + delete_limit);
  }

  DrainReport drain(const std::string& name, std::chrono::milliseconds limit) {
    const auto pod = find(name);
    if (!pod) throw ClusterError("there is no pod of " + name);
    keep_log(name);
    pod_exits.expect(name);
    cordon_node(name, pod->node);
    DrainOptions drain_options;
    drain_options.limit = limit;
    drain_options.cancelled = [this] {
      const std::lock_guard lock(changing);
      return healed || (options.cancelled && options.cancelled());
    };
    const auto emptied = drain_node(api, pod->node, drain_options);
    const auto own = place.namespace_name + "/" + pod->name;
    const bool left = std::ranges::count(emptied.gone, own) != 0;
    const bool held_off = std::ranges::count(emptied.held_off, own) != 0;
    if (left) pod_exits.note({name, true, false, "evicted", process_of(*pod)});
    if (held_off) pod_exits.expect_no_more(name);  // else it goes yet, though late
    return {emptied.complete(), held_off, describe(emptied, pod->node, limit)};
  }

  bool drained(const std::string& name) {
    const auto held = copy(name).held;
    return std::ranges::any_of(held, [this](const std::string& node) {
      return api.get("/api/v1/nodes/" + node)["spec"].value("unschedulable", false);
    });
  }

  // Of the same name there may be another by then, which waits for a node. One whose container
  // has ended is gone, though a kubelet may take a minute more to clean up after it.
  void wait_until_gone(const std::string& name, const std::string& uid,
                       std::chrono::seconds limit) {
    for (const auto deadline = Clock::now() + limit; Clock::now() < deadline;
         std::this_thread::sleep_for(look_interval)) {
      const auto pod = find(name);
      if (!pod || (!pod->running && (pod->uid != uid || pod->deleting))) return;
      if (pod->uid != uid)
        throw ClusterError(
            fmt::format("{} is not held down: its pod was started again on {}", name, pod->node));
      if (options.cancelled && options.cancelled()) return;
    }
    throw ClusterError(fmt::format("{} is not gone after {} s", name, limit.count()));
  }

  void start(const std::string& name) {
    const std::lock_guard lock(changing);
    std::set<std::string> needed, own;
    {
      const std::lock_guard inside(mutex);
      own = of(name).held;
      for (const Member& member : members)
        if (member.server.name != name) needed.insert(member.held.begin(), member.held.end());
    }
    for (const auto& node : own)
      if (!needed.contains(node)) uncordon(api, node, options.run_id);
    const std::lock_guard inside(mutex);
    of(name).held.clear();
  }

  std::vector<std::string> heal_all() {
    agents.close();
    std::vector<std::string> failed;
    {
      const std::lock_guard lock(changing);
      healed = true;
      failed = uncordon_all();
    }
    agents.wait();
    const std::lock_guard lock(changing);
    for (const Undo& undo : undos_of_agents) try {
        perform_undo(undo);
      } catch (const std::exception& error) {
        failed.emplace_back(error.what());
      }
    return failed;
  }

  std::vector<std::string> uncordon_all() {
    std::set<std::string> nodes;
    {
      const std::lock_guard inside(mutex);
      for (const Member& member : members) nodes.insert(member.held.begin(), member.held.end());
    }
    std::vector<std::string> failed;
    for (const auto& node : nodes) try {
        uncordon(api, node, options.run_id);
        const std::lock_guard inside(mutex);
        for (Member& member : members) member.held.erase(node);
      } catch (const std::exception& error) {
        failed.emplace_back(error.what());
      }
    return failed;
  }

  // What became of each since the last look; at most once a second.
  void observe() {
    {
      const std::lock_guard lock(mutex);
      if (Clock::now() - last_look < 1s) return;
      last_look = Clock::now();
    }
    std::map<std::string, Pod> pods;
    for (const json& object :
         api.list(pods_path(place), {{"labelSelector", selector_text(place.selector)}}))
      pods[name_of(object)] = broker_pod(object, place.container);
    for (const Member& member : members)
      if (const auto pod = pods.find(member.broker.pod); pod != pods.end())
        if (pod_exits.see(member.server.name, pod->second)) keep_log(member.server.name, true);
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
  const ExistingBrokersPlace place;
  const ExistingBrokersOptions options;
  const Clock::time_point began = Clock::now();
  std::vector<Server> servers;

  PodExits pod_exits;

  std::mutex changing;  // one change after the other; taken before `mutex`
  bool healed = false;  // for good: nothing is struck any more
  AgentGate agents;
  std::vector<Undo> undos_of_agents;
  std::mutex mutex;  // guards what follows
  std::vector<Member> members;
  std::map<std::pair<std::string, std::vector<std::string>>, std::unique_ptr<ExistingWorker>>
      workers;  // by node and the addresses of the pod
  Clock::time_point last_look{};
};

ExistingBrokers::ExistingBrokers(Kubernetes& api, Kubernetes& monitor,
                                 const ExistingBrokersPlace& place,
                                 const std::vector<ExistingBroker>& brokers,
                                 ExistingBrokersOptions options)
    : implementation_(asked([&] {
        return std::make_unique<Implementation>(api, monitor, place, brokers, std::move(options));
      })) {}

ExistingBrokers::~ExistingBrokers() = default;

const std::vector<Server>& ExistingBrokers::servers() const { return implementation_->servers; }

void ExistingBrokers::start(const std::string& server) {
  asked([&] { implementation_->start(server); });
}

void ExistingBrokers::kill(const std::string& server) {
  asked([&] {
    implementation_->take_down(server, least_grace, "its pod deleted, SIGKILL 2 s after SIGTERM",
                               implementation_->options.inside != nullptr);
  });
}

void ExistingBrokers::stop(const std::string& server, std::chrono::seconds grace) {
  asked([&] {
    const auto begin = Clock::now();
    implementation_->take_down(server, static_cast<int>(grace.count()),
                               fmt::format("its pod deleted with {} s of grace", grace.count()));
    if (Clock::now() - begin < grace) return;
    auto exit = implementation_->pod_exits.last(server);
    if (!exit) return;
    exit->forced = true;  // by then the kubelet kills
    implementation_->pod_exits.note(*exit);
  });
}

void ExistingBrokers::expect_exit(const std::string& server) {
  implementation_->pod_exits.expect(server);
}

void ExistingBrokers::crash(const std::string& server) {
  asked([&] { implementation_->crash(server); });
}

Worker* ExistingBrokers::worker_of(const std::string& server) {
  return asked([&]() -> Worker* {
    const auto object = implementation_->find_object(server);
    if (!object) throw ClusterError("there is no pod of " + server);
    return implementation_->worker_of(*object);
  });
}

DrainReport ExistingBrokers::drain(const std::string& server, std::chrono::milliseconds limit) {
  return asked([&] { return implementation_->drain(server, limit); });
}

bool ExistingBrokers::drained(const std::string& server) {
  return asked([&] { return implementation_->drained(server); });
}

bool ExistingBrokers::running(const std::string& server) {
  return asked([&] {
    const auto pod = implementation_->find(server);
    return pod && pod->running && !pod->deleting;
  });
}

std::vector<Exit> ExistingBrokers::exits() {
  asked([&] { implementation_->observe(); });
  return implementation_->pod_exits.take();
}

std::string ExistingBrokers::log_tail(const std::string& server, std::size_t lines) {
  auto& self = *implementation_;
  try {
    Query query = self.log_query();
    query["tailLines"] = std::to_string(lines);
    return self.api.text(pods_path(self.place, self.copy(server).broker.pod) + "/log", query);
  } catch (const KubernetesError& error) {
    return error.what();
  }
}

std::string ExistingBrokers::process(const std::string& server) {
  return asked([&] {
    const auto pod = implementation_->find(server);
    return pod && pod->running ? process_of(*pod) : std::string();
  });
}

std::string ExistingBrokers::why_down(const std::string& server) {
  return asked([&] {
    const auto pod = implementation_->find(server);
    return pod ? state_of(*pod) : "the pod of " + server + " is not there";
  });
}

std::optional<Exit> ExistingBrokers::last_exit(const std::string& server) {
  return implementation_->pod_exits.last(server);
}

ClientAccess ExistingBrokers::client_access() const { return implementation_->options.access; }

std::vector<std::string> ExistingBrokers::heal_all() { return implementation_->heal_all(); }

}  // namespace faultline
