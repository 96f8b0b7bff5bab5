#include "harness/kubernetes_provider.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "harness/account_limits.h"
#include "harness/broker/nats/jsz.h"
#include "harness/broker/nats/nats.h"
#include "harness/broker/nats/nats_api.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/packet_rules.h"
#include "harness/kubernetes/asked.h"
#include "harness/kubernetes/permissions.h"
#include "harness/kubernetes/rules.h"
#include "harness/kubernetes/undo_record.h"
#include "harness/kubernetes_agent.h"
#include "harness/kubernetes_heal.h"
#include "harness/plan.h"
#include "harness/read_target_file.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto answer_limit = 2s;
constexpr auto removal_limit = 30s;

// Faults inside a node that no agent can make safe, and why.
const std::map<std::string, std::string> unsafe_faults{
    {"worker-stop", "nobody here could start the machine again"},
    {"worker-pause", "in a paused machine nothing runs that could resume it"},
    {"broker-pause", "a process that stands still is resumed by nobody if faultline dies"},
    {"kubelet-stop", "without its kubelet no pod could be started in the node to undo it"},
    {"volume-detach", "the volume belongs to the cluster's storage driver"},
    {"power-loss", "the volume belongs to the cluster's storage driver"},
    {"volume-wipe", "what is in the volume is not faultline's"},
    {"disk-full", "that nobody else is on the broker's file system cannot be proven"},
    {"disk-frozen", "that nobody else is on the broker's file system cannot be proven"},
    {"bit-flip", "what is in the volume is not faultline's"},
    {"truncate", "what is in the volume is not faultline's"},
    {"control-request", "what it asks for is not undone"},
};

const std::set<std::string> faults_that_need_the_agent{"broker-crash", "partition"};

// Whether nodes are cordoned for it.
bool cordons(const FaultStep& step) {
  return step.fault != "leader-churn" && !faults_that_need_the_agent.contains(step.fault);
}

// Why the fault cannot be had; empty: it can.
std::string why_not_fault(const TargetFile& target, const std::string& fault) {
  if (const auto unsafe = unsafe_faults.find(fault); unsafe != unsafe_faults.end())
    return fmt::format("{} is not done to a cluster that exists: {}", fault, unsafe->second);
  if (faults_that_need_the_agent.contains(fault) && !target.agent)
    return fmt::format(
        "{} happens inside a node: it needs the opt-in privileged agent, spec.agent in {} "
        "(docs/staging.md)",
        fault, target.file.string());
  return "";
}

bool drops_packets(const FaultStep& step) { return step.fault == "partition"; }

bool has_other_shape(const FaultStep& step) {
  return drops_packets(step) && step.options.shape != PartitionShape::isolated;
}

std::vector<std::string> agents_do(const TargetFile& target, const Scenario& scenario) {
  std::vector<std::string> faults;
  for (const FaultStep& step : scenario.faults)
    if (target.agent && std::ranges::find(faults_of_agents, step.fault) != faults_of_agents.end())
      faults.push_back(step.fault);
  return faults;
}

// By the end of drops_nothing in it. Empty: it can be.
std::string why_not_entered(const ProgramEnd& end, bool partition) {
  if (end.status == 1)
    return "drops packets by a chain FAULTLINE already ('faultline heal'), or no agent can look" +
           (end.errors.empty() ? "" : ": " + telling_line(end.errors));
  if (end.status != 0)
    return fmt::format("does not tell by iptables what it drops: exit status {}{}", end.status,
                       end.errors.empty() ? "" : ", " + telling_line(end.errors));
  if (partition && end.output.find(no_timer) != std::string::npos)
    return "has no systemd-run, so nothing in it would end a partition";
  return "";
}

// What an agent in its node cannot do to one of the brokers. Empty: nothing.
std::string why_not_by_agent(const std::vector<ExistingBroker>& brokers,
                             const std::vector<json>& pods, bool partition) {
  std::map<std::string, std::string> there;
  for (const auto& broker : brokers)
    if (const auto [other, is_new] = there.try_emplace(broker.node, broker.pod); !is_new)
      return fmt::format("the pods {} and {} are on one node, {}: agents need one for each",
                         other->second, broker.pod, broker.node);
  for (const json& pod : pods)
    for (const json& one : list_at(pod, "/status/podIPs"))
      if (const auto address = text_at(one, "/ip");
          partition && address.find(':') != std::string::npos &&
          std::ranges::find(brokers, name_of(pod), &ExistingBroker::pod) != brokers.end())
        return fmt::format("the pod {} has the address {}, and a partition knows IPv4 alone",
                           name_of(pod), address);
  return "";
}

// A stream of one run, removed with it.
class OwnStreamBroker : public NatsBroker {
 public:
  OwnStreamBroker(Cluster& cluster, NatsVersion version, std::shared_ptr<UndoRecord> record,
                  std::string stream, Message message)
      : NatsBroker(cluster, version),
        record_(std::move(record)),
        stream_(std::move(stream)),
        message_(std::move(message)) {}

  void create_stream(const StreamSettings& settings, const Waiting& waiting) override {
    record_->keep_stream(settings.name);
    made_ = true;
    NatsBroker::create_stream(settings, waiting);
  }

  ~OwnStreamBroker() override {
    if (!made_ || try_to_remove())
      record_->stream_is_removed();
    else
      message_(fmt::format("the stream {} could not be removed, see 'faultline heal'", stream_));
  }

 private:
  bool try_to_remove() {
    try {
      return remove_stream(removal_limit);
    } catch (const std::exception&) {
      return false;
    }
  }

  std::shared_ptr<UndoRecord> record_;
  const std::string stream_;
  const Message message_;
  bool made_ = false;
};

// Nothing where there is no good answer.
json page(Kubernetes& monitor, const ExistingBrokersPlace& place, const std::string& pod,
          const std::string& path) try {
  const auto text = monitor.text(fmt::format("{}:{}/proxy{}",
                                             resource_path("v1", place.namespace_name, "pods", pod),
                                             place.monitor_port, path));
  return json::parse(text, nullptr, false);
} catch (const KubernetesError&) {
  return {};
}

std::vector<std::string> urls_of(const TargetFile& target) {
  const auto& client = target.brokers.client;
  std::vector<std::string> urls;
  if (!client.url.empty()) urls.push_back(client.url);
  for (const auto& [pod, url] : client.urls) urls.push_back(url);
  return urls;
}

}  // namespace

// Known to the provider while they are there, so that an abort can heal them.
class KubernetesProvider::WatchedBrokers : public ExistingBrokers {
 public:
  WatchedBrokers(KubernetesProvider& provider, ExistingBrokersOptions options)
      : ExistingBrokers(*provider.api_, provider.monitor_, provider.target_.brokers,
                        provider.brokers_, std::move(options)),
        provider_(provider) {
    const std::lock_guard lock(provider_.mutex_);
    provider_.current_ = this;
  }

  ~WatchedBrokers() override {
    const std::lock_guard lock(provider_.mutex_);
    provider_.current_ = nullptr;
  }

 private:
  KubernetesProvider& provider_;
};

KubernetesProvider::KubernetesProvider(const ProviderOptions& options)
    : target_(good_target_file(options.target)),
      access_(access_of(target_)),
      reader_(access_, read_only()),
      monitor_(access_, quick()),
      client_access_(read_client_access(target_.brokers.client)) {}

KubernetesProvider::~KubernetesProvider() { watch_.reset(); }

std::vector<std::string> KubernetesProvider::missing(const Scenario& scenario) {
  std::vector<std::string> missing;
  std::set<std::string> told;
  for (const FaultStep& step : scenario.faults)
    if (const auto why = why_not_fault(target_, step.fault);
        !why.empty() && told.insert(step.fault).second)
      missing.push_back(why);
  if (std::ranges::any_of(scenario.faults, [](const FaultStep& step) {
        return step.lasts.count() > 0 || step.times > 1;
      }))
    missing.push_back(
        "the scenario has faults that end before the heal or repeat, which is not done to a "
        "cluster "
        "that exists");
  if (std::ranges::any_of(scenario.faults, has_other_shape))
    missing.push_back(
        "a partition of another shape than 'isolated' is not made in a cluster that "
        "exists: use --provider local or kind");
  if (!scenario.sync_interval.empty())
    missing.push_back("the scenario sets sync_interval, and these brokers are not configured here");
  const auto pinned = std::ranges::find_if(
      brokers_, [](const ExistingBroker& broker) { return broker.other_nodes.empty(); });
  if (scenario.shared_volumes && pinned != brokers_.end())
    missing.push_back(
        fmt::format("the scenario is of volumes that several workers reach, and {} can start on "
                    "{} alone",
                    pinned->pod, pinned->node));
  for (const auto& broker : brokers_)
    if (!scenario.broker_version.empty() && scenario.broker_version != broker.version) {
      missing.push_back(fmt::format("the scenario is of version {}, and {} is {}",
                                    scenario.broker_version, broker.pod, broker.version));
      break;
    }
  return missing;
}

std::unique_ptr<Cluster> KubernetesProvider::start_brokers(const BrokerProgram&, const Scenario&,
                                                           const RunOptions&, Journal&,
                                                           const Message&) {
  throw ClusterError("the provider kubernetes deploys nothing");
}

std::string KubernetesProvider::to_be_typed() const {
  const bool suspect = looks_like_production(access_.context) ||
                       looks_like_production(access_.server) ||
                       looks_like_production(target_.brokers.namespace_name);
  return suspect ? access_.context : "";
}

void KubernetesProvider::look() {
  own_ = own_place(reader_);
  brokers_ = find_existing_brokers(reader_, monitor_, target_.brokers);
  const auto& urls = target_.brokers.client.urls;
  for (const auto& broker : brokers_)
    if (!urls.empty() && !urls.contains(broker.pod))
      throw Refusal(fmt::format("refused: brokers.client.urls has no URL of the pod {} ({})",
                                broker.pod, target_.file.string()));
}

void KubernetesProvider::check(const Scenario& scenario, std::chrono::milliseconds later) {
  const auto refuse = [&](const std::string& why) {
    throw Refusal(fmt::format("refused: {}: {} ({})", scenario.name, why, target_.file.string()));
  };
  for (const FaultStep& step : scenario.faults)
    if (std::ranges::find(target_.faults, step.fault) == target_.faults.end())
      refuse(fmt::format("the fault {} is not listed in allow.faults", step.fault));
  const auto begin = std::chrono::system_clock::now() + later;
  if (!is_allowed(target_.times, begin, begin + longest(scenario)))
    refuse(fmt::format(
        "from now on it may take until {}, which is outside the hours of "
        "allow.times",
        format_utc(
            std::chrono::nanoseconds((begin + longest(scenario)).time_since_epoch()).count())));
  if (brokers_.size() < scenario.brokers || brokers_.size() < scenario.replicas)
    refuse(fmt::format("it wants {} brokers, and {} carry brokers.selector",
                       std::max(scenario.brokers, scenario.replicas), brokers_.size()));
  if (most_at_once(scenario) > target_.pods_at_once)
    refuse(fmt::format("it hits {} pods at once, and allow.pods_at_once is {}",
                       most_at_once(scenario), target_.pods_at_once));
  const auto limit = target_.abort.unavailable;
  if (limit.count() > 0 && longest_outage(scenario) >= limit)
    refuse(fmt::format("it stops writes for {} s, and abort.unavailable is {} s",
                       longest_outage(scenario).count() / 1000, limit.count() / 1000));
  if (scenario.heal_order == HealOrder::one_by_one && std::ranges::any_of(scenario.faults, cordons))
    for (const auto& broker : brokers_)
      if (!broker.other_nodes.empty())
        refuse(
            fmt::format("it heals one broker after the other, and the pod {} may start on any "
                        "of several nodes ({}): it cannot be held down by itself",
                        broker.pod, fmt::join(broker.other_nodes, ", ")));
  check_nodes(scenario);
}

// As the guard will judge them when the fault strikes.
void KubernetesProvider::check_nodes(const Scenario& scenario) {
  const auto refuse = [&](const std::string& why) {
    throw Refusal(fmt::format("refused: {}: {} ({})", scenario.name, why, target_.file.string()));
  };
  std::vector<std::size_t> nodes_of_each;
  std::set<std::string> all;
  const bool flees = std::ranges::any_of(scenario.faults, cordons);  // a pod that is gone
  const auto pods = reader_.list(resource_path("v1", target_.brokers.namespace_name, "pods"));
  for (const auto& broker : brokers_) {
    std::set<std::string> nodes{broker.node};
    if (flees) nodes.insert(broker.other_nodes.begin(), broker.other_nodes.end());
    nodes_of_each.push_back(nodes.size());
    all.insert(nodes.begin(), nodes.end());
    const auto pod =
        std::ranges::find_if(pods, [&](const json& one) { return name_of(one) == broker.pod; });
    if (pod == pods.end()) refuse(fmt::format("the pod {} is gone", broker.pod));
    if (const auto why = why_not_pod(target_, *pod); !why.empty()) refuse(why);
  }
  for (const auto& name : all) {
    std::vector<json> there;
    std::ranges::copy_if(pods, std::back_inserter(there), [&](const json& pod) {
      return pod["spec"].value("nodeName", "") == name;
    });
    const auto node = reader_.find(resource_path("v1", "", "nodes", name));
    if (!node) refuse(fmt::format("the node {} is gone", name));
    if (const auto why = why_not_node(target_, *node, there, own_.node); !why.empty()) refuse(why);
  }
  if (std::ranges::count(scenario.faults, "worker-drain", &FaultStep::fault) != 0)
    for (const auto& broker : brokers_) {
      const auto on_it =
          reader_.list("/api/v1/pods", {{"fieldSelector", "spec.nodeName=" + broker.node}});
      if (const auto why = why_not_drain(target_, on_it); !why.empty()) refuse(why);
    }
  if (!agents_do(target_, scenario).empty())
    if (const auto why =
            why_not_by_agent(brokers_, pods, std::ranges::any_of(scenario.faults, drops_packets));
        !why.empty())
      refuse(why);
  std::ranges::sort(nodes_of_each, std::ranges::greater());
  std::size_t needed = 0;
  for (std::size_t i = 0; i < std::min(most_at_once(scenario), nodes_of_each.size()); ++i)
    needed += nodes_of_each[i];
  needed = std::min(needed, all.size());
  if (needed > target_.nodes_at_once)
    refuse(fmt::format("it would {} {} nodes at once{}, and allow.nodes_at_once is {}",
                       flees ? "cordon" : "enter", needed,
                       flees ? ", all where those pods could start" : "", target_.nodes_at_once));
}

// That agents run where they will be needed, before anything depends on it; and that
// nobody else drops packets there.
void KubernetesProvider::check_agents(const Scenario& scenario, const std::string& run,
                                      UndoRecord& record) {
  const auto faults = agents_do(target_, scenario);
  if (faults.empty()) return;
  record.keep_faults(faults);
  const bool partition = std::ranges::any_of(scenario.faults, drops_packets);
  std::map<std::string, std::future<ProgramEnd>> looks;
  for (const auto& broker : brokers_)
    if (auto& look = looks[broker.node]; !look.valid())
      look = std::async(std::launch::async, [this, run, node = broker.node] {
        return run_in_node(*api_, *target_.agent, {run, node, drops_nothing()});
      });
  for (auto& [node, look] : looks)
    if (const auto why = why_not_entered(look.get(), partition); !why.empty())
      throw Refusal(fmt::format("refused: the node {} {}", node, why));
}

void KubernetesProvider::check_account(std::span<const Scenario> scenarios) {
  NatsApi api(urls_of(target_), client_access_);
  const auto info = api.request("$JS.API.INFO", {}, answer_limit);
  if (!info)
    throw Refusal(fmt::format(
        "refused: no answer of JetStream through {}: is the address right, are the credentials "
        "(brokers.client), and is JetStream enabled for the account?",
        fmt::join(urls_of(target_), ", ")));
  for (const Scenario& scenario : scenarios) {
    if (!missing(scenario).empty()) continue;
    if (const auto why = why_no_room(*info, scenario); !why.empty())
      throw Refusal(fmt::format("refused: {}: {}", scenario.name, why));
  }
}

void KubernetesProvider::check_health() {
  Views views;
  for (const auto& broker : brokers_) {
    const auto healthz = page(monitor_, target_.brokers, broker.pod, "/healthz");
    if (!healthz.is_object() || healthz.value("status", "") != "ok")
      throw Refusal(fmt::format("refused: the broker {} is not healthy", broker.pod));
    const auto jsz = page(monitor_, target_.brokers, broker.pod, "/jsz");
    if (auto view = parse_jsz(jsz.dump())) views[broker.server] = std::move(*view);
  }
  if (meta_leader(views).empty())
    throw Refusal("refused: nobody leads the metadata group of the brokers");
}

void KubernetesProvider::check_permissions() {
  for (const Permission& permission : permissions_for(target_))
    if (!is_granted(reader_, permission))
      throw Refusal(fmt::format(
          "refused: the permission to {} is missing: see kind-config/rbac and 'faultline doctor "
          "--provider kubernetes'",
          to_string(permission)));
}

void KubernetesProvider::check_abort_conditions() {
  for (const auto& condition : abort_conditions(target_, reader_))
    for (int attempt = 0; attempt < 3; ++attempt)
      if (const auto why = condition(); !why.empty())
        throw Refusal("refused: an abort condition holds already: " + why);
}

std::string KubernetesProvider::what_is_done(const Scenario& scenario,
                                             const FaultStep& step) const {
  if (step.fault == "partition")
    return fmt::format(
        "an agent in its node drops packets between it and the other brokers' pods, and the node "
        "itself ends that after {} at the latest",
        format_clock(longest(scenario)));
  if (step.fault == "broker-crash") return "an agent in its node sends SIGKILL to its container";
  if (step.fault == "worker-drain") return "pods evicted";
  if (step.fault == "leader-churn")
    return fmt::format("the stream's leader is asked to step down every {} ms",
                       step.options.interval.count());
  return target_.agent && step.fault == "broker-kill"
             ? "SIGKILL by an agent, pods deleted and held down"
             : "pods deleted and held down";
}

std::string KubernetesProvider::whom(const Scenario& scenario, const FaultStep& step) const {
  std::vector<std::string> names;
  for (const auto& broker : brokers_) {
    auto nodes = broker.other_nodes;
    nodes.insert(nodes.begin(), broker.node);
    names.push_back(cordons(step)
                        ? fmt::format("{} (cordoned: {})", broker.pod, fmt::join(nodes, ", "))
                        : fmt::format("{} on {}", broker.pod, broker.node));
  }
  const bool everybody = step.target == "all" && scenario.replicas == brokers_.size();
  return fmt::format("{}{}; {}{}", everybody ? "" : "among ", fmt::join(names, ", "),
                     what_is_done(scenario, step),
                     everybody ? "" : "; who it is, is found out when it strikes");
}

std::string KubernetesProvider::plan(std::span<const Scenario> scenarios) {
  return asked([&] {
    check_permissions();
    look();
    std::chrono::milliseconds later{0};
    for (const Scenario& scenario : scenarios) {
      if (!missing(scenario).empty()) continue;
      check(scenario, later);
      later += longest(scenario);
    }
    check_health();
    check_abort_conditions();
    check_account(scenarios);
    std::string text = fmt::format("context {}, API server {}\nbrokers in {}:\n", access_.context,
                                   access_.server, target_.brokers.namespace_name);
    for (const auto& broker : brokers_)
      text += fmt::format("  {} on {}, nats-server {}\n", broker.pod, broker.node, broker.version);
    if (target_.agent)
      text += fmt::format("agents: privileged pods of {} in {}\n", target_.agent->image,
                          target_.agent->namespace_name);
    for (const Scenario& scenario : scenarios) {
      text += fmt::format("\n{}: {}\n", scenario.name, scenario.title);
      const auto lacking = missing(scenario);
      for (const auto& lack : lacking) text += wrap("skipped: " + lack, 80, 2);
      if (!lacking.empty()) continue;
      text += timeline(scenario, [&](const FaultStep& step) { return whom(scenario, step); });
    }
    return text;
  });
}

void KubernetesProvider::begin(const Message& message, const std::function<bool()>& cancelled) {
  asked([&] {
    guard_ = std::make_unique<Guard>(
        target_, reader_, GuardOptions{own_.node, own_.pod, std::chrono::system_clock::now, [this] {
                                         return lease_ && !lease_->lost();
                                       }});
    api_ = std::make_unique<Kubernetes>(access_, guarded(*guard_));
    const auto& home = target_.brokers.namespace_name;
    auto lease = std::make_unique<Lease>(*api_, home, lease_name, "run on " + host_name());
    auto holder = lease->try_take();
    if (holder) {
      message(fmt::format("waiting up to 30 s to see whether {} is alive", holder->identity));
      holder = lease->take(cancelled);
    }
    if (holder)
      throw Refusal(fmt::format(
          "refused: another faultline is at work in the namespace {} ({}, since {}): wait for it",
          home, holder->identity, holder->since));
    lease_ = std::move(lease);
    const auto healed = heal_records(
        *api_, home, [this](const std::string& stream) { return remove_stream(target_, stream); },
        by_agent(target_.agent));
    for (const auto& line : healed.undone) message("healed: " + line);
    if (!healed.clean())
      throw ClusterError(fmt::format("what a killed run left could not be undone: {}",
                                     fmt::join(healed.failed, "; ")));
    if (target_.agent) remove_old_agents(*api_, *target_.agent);
    watch_ =
        std::make_unique<AbortWatch>(abort_conditions(target_, reader_), target_.abort.unavailable,
                                     [this](const std::string&) { end_now(); });
  });
}

void KubernetesProvider::end_now() {
  const std::lock_guard lock(mutex_);
  if (current_ != nullptr) current_->heal_all();
}

std::string KubernetesProvider::abort_reason(const ProgressFigures& figures) {
  if (lease_ && lease_->lost()) {
    end_now();
    return "the Lease is lost: another faultline may be at work in this namespace";
  }
  return watch_ ? watch_->reason(figures) : "";
}

std::optional<Deployment> KubernetesProvider::existing_brokers(const Scenario& scenario,
                                                               const RunOptions& options,
                                                               Journal& journal,
                                                               const Message& message) {
  return asked([&]() -> std::optional<Deployment> {
    if (!lease_) throw ClusterError("the provider kubernetes was not begun");
    look();
    check(scenario, 0ms);
    std::vector<std::string> faults;
    for (const FaultStep& step : scenario.faults) faults.push_back(step.fault);
    guard_->begin_run(journal.run(), faults);
    const auto record =
        std::make_shared<UndoRecord>(*api_, target_.brokers.namespace_name, journal.run());
    journal.keep_also(
        [this, record](const Undo& undo) {
          if (!undo.agent_node.empty()) guard_->is_entered(undo.agent_node);
          record->keep(undo);
          for (const auto& one : undo.kubernetes) guard_->undo_is_kept(one.name);
        },
        [this, record] {
          record->finish();
          guard_->end_run();
        });
    check_agents(scenario, journal.run(), *record);
    ExistingBrokersOptions existing;
    if (target_.agent) {
      existing.longest_hold = std::chrono::ceil<std::chrono::seconds>(longest(scenario));
      existing.inside = [this, run = journal.run()](const std::string& node) {
        return place_in_node({target_.file, lease_->identity(), {run, node, {}}});
      };
    }
    existing.run_id = journal.run();
    existing.folder = options.folder;
    existing.kubeconfig = target_.kubeconfig;
    existing.access = client_access_;
    existing.undo_first = [&journal](const Undo& undo) { journal.undo_first(undo); };
    existing.progress = message;
    existing.cancelled = [this, &options] {
      return interrupted(options) || !abort_reason({}).empty();
    };
    Deployment deployment;
    deployment.stream = stream_of_run(journal.run());
    deployment.subject = "faultline." + journal.run();
    deployment.cluster = std::make_unique<WatchedBrokers>(*this, std::move(existing));
    const auto version = parse_nats_version(brokers_.front().version);
    deployment.broker = std::make_unique<OwnStreamBroker>(
        *deployment.cluster, version.value_or(NatsVersion{}), record, deployment.stream, message);
    return deployment;
  });
}

}  // namespace faultline
