#include "harness/kubernetes/guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "harness/cluster/packet_rules.h"
#include "harness/kubernetes/agent_pod.h"
#include "harness/kubernetes/object.h"
#include "harness/kubernetes/rules.h"

namespace faultline {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr std::string_view own_annotations = "faultline.dev/";
constexpr const char* cordoned_by = "faultline.dev/cordoned-by";

// "/api/v1/nodes/w1" -> api, v1, nodes, w1. Empty for a path that could mean
// another object than it seems to.
Words words_of(const std::string& path) {
  Words words;
  std::istringstream stream(path.substr(path.starts_with('/') ? 1 : 0));
  for (std::string word; std::getline(stream, word, '/');) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
      return std::islower(c) || std::isdigit(c) || c == '-' || c == '.';
    });
    if (!plain || word == "." || word == "..") return {};
    words.push_back(word);
  }
  return path.ends_with('/') ? Words{} : words;
}

// Whether the path has this form; "*" stands for any one word.
bool has_form(const Words& words, const Words& form) {
  return std::ranges::equal(words, form, [](const auto& word, const auto& wanted) {
    return wanted == "*" || word == wanted;
  });
}

bool holds_only(const json& object, const std::set<std::string>& keys) {
  if (!object.is_object()) return false;
  return std::ranges::all_of(object.items(),
                             [&](const auto& item) { return keys.contains(item.key()); });
}

bool is_cordoned_by(const json& node, const std::string& run) {
  const json annotations = at(node, "/metadata/annotations");
  return annotations.is_object() && annotations.value(cordoned_by, "") == run;
}

// A change of nothing but whether the node takes pods, and of our own notes.
bool is_cordon_or_uncordon(const json& body) {
  const json annotations = at(body, "/metadata/annotations");
  const bool own_notes =
      annotations.is_null() ||
      (annotations.is_object() && std::ranges::all_of(annotations.items(), [](const auto& item) {
         return std::string_view(item.key()).starts_with(own_annotations);
       }));
  const json value = at(body, "/spec/unschedulable");
  return own_notes && holds_only(body, {"metadata", "spec"}) &&
         holds_only(body.value("metadata", json::object()), {"resourceVersion", "annotations"}) &&
         holds_only(body.value("spec", json()), {"unschedulable"}) &&
         (value.is_null() || value.is_boolean());
}

// For which faults an agent does that; for none, it is nothing that one does.
std::set<std::string> faults_of(const Words& command) {
  if (command == list_rules() || read_drop(command)) return {"partition"};
  if (!container_to_kill(command).empty()) return {"broker-kill", "broker-crash"};
  return {};
}

}  // namespace

struct Guard::Implementation {
  TargetFile target;
  Kubernetes& reader;
  const GuardOptions options;

  std::mutex mutex;  // guards what follows
  std::string run = {};
  std::set<std::string> faults = {};
  std::set<std::string> kept = {};              // nodes with an undo record
  std::set<std::string> cordoned = {};          // by this run, now
  std::set<std::string> entered = {};           // nodes in which an agent of this run acted
  std::map<std::string, std::string> hit = {};  // pods not back yet, and where they were

  [[noreturn]] void refuse(const std::string& why) const {
    throw Refusal(
        fmt::format("refused, and nothing was changed: {} ({})", why, target.file.string()));
  }

  void refuse_if(const std::string& why) const {
    if (!why.empty()) refuse(why);
  }

  void check_that_runs() const {
    if (run.empty()) refuse("no run is under way");
    if (!options.lease_is_held())
      refuse("the Lease is lost: another faultline may be at work in this namespace");
    const auto now = options.now();
    if (!is_allowed(target.times, now, now)) refuse("it is outside the hours of allow.times");
  }

  void check_lease(const std::string& method, const Words& words, const json& body) const {
    if (words[4] != target.brokers.namespace_name) refuse_unknown(method, words);
    if (text_at(body, "/metadata/name") != lease_name) refuse("a Lease that is not faultline's");
  }

  void check_undo_record(const Words& words, const json& body, const std::string& method) const {
    const std::string name = words.size() > 5 ? words[5] : text_at(body, "/metadata/name");
    if (words[3] != target.brokers.namespace_name || !name.starts_with(undo_name_prefix))
      refuse_unknown(method, words);
  }

  [[noreturn]] void refuse_unknown(const std::string& method, const Words& words) const {
    refuse(fmt::format("{} /{} is nothing that faultline does to a cluster that exists", method,
                       fmt::join(words, "/")));
  }

  std::vector<json> pods_on(const std::string& node, bool all_namespaces) const {
    const Query query{{"fieldSelector", "spec.nodeName=" + node}};
    return all_namespaces ? reader.list("/api/v1/pods", query) : pods_of_allowed_namespaces(query);
  }

  std::vector<json> pods_of_allowed_namespaces(const Query& query) const {
    std::vector<json> pods;
    std::set<std::string> namespaces;
    for (const AllowedPods& allowed : target.pods) namespaces.insert(allowed.namespace_name);
    for (const auto& one : namespaces)
      std::ranges::move(reader.list(resource_path("v1", one, "pods"), query),
                        std::back_inserter(pods));
    return pods;
  }

  void check_node(const std::string& name, const json& body) {
    if (!is_cordon_or_uncordon(body))
      refuse(fmt::format("a change of the node {} other than cordoning it", name));
    const auto node = reader.find(resource_path("v1", "", "nodes", name));
    if (!node) refuse(fmt::format("there is no node {}", name));
    if (at(body, "/spec/unschedulable") == true)
      check_cordon(name, *node);
    else
      check_uncordon(name, *node);
  }

  void check_cordon(const std::string& name, const json& node) {
    check_that_runs();
    const bool drain = faults.contains("worker-drain");
    const auto pods = pods_on(name, drain);
    refuse_if(why_not_node(target, node, pods, options.own_node));
    if (drain) refuse_if(why_not_drain(target, pods));
    if (!kept.contains(name)) refuse(fmt::format("no undo record is kept of the node {}", name));
    refuse_one_too_many(name);
    cordoned.insert(name);
  }

  // A node in which an agent acted counts to the end of the run.
  void refuse_one_too_many(const std::string& node) const {
    std::set<std::string> all = cordoned;
    all.insert(entered.begin(), entered.end());
    all.insert(node);
    if (all.size() > target.nodes_at_once)
      refuse(fmt::format("the node {} would be one too many: allow.nodes_at_once is {}", node,
                         target.nodes_at_once));
  }

  void check_uncordon(const std::string& name, const json& node) {
    const json annotations = at(node, "/metadata/annotations");
    if (!annotations.is_object() || annotations.value(cordoned_by, "").empty())
      refuse(fmt::format("the node {} was not cordoned by faultline", name));
    cordoned.erase(name);
    std::erase_if(hit, [&](const auto& one) { return one.second == name; });
  }

  void check_agent(const std::string& namespace_name, const json& body) {
    if (!target.agent) refuse("spec.agent is not there, so nothing is done inside a node");
    if (namespace_name != target.agent->namespace_name)
      refuse(
          fmt::format("a pod in '{}', which is not the namespace of spec.agent", namespace_name));
    const auto what = read_agent_pod(*target.agent, body);
    if (!what) refuse("a pod that is not the agent's, as spec.agent says it is");
    if (heals(what->command)) return;
    check_that_runs();
    if (what->run != run) refuse("an agent of another run");
    const auto wanted = faults_of(what->command);
    if (wanted.empty()) refuse("a command that faultline does not run inside a node");
    if (std::ranges::none_of(wanted, [&](const auto& one) { return faults.contains(one); }))
      refuse(
          fmt::format("no fault of this run does that inside a node: {}", fmt::join(wanted, ", ")));
    auto node = reader.find(resource_path("v1", "", "nodes", what->node));
    if (!node) refuse(fmt::format("there is no node {}", what->node));
    if (is_cordoned_by(*node, run)) (*node)["spec"].erase("unschedulable");
    refuse_if(why_not_node(target, *node, pods_on(what->node, false), options.own_node));
    if (!kept.contains(what->node))
      refuse(fmt::format("no undo record is kept of the node {}", what->node));
    if (const auto id = container_to_kill(what->command); !id.empty()) check_victim(*what, id);
    if (const auto drop = read_drop(what->command)) check_drop(*what, *drop);
    enter(what->node);
  }

  void enter(const std::string& node) {
    refuse_one_too_many(node);
    if (!has_hit(node) && hit_without(node) >= target.pods_at_once)
      refuse(fmt::format("a pod on the node {} would be one too many: allow.pods_at_once is {}",
                         node, target.pods_at_once));
    entered.insert(node);
  }

  bool has_hit(const std::string& node) const {
    return std::ranges::any_of(hit, [&](const auto& one) { return one.second == node; });
  }

  // An agent hits one pod of the node that it enters, which counts to the end of the run.
  std::size_t hit_without(const std::string& node) const {
    return hit.size() +
           static_cast<std::size_t>(std::ranges::count_if(entered, [&](const std::string& other) {
             return other != node && !has_hit(other);
           }));
  }

  void check_drop(const NodeCommand& what, const Drop& drop) const {
    if (drop.limit.count() == 0) refuse("a partition that nothing in its node would end");
    refuse_strangers(drop.own, pods_on(what.node, false));
    refuse_strangers(drop.others, pods_of_allowed_namespaces({}));
  }

  void refuse_strangers(const Words& addresses, const std::vector<json>& pods) const {
    std::set<std::string> allowed;
    for (const json& pod : pods)
      if (why_not_pod(target, pod).empty())
        for (const json& one : list_at(pod, "/status/podIPs")) allowed.insert(text_at(one, "/ip"));
    for (const auto& address : addresses)
      if (!allowed.contains(address))
        refuse(fmt::format("the address {} is of no pod of allow.pods there", address));
  }

  void check_victim(const NodeCommand& what, const std::string& container) const {
    for (const json& pod : pods_on(what.node, false))
      for (const json& status : list_at(pod, "/status/containerStatuses")) {
        if (text_at(status, "/containerID").find("//" + container) == std::string::npos) continue;
        const bool own = what.command == kill_container(container) ||
                         what.command == kill_container(container, text_at(pod, "/metadata/uid"));
        if (!own) refuse(fmt::format("the container {} is of another pod", container));
        return refuse_if(why_not_pod(target, pod));
      }
    refuse(fmt::format("no pod of allow.pods on the node {} has the container {}", what.node,
                       container));
  }

  void check_removal_of_agent(const std::string& name) const {
    const auto pod = reader.find(resource_path("v1", target.agent->namespace_name, "pods", name));
    if (pod && !is_agent_pod(*pod)) refuse(fmt::format("the pod {} is not an agent's", name));
  }

  bool is_named_as_agent(const std::string& namespace_name, const std::string& name) const {
    return target.agent && namespace_name == target.agent->namespace_name &&
           name.starts_with(agent_name_prefix);
  }

  void check_pod(const std::string& namespace_name, const std::string& name, bool evicted,
                 const json& body) {
    check_that_runs();
    const bool wanted = evicted ? faults.contains("worker-drain")
                                : faults.contains("broker-kill") || faults.contains("broker-stop");
    if (!wanted)
      refuse(fmt::format("no fault of this run {} pods", evicted ? "evicts" : "deletes"));
    const auto pod = reader.find(resource_path("v1", namespace_name, "pods", name));
    if (!pod) refuse(fmt::format("there is no pod {}/{}", namespace_name, name));
    refuse_if(why_not_pod(target, *pod));
    const auto whole = namespace_name + "/" + name;
    if (whole == options.own_pod) refuse(fmt::format("faultline itself is the pod {}", whole));
    const auto uid =
        text_at(body, evicted ? "/deleteOptions/preconditions/uid" : "/preconditions/uid");
    if ((!evicted || !uid.empty()) && uid != text_at(*pod, "/metadata/uid"))
      refuse(fmt::format("the pod {} is not the one that was chosen", whole));
    const auto node = text_at(*pod, "/spec/nodeName");
    if (!cordoned.contains(node))
      refuse(fmt::format("the pod {} is on a node that this run has not cordoned", whole));
    if (!hit.contains(whole) && hit_without(node) >= target.pods_at_once)
      refuse(fmt::format("the pod {} would be one too many: allow.pods_at_once is {}", whole,
                         target.pods_at_once));
    hit[whole] = node;
  }
};

Guard::Guard(TargetFile target, Kubernetes& reader, GuardOptions options)
    : implementation_(new Implementation{std::move(target), reader, std::move(options), {}}) {}

Guard::~Guard() = default;

void Guard::begin_run(const std::string& run, const std::vector<std::string>& faults) {
  auto& self = *implementation_;
  const std::lock_guard lock(self.mutex);
  for (const auto& fault : faults)
    if (std::ranges::find(self.target.faults, fault) == self.target.faults.end())
      self.refuse(fmt::format("the fault {} is not listed in allow.faults", fault));
  self.run = run;
  self.faults = {faults.begin(), faults.end()};
  self.kept.clear();
  self.entered.clear();
}

void Guard::end_run() {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->run.clear();
  implementation_->faults.clear();
}

void Guard::undo_is_kept(const std::string& node) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->kept.insert(node);
}

void Guard::is_cordoned(const std::string& node) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->cordoned.insert(node);
}

void Guard::is_entered(const std::string& node) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->enter(node);
}

void Guard::check(const std::string& method, const std::string& path, const json& body) {
  auto& self = *implementation_;
  const std::lock_guard lock(self.mutex);
  const Words words = words_of(path);
  const auto is = [&](const char* wanted, const Words& form) {
    return method == wanted && has_form(words, form);
  };
  const Words leases{"apis", "coordination.k8s.io", "v1", "namespaces", "*", "leases"};
  const Words lease{"apis", "coordination.k8s.io", "v1", "namespaces", "*", "leases", lease_name};
  const Words records{"api", "v1", "namespaces", "*", "configmaps"};
  const Words record{"api", "v1", "namespaces", "*", "configmaps", "*"};
  const Words pod{"api", "v1", "namespaces", "*", "pods", "*"};
  const Words eviction{"api", "v1", "namespaces", "*", "pods", "*", "eviction"};
  if (is("POST", {"apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"})) return;
  if (is("POST", leases) || is("PUT", lease)) return self.check_lease(method, words, body);
  if (is("POST", records) || is("PATCH", record) || is("DELETE", record))
    return self.check_undo_record(words, body, method);
  if (is("PATCH", {"api", "v1", "nodes", "*"})) return self.check_node(words[3], body);
  if (is("POST", {"api", "v1", "namespaces", "*", "pods"})) return self.check_agent(words[3], body);
  if (is("DELETE", pod) && self.is_named_as_agent(words[3], words[5]))
    return self.check_removal_of_agent(words[5]);
  if (is("DELETE", pod)) return self.check_pod(words[3], words[5], false, body);
  if (is("POST", eviction)) return self.check_pod(words[3], words[5], true, body);
  if (words.empty()) self.refuse(fmt::format("{} of a path that is not plain", method));
  self.refuse_unknown(method, words);
}

}  // namespace faultline
