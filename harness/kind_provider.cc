#include "harness/kind_provider.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <system_error>

#include "harness/kubernetes/brokers.h"
#include "harness/kubernetes/cluster_dns.h"
#include "harness/kubernetes/kind_health.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto clean_limit = 90s;
constexpr std::size_t wanted_workers = 3;  // kind-config/cluster.yaml

std::string new_name() {
  return fmt::format("faultline-{:06x}", std::random_device{}() & 0xffffff);
}

// One that stays has a name that is easy to find again.
std::string chosen_name(const ProviderOptions& options) {
  if (!options.cluster.empty()) return options.cluster;
  return options.keep || options.reuse ? "faultline" : new_name();
}

Volume volume_in(const std::string& container, const Scenario& scenario) {
  return {place_in(container), volume_image, volume_mount_point,
          std::uint64_t{scenario.volume_size} << 20, scenario.file_system};
}

// Node images have ext4's programs, and not all of them XFS's.
void require_mkfs(const Volume& volume) {
  const auto program = "mkfs." + volume.file_system;
  if (run_program(volume.place.command({"sh", "-c", "command -v " + program})).status != 0)
    throw ClusterError(
        fmt::format("broker.file_system: {} needs {}, which the node image does not "
                    "have: choose another --node-image, or ext4",
                    volume.file_system, program));
}

// Nothing to undo once the cluster is gone.
std::vector<std::string> cluster_is_gone(const std::string& name) {
  return undo_kind_cluster(name, files_of(name)).front().undone;
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

// Folders that every worker has, instead of a file system in each.
void share_volumes(std::vector<BrokerPlace>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i].data = fmt::format("{}/{}", shared_by_workers, i);
    places[i].volume = nullptr;
    output_of(place_in(places[i].node).command({"mkdir", "-p", places[i].data}));
  }
}

}  // namespace

KindFiles files_of(const std::string& kind_cluster) {
  return kind_files(state_folder() / "kind", kind_cluster);
}

KindProvider::KindProvider(const ProviderOptions& options)
    : options_(options), name_(chosen_name(options)) {}

std::unique_ptr<Journal> hold_kind_cluster(const std::string& name) try {
  return std::make_unique<Journal>(state_folder(), "kind-" + name);
} catch (const std::system_error& error) {
  if (error.code() != std::errc::file_exists) throw;
  throw ClusterError(fmt::format(
      "the kind cluster '{}' is in use, or what a killed faultline left of it could not be undone: "
      "wait for the other one, see 'faultline heal', or choose another --cluster",
      name));
}

KindProvider::~KindProvider() {
  if (!hold_) return;
  try {
    if (remove_) delete_kind_cluster(name_, files_of(name_));
    hold_->finish();
  } catch (const std::exception& error) {  // the journal stays
    fmt::print(stderr,
               "faultline: the kind cluster '{}' is left: {}; the next run, or 'faultline heal', "
               "removes it\n",
               name_, error.what());
  }
}

std::vector<std::string> KindProvider::missing(const Scenario& scenario) {
  if (!lacking_) lacking_ = missing_for_kind();
  std::vector<std::string> missing;
  if (!lacking_->empty()) missing.push_back(*lacking_);
  if (scenario.brokers != wanted_workers)
    missing.push_back("the kind cluster has workers for 3 brokers");
  const auto lack = [&](const std::string& text) {
    if (std::ranges::find(missing, text) == missing.end()) missing.push_back(text);
  };
  for (const FaultStep& step : scenario.faults) {
    if (fault_kind(step.fault).needs == Needs::process)
      lack(fmt::format(
          "{} needs the broker's process on this machine: use --provider local, or worker-pause",
          step.fault));
    if (fault_kind(step.fault).needs == Needs::network)
      lack(
          fmt::format("the provider kind has no {}: its nodes carry the packets of Kubernetes too: "
                      "use --provider local",
                      step.fault));
  }
  return missing;
}

KindOptions KindProvider::kind_options(const Message& message,
                                       const std::function<bool()>& cancelled) const {
  return {name_, files_of(name_), options_.node_image, message, cancelled};
}

const KindCluster& KindProvider::clean_cluster(const Message& message,
                                               const std::function<bool()>& cancelled) {
  const auto kind = kind_options(message, cancelled);
  if (!cluster_) find_or_make(kind);
  message("looking whether the cluster is clean");
  if (const auto why = make_clean(*cluster_, *api_, clean_limit, message, cancelled);
      !why.empty()) {
    make_anew(kind, why);
    if (const auto still = make_clean(*cluster_, *api_, clean_limit, message, cancelled);
        !still.empty())
      throw ClusterError(fmt::format("the kind cluster {} is not clean: {}", name_, still));
  }
  return *cluster_;
}

void KindProvider::find_or_make(const KindOptions& kind) {
  if (!hold_) hold_ = hold_kind_cluster(name_);
  switch (owner_of_kind_cluster(name_)) {
    case KindOwner::nobody:
      return make(kind);
    case KindOwner::somebody:
      throw ClusterError(fmt::format(
          "there is a kind cluster '{}' that Faultline did not make: choose another --cluster",
          name_));
    case KindOwner::faultline:
      if (!options_.reuse)
        throw ClusterError(fmt::format(
            "there is a kind cluster '{0}' already: --reuse uses it, 'faultline down --cluster "
            "{0}' removes it",
            name_));
      kind.progress("using the kind cluster " + name_);
      if (!find(kind)) make_anew(kind, "it is half made");
  }
}

bool KindProvider::find(const KindOptions& kind) {
  try {
    wake_kind_nodes(name_, kind.progress);
    cluster_ = find_kind_cluster(kind);
  } catch (const ClusterError& error) {
    kind.progress(error.what());
    return false;
  }
  if (cluster_->workers.size() != wanted_workers) return false;
  connect();
  return true;
}

void KindProvider::make(const KindOptions& kind) {
  kind.progress(fmt::format("making the kind cluster {} (about a minute)", name_));
  hold_->undo_first({fmt::format("kind cluster {} removed", name_),
                     {},
                     undo_kind_cluster(name_, files_of(name_))});
  remove_ = true;
  cluster_ = create_kind_cluster(kind);
  made_ = true;
  if (stays()) {
    hold_->finish();
    hold_ = hold_kind_cluster(name_);
    remove_ = false;
  }
  connect();
  shorten_denials(*api_);
}

void KindProvider::make_anew(const KindOptions& kind, const std::string& why) {
  kind.progress(fmt::format("the kind cluster {} cannot be repaired ({})", name_, why));
  api_.reset();
  cluster_.reset();
  delete_kind_cluster(name_, kind.files);
  make(kind);
}

void KindProvider::connect() {
  // Not cancelled: with it the run undoes what it did.
  api_ = std::make_unique<Kubernetes>(read_kubeconfig(cluster_->kubeconfig));
  install_agent(*cluster_);
}

std::string KindProvider::provide_image_of(const BrokerProgram& program, const RunOptions& options,
                                           const Message& message) {
  const auto cancelled = [&options] { return interrupted(options); };
  const auto kind = kind_options(message, cancelled);
  if (!options_.broker_image.empty()) return provide_image(*cluster_, options_.broker_image, kind);
  return provide_image_or_pack(*cluster_, program.image, program.binary,
                               program.program_in_image, !options.broker_binary.empty(), kind);
}

std::unique_ptr<Cluster> KindProvider::start_brokers(const BrokerProgram& program,
                                                     const Scenario& scenario,
                                                     const RunOptions& options, Journal& journal,
                                                     const Message& message) {
  const auto cancelled = [&options] { return interrupted(options); };
  clean_cluster(message, cancelled);
  const auto undo_unless = [&journal](const std::vector<std::string>& gone) -> UndoFirst {
    return [&journal, gone](Undo undo) {
      undo.gone = gone;
      journal.undo_first(undo);
    };
  };

  KubernetesBrokersOptions brokers;
  brokers.run_id = journal.run();
  brokers.product = program.name;
  brokers.image = provide_image_of(program, options, message);
  brokers.control_plane = name_ + "-control-plane";
  for (const auto& [name, image] : program.other_images) {
    const bool chosen = name == "metadata_image" && !options_.metadata_image.empty();
    brokers.other_images[name] = provide_image(
        *cluster_, chosen ? options_.metadata_image : image, kind_options(message, cancelled));
  }
  brokers.folder = options.folder;
  brokers.kubeconfig = cluster_->kubeconfig;
  brokers.undo_first = undo_unless(cluster_is_gone(name_));
  brokers.progress = message;
  brokers.cancelled = cancelled;
  workers_.clear();
  for (const KindNode& node : cluster_->workers) {
    const auto undo_first = undo_unless(kind_node_is_gone(node.name));
    workers_.push_back(std::make_unique<KindWorker>(
        node.name, addresses_of(api_->get("/api/v1/nodes/" + node.name)),
        volume_in(node.name, scenario), undo_first));
    const Volume& volume = workers_.back()->volume();
    undo_first({"no volume is left in " + node.name, {}, {undo_volume(node.name)}});
    brokers.places.push_back({node.name, here(node.ports.client), here(node.ports.monitor),
                              node.ports.client_node_port, node.ports.monitor_node_port,
                              volume.data(), workers_.back().get(), &volume});
  }
  if (scenario.shared_volumes)
    share_volumes(brokers.places);
  else
    for_each_worker(*cluster_, [&scenario](const KindNode& node) {
      const auto volume = volume_in(node.name, scenario);
      require_mkfs(volume);
      volume.make();
      volume.attach();
    });
  return std::make_unique<KubernetesBrokers>(*api_, program, brokers);
}

}  // namespace faultline
