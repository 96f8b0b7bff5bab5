#include "harness/kubernetes/agent_pod.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <random>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/cluster/packet_rules.h"
#include "harness/kubernetes/object.h"
#include "harness/kubernetes/pod.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto run_limit = 30s;  // both together less than a program may take
constexpr auto log_limit = 5s;
constexpr auto old_age = 10min;   // far longer than one may run
constexpr auto gone_limit = 25s;  // (ProgramOptions)
constexpr auto look_interval = 200ms;
constexpr int deadline_in_node = 60;
constexpr int least_grace = 1;  // with 0 the API server would forget it while it still acts
constexpr const char* agent_label = "faultline.dev/agent";
constexpr const char* acts_value = "acts";
constexpr const char* heals_value = "heals";
const std::vector<std::string> into_the_node{"/faultline-agent", "host", "--"};

std::string pods_path(const Agent& agent, const std::string& name = "") {
  return resource_path("v1", agent.namespace_name, "pods", name);
}

std::string new_name() {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}", agent_name_prefix, random(), random());
}

std::string why_it_failed(const json& pod) {
  const auto reason = text_at(pod, "/status/reason"), message = text_at(pod, "/status/message");
  return reason.empty() ? "no reason is told" : fmt::format("{}: {}", reason, message);
}

bool has_ended(const json& pod) {
  const auto phase = text_at(pod, "/status/phase");
  return phase == "Succeeded" || phase == "Failed";
}

// The command has its effect whether or not the API server answers at once.
template <class Question>
auto insist(Clock::time_point deadline, const Question& question) {
  for (;; std::this_thread::sleep_for(look_interval)) try {
      return question();
    } catch (const KubernetesError& error) {
      if (error.status == 404 || Clock::now() > deadline) throw;
    }
}

json wait_for_its_end(Kubernetes& api, const std::string& path, const NodeCommand& what) {
  json pod;
  for (const auto deadline = Clock::now() + run_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(look_interval)) {
    pod = insist(deadline, [&] { return api.get(path); });
    if (has_ended(pod)) return pod;
  }
  throw ClusterError(fmt::format("the agent did not finish on the node {} within {} s: {}",
                                 what.node, run_limit.count(), state_of(read_pod(pod))));
}

ProgramEnd end_of(Kubernetes& api, const std::string& path, const NodeCommand& what) {
  const json pod = wait_for_its_end(api, path, what);
  const json status = at(pod, "/status/containerStatuses/0/state/terminated/exitCode");
  if (!status.is_number_integer())
    throw ClusterError(
        fmt::format("the agent did not run on the node {}: {}", what.node, why_it_failed(pod)));
  ProgramEnd end;
  end.status = status.get<int>();
  (end.status == 0 ? end.output : end.errors) =
      insist(Clock::now() + log_limit, [&] { return api.text(path + "/log"); });
  return end;
}

void remove_agent(Kubernetes& api, const Agent& agent, const json& pod) {
  api.remove(pods_path(agent, name_of(pod)), {least_grace, text_at(pod, "/metadata/uid"), true});
}

// What stays has ended, or ends by itself, and is removed by who heals.
bool try_to_remove_agent(Kubernetes& api, const Agent& agent, const json& pod) try {
  remove_agent(api, agent, pod);
  return true;
} catch (const std::exception&) {
  return false;
}

std::vector<json> agents_of(Kubernetes& api, const Agent& agent, const NodeCommand& what) {
  std::vector<json> found;
  for (const json& pod : api.list(pods_path(agent), of_all_runs()))
    if (is_agent_pod(pod) && run_of(pod) == what.run && text_at(pod, "/spec/nodeName") == what.node)
      found.push_back(pod);
  return found;
}

// One that strikes must not begin after what heals it. Two may heal at a time.
void end_acting_ones(Kubernetes& api, const Agent& agent, const NodeCommand& what) {
  for (const auto deadline = Clock::now() + gone_limit;;
       std::this_thread::sleep_for(look_interval)) {
    auto left = agents_of(api, agent, what);
    std::erase_if(left, [](const json& pod) { return labels_of(pod)[agent_label] == heals_value; });
    if (left.empty()) return;
    if (Clock::now() > deadline)
      throw ClusterError(fmt::format("the pod {}/{} on the node {} does not end",
                                     agent.namespace_name, name_of(left[0]), what.node));
    for (const json& pod : left)
      if (text_at(pod, "/metadata/deletionTimestamp").empty()) remove_agent(api, agent, pod);
  }
}

}  // namespace

json agent_pod(const Agent& agent, const NodeCommand& what, const std::string& name) {
  auto command = into_the_node;
  command.insert(command.end(), what.command.begin(), what.command.end());
  json pod{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata",
            {{"name", name},
             {"labels", {{agent_label, heals(what.command) ? heals_value : acts_value}}}}},
           {"spec",
            {{"nodeName", what.node},
             {"hostPID", true},
             {"restartPolicy", "Never"},
             {"activeDeadlineSeconds", deadline_in_node},
             {"automountServiceAccountToken", false},
             {"enableServiceLinks", false},
             {"tolerations", {{{"operator", "Exists"}}}},
             {"containers",
              {{{"name", "agent"},
                {"image", agent.image},
                {"imagePullPolicy", "IfNotPresent"},
                {"command", command},
                {"securityContext", {{"privileged", true}}}}}}}}};
  label_as_run(pod, what.run);
  return pod;
}

std::optional<NodeCommand> read_agent_pod(const Agent& agent, const json& pod) {
  NodeCommand what{run_of(pod), text_at(pod, "/spec/nodeName"), {}};
  const auto words = list_at(pod, "/spec/containers/0/command");
  for (std::size_t i = into_the_node.size(); i < words.size(); ++i)
    what.command.push_back(words[i].is_string() ? words[i].get<std::string>() : "");
  const auto name = name_of(pod);
  const bool ours = name.starts_with(agent_name_prefix) && !what.run.empty() &&
                    !what.node.empty() && !what.command.empty();
  if (!ours || pod != agent_pod(agent, what, name)) return {};
  return what;
}

bool is_agent_pod(const json& pod) {
  const auto labels = labels_of(pod);
  return name_of(pod).starts_with(agent_name_prefix) && labels.contains(agent_label) &&
         !run_of(pod).empty();
}

bool heals(const std::vector<std::string>& command) {
  return command == drops_nothing() || command == drop_no_more();
}

std::vector<std::string> kill_container(const std::string& id, const std::string& pod_uid) {
  std::vector<std::string> command{"faultline-agent", "kill-container", id};
  if (!pod_uid.empty()) command.insert(command.end(), {"--pod", pod_uid});
  return command;
}

std::string container_to_kill(const std::vector<std::string>& command) {
  const auto id = command.size() > 2 ? command[2] : "";
  const auto pod = command.size() > 4 ? command[4] : "";
  return command == kill_container(id, pod) ? id : "";
}

ProgramEnd run_in_node(Kubernetes& api, const Agent& agent, const NodeCommand& what) {
  if (heals(what.command)) {
    end_acting_ones(api, agent, what);
    if (!api.find(resource_path("v1", "", "nodes", what.node))) return {};
  }
  const json pod = api.create(pods_path(agent), agent_pod(agent, what, new_name()));
  try {
    const auto end = end_of(api, pods_path(agent, name_of(pod)), what);
    try_to_remove_agent(api, agent, pod);
    return end;
  } catch (...) {
    try_to_remove_agent(api, agent, pod);
    throw;
  }
}

bool heal_node(Kubernetes& api, const Agent& agent, const std::string& run,
               const std::string& node) {
  const auto ended = [&](const InsideCommand& command) {
    return run_in_node(api, agent, {run, node, command});
  };
  const bool was_healed = ended(drops_nothing()).status == 0;
  if (!was_healed) {
    const auto end = ended(drop_no_more());
    if (ended(drops_nothing()).status != 0)
      throw ClusterError(fmt::format("the node {} still drops packets: {}", node, end.errors));
  }
  for (const json& pod : agents_of(api, agent, {run, node, {}})) remove_agent(api, agent, pod);
  return !was_healed;
}

bool remove_agents(Kubernetes& api, const Agent& agent, const std::string& run) {
  bool any = false;
  for (const json& pod : api.list(pods_path(agent), of_all_runs())) {
    if (is_agent_pod(pod) && run_of(pod) == run) any = try_to_remove_agent(api, agent, pod) || any;
  }
  return any;
}

std::vector<std::string> remove_old_agents(Kubernetes& api, const Agent& agent) {
  const auto limit = std::chrono::system_clock::now() - old_age;
  const auto latest = fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(limit));
  std::vector<std::string> removed;
  for (const json& pod : api.list(pods_path(agent), of_all_runs())) {
    const auto made = text_at(pod, "/metadata/creationTimestamp");
    if (!is_agent_pod(pod) || !has_ended(pod) || made.empty() || made > latest) continue;
    if (try_to_remove_agent(api, agent, pod)) removed.push_back(name_of(pod));
  }
  return removed;
}

}  // namespace faultline
