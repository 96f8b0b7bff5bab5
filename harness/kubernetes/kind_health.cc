#include "harness/kubernetes/kind_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/cluster_dns.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/kind_worker.h"
#include "harness/kubernetes/object.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto pods_limit = 60s;
constexpr auto look_interval = 500ms;
constexpr int most_attempts = 3;

// What is wrong inside a node, one word a line; $1 is "agent" where that must be there.
constexpr const char* look_inside = R"sh(
for unit in containerd kubelet; do  # of several is-active wants only one
  systemctl is-active --quiet $unit || { echo services; break; }
done
test "$1" != agent || test -x /usr/local/bin/faultline-agent || echo agent
test ! -e /var/lib/faultline/volume.img &&
  test -z "$(ls -A /var/lib/faultline-shared 2>/dev/null)" || echo volume
! { iptables-save; ip6tables-save; } 2>/dev/null | grep -qi faultline || echo rules
)sh";

constexpr const char* no_volume = R"sh(
test ! -e /var/lib/faultline/volume.img &&
  test -z "$(ls -A /var/lib/faultline-shared 2>/dev/null)"
)sh";

// A holder that was killed takes a moment to be gone.
constexpr const char* remove_volume = R"sh(
find /var/lib/faultline-shared -mindepth 1 -delete
image=/var/lib/faultline/volume.img
test -e $image || exit 0
for attempt in 1 2 3 4 5; do
  faultline-agent kill-holders $image
  faultline-agent detach $image && exec rm -f $image
  sleep 1
done
exit 1
)sh";

// kube-proxy adds its own rules again where it does so at this very moment.
constexpr const char* remove_rules = R"sh(
iptables-save | grep -vi faultline | iptables-restore
ip6tables-save | grep -vi faultline | ip6tables-restore
)sh";

std::vector<std::string> script(const std::string& node, const char* text,
                                const std::string& argument = "") {
  return place_in(node).command({"sh", "-c", text, "sh", argument});
}

void run(const std::vector<std::string>& command) { output_of(command); }

// Empty for one that runs.
std::vector<std::string> way_to_wake(const std::string& node, const std::string& state) {
  if (state == "running") return {};
  if (state == "paused") return {"docker", "unpause", node};
  return {"docker", "start", node};
}

bool is_worker(const KindCluster& cluster, const std::string& node) {
  return std::ranges::any_of(cluster.workers,
                             [&](const KindNode& worker) { return worker.name == node; });
}

struct Inside {
  std::vector<Defect> lacking, left;
};

void add_defect(Inside& inside, const KindCluster& cluster, const std::string& node,
                const std::string& word) {
  if (word == "services")
    inside.lacking.push_back(
        {"the kubelet of " + node + " is not active", [node] {
           run(place_in(node).command({"systemctl", "start", "containerd", "kubelet"}));
         }});
  else if (word == "agent")
    inside.lacking.push_back(
        {"faultline-agent is not in " + node, [cluster] { install_agent(cluster); }});
  else if (word == "volume")
    inside.left.push_back(
        {"a run's volume is left in " + node, [node] { run(script(node, remove_volume)); }});
  else
    inside.left.push_back(
        {"rules of a partition are left in " + node, [node] { run(script(node, remove_rules)); }});
}

Inside look_into(const KindCluster& cluster, const std::map<std::string, std::string>& nodes) {
  std::vector<std::pair<std::string, std::future<std::string>>> looks;
  looks.reserve(nodes.size());
  for (const auto& [node, state] : nodes)
    looks.emplace_back(
        node, std::async(std::launch::async, [&cluster, node = node] {
          return output_of(script(node, look_inside, is_worker(cluster, node) ? "agent" : ""));
        }));
  Inside inside;
  for (auto& [node, look] : looks) {
    std::istringstream words(look.get());
    for (std::string word; words >> word;) add_defect(inside, cluster, node, word);
  }
  return inside;
}

std::vector<Defect> defects_of_nodes(Kubernetes& api) {
  std::vector<Defect> defects;
  for (const json& node : api.list(resource_path("v1", "", "nodes"))) {
    const auto name = name_of(node);
    if (!node_is_ready(node)) defects.push_back({"the node " + name + " is not Ready", {}});
    if (node["spec"].value("unschedulable", false))
      defects.push_back(
          {"the node " + name + " takes no pods", [&api, name] { make_schedulable(api, name); }});
  }
  return defects;
}

// What is on its way out needs no more than time.
std::vector<Defect> defects_of_runs(Kubernetes& api) {
  std::set<std::string> runs;
  for (const char* resource : {"namespaces", "persistentvolumes"})
    for (const json& one : api.list(resource_path("v1", "", resource), of_all_runs()))
      if (!one["metadata"].contains("deletionTimestamp")) runs.insert(run_of(one));
  std::vector<Defect> defects;
  defects.reserve(runs.size());
  for (const auto& run : runs)
    defects.push_back({fmt::format("the run {} left its namespace or volumes", run),
                       [&api, run] { remove_run(api, namespace_of(run), run, pods_limit); }});
  return defects;
}

void append(std::vector<Defect>& all, std::vector<Defect> more) {
  std::ranges::move(more, std::back_inserter(all));
}

}  // namespace

std::vector<Defect> defects_of(const KindCluster& cluster, Kubernetes& api) {
  const auto nodes = kind_nodes(cluster.name);
  std::vector<Defect> asleep, all;
  for (const auto& [node, state] : nodes)
    if (const auto command = way_to_wake(node, state); !command.empty())
      asleep.push_back({fmt::format("{} is {}", node, state), [command] { run(command); }});
  if (!asleep.empty()) return asleep;
  auto inside = look_into(cluster, nodes);
  append(all, std::move(inside.lacking));
  try {
    append(all, defects_of_nodes(api));
    if (!dns_is_available(api)) all.push_back({"its DNS does not answer yet", {}});
    append(all, defects_of_runs(api));
  } catch (const KubernetesError& error) {
    all.push_back({fmt::format("the API server does not answer ({})", error.what()), {}});
  }
  append(all, std::move(inside.left));  // pods of a run hold what it left
  return all;
}

void wake_kind_nodes(const std::string& cluster,
                     const std::function<void(const std::string&)>& told) {
  for (const auto& [node, state] : kind_nodes(cluster))
    if (const auto command = way_to_wake(node, state); !command.empty()) {
      told(fmt::format("repairing: {} is {}", node, state));
      run(command);
    }
}

std::string make_clean(const KindCluster& cluster, Kubernetes& api, std::chrono::seconds limit,
                       const std::function<void(const std::string&)>& told,
                       const std::function<bool()>& cancelled) {
  std::map<std::string, int> attempts;
  const auto repair = [&](const Defect& defect) {
    if (!defect.repair || ++attempts[defect.what] > most_attempts) return;
    told("repairing: " + defect.what);
    try {
      defect.repair();
    } catch (const std::exception& error) {
      told(error.what());
    }
  };
  for (const auto deadline = Clock::now() + limit;; std::this_thread::sleep_for(look_interval)) {
    if (cancelled && cancelled()) throw ClusterError("interrupted");
    const auto defects = defects_of(cluster, api);
    if (defects.empty()) return "";
    if (Clock::now() > deadline) return defects.front().what;
    for (const auto& defect : defects) repair(defect);
  }
}

UndoStep undo_volume(const std::string& worker) {
  return {script(worker, no_volume), script(worker, remove_volume)};
}

}  // namespace faultline
