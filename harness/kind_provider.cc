#include "harness/kind_provider.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "harness/kubernetes/brokers.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto clean_limit = 90s;
constexpr const char* volume_folder = "/var/lib/faultline";

std::string new_name() {
  return fmt::format("faultline-{:06x}", std::random_device{}() & 0xffffff);
}

// One that stays has a name that is easy to find again.
std::string chosen_name(const ProviderOptions& options) {
  if (!options.cluster.empty()) return options.cluster;
  return options.keep || options.reuse ? "faultline" : new_name();
}

Volume volume_in(const std::string& container) {
  const std::string folder = volume_folder;
  return {place_in(container), folder + "/volume.img", folder + "/volume"};
}

// Nothing to undo once the cluster is gone.
std::vector<std::string> cluster_is_gone(const std::string& name) {
  return undo_kind_cluster(name).undone;
}

// Of the node itself, and of its pods.
std::vector<std::string> addresses_of(const json& node) {
  std::vector<std::string> all;
  for (const json& address : node["status"]["addresses"])
    if (address["type"] == "InternalIP") all.push_back(address["address"]);
  for (const json& network : node["spec"].value("podCIDRs", json::array())) all.push_back(network);
  return all;
}

std::string here(std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); }

}  // namespace

std::filesystem::path kubeconfig_of(const std::string& kind_cluster) {
  return state_folder() / "kind" / (kind_cluster + ".kubeconfig");
}

KindProvider::KindProvider(const ProviderOptions& options)
    : options_(options), name_(chosen_name(options)) {}

KindProvider::~KindProvider() {
  if (!journal_) return;
  try {
    remove_cluster();
  } catch (const std::exception&) {
    // The journal stays; the next run, or `heal`, removes the cluster.
  }
}

std::vector<std::string> KindProvider::missing(const Scenario& scenario) {
  if (!lacking_) lacking_ = missing_for_kind();
  std::vector<std::string> missing;
  if (!lacking_->empty()) missing.push_back(*lacking_);
  if (scenario.brokers != 3) missing.push_back("the kind cluster has workers for 3 brokers");
  return missing;
}

const KindCluster& KindProvider::cluster(const Message& message,
                                         const std::function<bool()>& cancelled) {
  if (cluster_) return *cluster_;
  const KindOptions kind{name_, kubeconfig_of(name_), options_.node_image, message, cancelled};
  const auto existing = kind_clusters();
  const bool exists = std::ranges::count(existing, name_) != 0;
  if (exists && options_.reuse) {
    message("using the kind cluster " + name_);
    cluster_ = find_kind_cluster(kind);
  } else {
    message(fmt::format("making the kind cluster {} (about a minute)", name_));
    if (!exists) {
      journal_ = std::make_unique<Journal>(state_folder(), "kind-" + name_);
      journal_->undo_first(
          {fmt::format("kind cluster {} removed", name_), {}, {undo_kind_cluster(name_)}});
    }
    cluster_ = create_kind_cluster(kind);
    if (options_.keep || options_.reuse) {
      journal_->finish();
      journal_.reset();
    }
  }
  prepare(kind);
  return *cluster_;
}

void KindProvider::prepare(const KindOptions& kind) {
  KubernetesOptions options;
  options.cancelled = kind.cancelled;
  api_ = std::make_unique<Kubernetes>(read_kubeconfig(cluster_->kubeconfig), options);
  images_.clear();
  install_agent(*cluster_);
}

void KindProvider::remove_cluster() {
  api_.reset();
  cluster_.reset();
  delete_kind_cluster(name_, kubeconfig_of(name_));
  if (journal_) journal_->finish();
  journal_.reset();
}

// Nodes that are not Ready or take no pods, and what runs left.
std::string KindProvider::why_not_clean() {
  for (const json& node : api_->list("/api/v1/nodes")) {
    const std::string name = node["metadata"]["name"];
    if (node["spec"].value("unschedulable", false)) return name + " takes no pods";
    bool ready = false;
    for (const json& condition : node["status"]["conditions"])
      ready = ready || (condition["type"] == "Ready" && condition["status"] == "True");
    if (!ready) return name + " is not Ready";
  }
  for (const json& one : api_->list("/api/v1/namespaces",
                                    {{"labelSelector", "app.kubernetes.io/managed-by=faultline"}}))
    if (!one["metadata"].contains("deletionTimestamp"))
      return fmt::format("the namespace {} of another run is there",
                         one["metadata"]["name"].get<std::string>());
  return "";
}

std::string KindProvider::image_of(const BrokerProgram& program, const RunOptions& options,
                                   const KindOptions& kind) {
  auto& image = images_[program.binary.string()];
  if (image.empty())
    image = provide_image(*cluster_, program.image, program.binary, !options.broker_binary.empty(),
                          kind);
  return image;
}

std::unique_ptr<Cluster> KindProvider::start_brokers(const BrokerProgram& program, const Scenario&,
                                                     const RunOptions& options, Journal& journal,
                                                     const Message& message) {
  const auto cancelled = [&options] { return interrupted(options); };
  const KindOptions kind{name_, kubeconfig_of(name_), options_.node_image, message, cancelled};
  cluster(message, cancelled);
  std::string problem = why_not_clean();
  for (const auto deadline = Clock::now() + clean_limit; !problem.empty() && !cancelled();
       problem = why_not_clean()) {
    if (Clock::now() > deadline)
      throw ClusterError(fmt::format("the kind cluster {} is not clean: {}", name_, problem));
    std::this_thread::sleep_for(500ms);
  }
  const UndoFirst undo_first = [&journal, gone = cluster_is_gone(name_)](Undo undo) {
    undo.gone = gone;
    journal.undo_first(undo);
  };

  KubernetesBrokersOptions brokers;
  brokers.run_id = journal.run();
  brokers.product = program.name;
  brokers.image = image_of(program, options, kind);
  brokers.folder = options.folder;
  brokers.kubeconfig = cluster_->kubeconfig;
  brokers.undo_first = undo_first;
  brokers.progress = message;
  brokers.cancelled = cancelled;
  workers_.clear();
  for (const KindNode& node : cluster_->workers) {
    workers_.push_back(std::make_unique<KindWorker>(
        node.name, addresses_of(api_->get("/api/v1/nodes/" + node.name)), volume_in(node.name),
        undo_first));
    const Volume& volume = workers_.back()->volume();
    volume.kill_holders();
    volume.detach();
    volume.make();
    volume.attach();
    brokers.places.push_back({node.name, here(node.ports.client), here(node.ports.monitor),
                              node.ports.client_node_port, node.ports.monitor_node_port,
                              workers_.back().get(), &volume});
  }
  return std::make_unique<KubernetesBrokers>(*api_, program, brokers);
}

}  // namespace faultline
