// Kubernetes clusters in Docker containers, by the program kind
// (kind.sigs.k8s.io): made, found again, taken down.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/cluster/program.h"
#include "harness/cluster/undo.h"
#include "harness/cluster/worker.h"

namespace faultline {

// Two NodePorts of a worker, and where they are on 127.0.0.1.
struct WorkerPorts {
  std::uint16_t client_node_port = 0, monitor_node_port = 0;
  std::uint16_t client = 0, monitor = 0;
};

struct KindNode {
  std::string name;  // the container's name, which is the node's
  WorkerPorts ports;
};

struct KindCluster {
  std::string name;
  std::filesystem::path kubeconfig;
  std::vector<KindNode> workers;  // in the order of kind-config/cluster.yaml
};

// What there is of a kind cluster outside of Docker: files beside each other.
struct KindFiles {
  std::filesystem::path kubeconfig;     // written by kind; nobody else's is touched
  std::filesystem::path shared_folder;  // every worker has it at `shared_by_workers`
};

KindFiles kind_files(const std::filesystem::path& folder, const std::string& name);

inline constexpr const char* shared_by_workers = "/var/lib/faultline-shared";

struct KindOptions {
  std::string name;
  KindFiles files;
  std::string node_image;  // empty: kind's own, else one that is here
  std::function<void(const std::string&)> progress;
  std::function<bool()> cancelled;
};

// What keeps this machine from having kind clusters; empty if nothing does.
std::string missing_for_kind();

// Each node takes about eleven: Linux' default of 128 is enough for two clusters.
int inotify_instances();
inline constexpr int enough_inotify_instances = 512;

// A node image that this machine has, whoever made it; empty if none.
std::string node_image_here();

// What kind accepts, and its nodes can have as host names. Empty, or why not.
std::string problem_of_kind_name(const std::string& name);

// By the mark that kind-config/cluster.yaml gives to each node, half made ones too.
enum class KindOwner { nobody, faultline, somebody };
KindOwner owner_of_kind_cluster(const std::string& name);

// All throw ClusterError, and touch only clusters that Faultline made. Making
// one takes about a minute; a failure or a cancellation leaves nothing of it.
KindCluster create_kind_cluster(const KindOptions&);
KindCluster find_kind_cluster(const KindOptions&);  // that exists; writes its kubeconfig
void delete_kind_cluster(const std::string& name, const KindFiles&);

// The first is undone when there is no such cluster of Faultline's.
std::vector<UndoStep> undo_kind_cluster(const std::string& name, const KindFiles&);

// A command that ends with status 0 where no such node of Faultline's is left, running
// or not: nothing can be undone in it, nor needs to be.
std::vector<std::string> kind_node_is_gone(const std::string& node);

// The nodes of a cluster by name, with the state of their containers: "running".
std::map<std::string, std::string> kind_nodes(const std::string& name);

// Makes an image known to every node, unless they have it: one that this machine has,
// or that can be pulled. Returns its name.
std::string provide_image(const KindCluster&, const std::string& image, const KindOptions&);

// The same; where it cannot be pulled, one is packed from `binary`. Returns the name
// to use, which says which it was. `program` is the binary's name in it; empty: its own.
std::string provide_image_or_pack(const KindCluster&, const std::string& image,
                                  const std::filesystem::path& binary, const std::string& program,
                                  bool binary_was_chosen, const KindOptions&);

// faultline-agent in every worker, from beside this program.
void install_agent(const KindCluster&);

// All at once; what one of them throws comes out when all are done.
void for_each_worker(const KindCluster&, const std::function<void(const KindNode&)>&);

}  // namespace faultline
