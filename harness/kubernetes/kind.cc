#include "harness/kubernetes/kind.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/manifests.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto create_limit = 15min;  // a node image of a gigabyte may be pulled
constexpr auto pull_limit = 10min;
constexpr auto delete_limit = 5min;  // Docker may be busy
constexpr std::uint16_t first_monitor_port = 30500;     // kind-config/cluster.yaml
constexpr const char* mark = "/etc/made-by-faultline";  // kind-config/cluster.yaml
constexpr std::size_t longest_name = 63 - std::string_view("-control-plane").size();

fs::path config_file(const KindFiles& files) { return files.kubeconfig.string() + ".making"; }

// kind-config/cluster.yaml with its blanks filled in; gone with this. kind reads JSON, too.
class ConfigFile {
 public:
  explicit ConfigFile(const KindFiles& files) : path_(config_file(files)) {
    const auto whole = read_manifests(fs::path(FAULTLINE_KIND_CONFIG) / "cluster.yaml",
                                      {{"shared_folder", files.shared_folder.string()}});
    std::ofstream(path_) << whole.at(0);
  }
  ~ConfigFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream input(text);
  for (std::string line; std::getline(input, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

// " • Preparing nodes 📦  ..." -> "Preparing nodes"; empty for what begins no step.
std::string begun_step(const std::string& line) {
  constexpr std::string_view bullet = "\u2022";
  const auto at = line.find(bullet);
  if (at == line.npos) return "";
  std::string step;
  for (const char c : line.substr(at + bullet.size()))
    if (static_cast<unsigned char>(c) < 0x80) step += c;
  const auto begin = step.find_first_not_of(' '), end = step.find_last_not_of(" .");
  return begin == step.npos || step.find("Ready after") != step.npos
             ? ""
             : step.substr(begin, end - begin + 1);
}

std::string label_filter(const std::string& name) { return "label=io.x-k8s.kind.cluster=" + name; }

std::string mark_filter() { return std::string("volume=") + mark; }

// Ends with status 0 where there is none. Without an answer from Docker nothing is
// known. Twice: a container that was just asked for when its maker was killed shows up late.
std::vector<std::string> no_container(const std::string& filter, const std::string& other) {
  const auto none = fmt::format(
      "none() {{ left=$(docker ps --all --quiet --filter '{}' --filter '{}') && "
      "test -z \"$left\"; }}; none && sleep 1 && none",
      filter, other);
  return {"sh", "-c", none};
}

bool image_is_here(const std::string& image) {
  return run_program({"docker", "image", "inspect", image}).status == 0;
}

ProgramEnd create(const KindOptions& options, const std::string& image) {
  const ConfigFile config(options.files);
  std::vector<std::string> command{"kind",        "create",       "cluster",
                                   "--name",      options.name,   "--config",
                                   config.path(), "--kubeconfig", options.files.kubeconfig.string(),
                                   "--wait",      "180s"};
  if (!image.empty()) command.insert(command.end(), {"--image", image});
  ProgramOptions program;
  program.limit = create_limit;
  program.cancelled = options.cancelled;
  program.line = [&](const std::string& line) {
    if (const auto step = begun_step(line); !step.empty()) options.progress("kind: " + step);
  };
  return run_program(command, program);
}

std::string too_few_inotify_instances() {
  const int most = inotify_instances();
  if (most >= enough_inotify_instances) return "";
  return fmt::format(
      " (perhaps too many clusters are here for fs.inotify.max_user_instances={}: remove one, or "
      "sysctl -w fs.inotify.max_user_instances={})",
      most, enough_inotify_instances);
}

// kind's first complaint says what, the lines after it how.
std::string complaint(const ProgramEnd& end) {
  for (const auto& line : lines_of(end.errors))
    if (line.starts_with("ERROR: "))
      return line.substr(7) +
             (line.find("kubeadm") == line.npos ? "" : too_few_inotify_instances());
  return fmt::format("exit status {}", end.status);
}

bool somebody_was_faster(const ProgramEnd& end) {
  return end.errors.find("already exist for a cluster with the name") != std::string::npos;
}

WorkerPorts ports_of(const std::string& container) {
  const json bindings = json::parse(
      output_of({"docker", "inspect", "--format", "{{json .HostConfig.PortBindings}}", container}));
  WorkerPorts ports;
  for (const auto& [inside, outside] : bindings.items()) {
    const auto node_port = static_cast<std::uint16_t>(std::stoi(inside));
    const auto here =
        static_cast<std::uint16_t>(std::stoi(outside.at(0).at("HostPort").get<std::string>()));
    (node_port > first_monitor_port ? ports.monitor_node_port : ports.client_node_port) = node_port;
    (node_port > first_monitor_port ? ports.monitor : ports.client) = here;
  }
  return ports;
}

KindCluster described(const KindOptions& options) {
  KindCluster cluster{options.name, options.files.kubeconfig, {}};
  for (const auto& [node, state] : kind_nodes(options.name))
    if (const auto ports = ports_of(node); ports.client != 0 && ports.monitor != 0)
      cluster.workers.push_back({node, ports});
  std::ranges::sort(cluster.workers, {},
                    [](const KindNode& node) { return node.ports.client_node_port; });
  if (cluster.workers.empty())
    throw ClusterError("no worker of the kind cluster " + options.name +
                       " has the ports of kind-config/cluster.yaml");
  return cluster;
}

// An image of the one static program, for machines that can pull nothing.
void pack_image(const std::string& name, const fs::path& binary, const std::string& as) {
  std::string pattern = (fs::temp_directory_path() / "faultline-image-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  const auto program = "usr/local/bin/" + as;
  try {
    fs::create_directories((folder / "root" / program).parent_path());
    fs::create_directories(folder / "root/tmp");
    fs::copy_file(binary, folder / "root" / program);
    const auto archive = (folder / "image.tar").string();
    output_of({"tar", "-C", (folder / "root").string(), "-cf", archive, "."});
    output_of({"docker", "import", "--change", "ENTRYPOINT [\"/" + program + "\"]", archive, name});
  } catch (...) {
    fs::remove_all(folder);
    throw;
  }
  fs::remove_all(folder);
}

// Its content is part of the name: another binary is another image.
std::string packed_name(const std::string& image, const fs::path& binary) {
  return fmt::format("faultline/{}-{}", image, sha256(binary).substr(0, 12));
}

// As containerd calls it: "nats:2.12" is docker.io/library/nats:2.12.
bool nodes_have(const KindCluster& cluster, const std::string& image) {
  const auto name = (image.find('/') == image.npos ? "docker.io/library/" : "docker.io/") + image;
  std::atomic<bool> missing = false;
  for_each_worker(cluster, [&](const KindNode& worker) {
    if (output_of({"docker", "exec", worker.name, "ctr", "--namespace", "k8s.io", "images", "ls",
                   "--quiet", "name==" + name})
            .empty())
      missing = true;
  });
  return !missing;
}

ProgramOptions slow_program(const KindOptions& options) {
  ProgramOptions program;
  program.limit = pull_limit;
  program.cancelled = options.cancelled;
  return program;
}

// Empty where this machine has it, then.
std::string why_not_pulled(const std::string& image, const KindOptions& options) {
  if (image_is_here(image)) return "";
  const auto end = run_program({"docker", "pull", "--quiet", image}, slow_program(options));
  if (end.status == 0) return "";
  const auto lines = lines_of(end.errors);
  return lines.empty() ? fmt::format("exit status {}", end.status) : lines.back();
}

void load(const KindCluster& cluster, const std::string& image, const KindOptions& options) {
  options.progress("loading the image " + image + " into the nodes");
  output_of({"kind", "load", "docker-image", "--name", cluster.name, image}, slow_program(options));
}

// From inside: what brokers wrote is root's, which the user need not be.
std::vector<std::string> empty_shared_folder(const std::string& cluster) {
  return {"docker", "exec",   cluster + "-worker", "find", shared_by_workers, "-mindepth",
          "1",      "-delete"};
}

// What made it fail is what the user must know, whatever else fails.
void remove_after(const ClusterError& error, const KindOptions& options) {
  try {
    delete_kind_cluster(options.name, options.files);
  } catch (const ClusterError& left) {
    throw ClusterError(
        fmt::format("{}; what was made of it could not be removed: {}", error.what(), left.what()));
  }
}

}  // namespace

KindFiles kind_files(const fs::path& folder, const std::string& name) {
  return {folder / (name + ".kubeconfig"), folder / (name + ".shared")};
}

std::string missing_for_kind() {
  for (const char* program : {"docker", "kind"})
    if (find_program(program).empty())
      return fmt::format("the program {} is not installed (docs/kubernetes.md says how)", program);
  const auto end = run_program({"docker", "version", "--format", "{{.Server.Version}}"});
  if (end.status == 0) return "";
  if (end.errors.find("permission denied") != std::string::npos)
    return "no permission to use Docker: join the group docker and log in anew, or be root";
  return "no Docker Engine answers: start it (systemctl start docker)";
}

int inotify_instances() {
  int most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_instances") >> most;
  return most;
}

std::string node_image_here() {
  const auto images = lines_of(
      output_of({"docker", "images", "kindest/node", "--format", "{{.Repository}}:{{.Tag}}"}));
  const auto named = std::ranges::find_if(
      images, [](const std::string& image) { return !image.ends_with(":<none>"); });
  return named == images.end() ? "" : *named;
}

std::string problem_of_kind_name(const std::string& name) {
  constexpr auto allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-";
  if (name.empty()) return "must not be empty";
  if (name.find_first_not_of(allowed) != name.npos || name.front() == '-' || name.front() == '.')
    return "a kind cluster's name is made of a-z, 0-9, '-' and '.', and begins with a letter "
           "or digit";
  if (name.size() > longest_name)
    return fmt::format("a kind cluster's name has at most {} characters", longest_name);
  return "";
}

std::map<std::string, std::string> kind_nodes(const std::string& name) {
  std::map<std::string, std::string> nodes;
  for (const auto& line :
       lines_of(output_of({"docker", "ps", "--all", "--filter", label_filter(name), "--format",
                           "{{.Names}} {{.State}}"})))
    nodes[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  return nodes;
}

KindOwner owner_of_kind_cluster(const std::string& name) {
  const auto nodes = kind_nodes(name);
  const auto marked = lines_of(output_of({"docker", "ps", "--all", "--quiet", "--filter",
                                          label_filter(name), "--filter", mark_filter()}));
  if (nodes.empty()) return KindOwner::nobody;
  return marked.size() == nodes.size() ? KindOwner::faultline : KindOwner::somebody;
}

KindCluster create_kind_cluster(const KindOptions& options) {
  if (owner_of_kind_cluster(options.name) != KindOwner::nobody)
    throw ClusterError(fmt::format("there is a kind cluster '{}' already", options.name));
  fs::create_directories(options.files.shared_folder);  // with the folder of the other files
  bool faster = false;
  try {
    ProgramEnd end = create(options, options.node_image);
    if (end.status != 0 && options.node_image.empty() &&
        end.errors.find("failed to pull image") != std::string::npos) {
      const auto here = node_image_here();
      if (here.empty())
        throw ClusterError(
            "kind cannot pull its node image, and none is here: "
            "kind-config/node-image/build-image builds one");
      options.progress("kind cannot pull its node image: using " + here + ", which is here");
      end = create(options, here);
    }
    faster = somebody_was_faster(end);
    if (end.status != 0) throw ClusterError("kind could not make the cluster: " + complaint(end));
    return described(options);
  } catch (const ClusterError& error) {
    if (!faster) remove_after(error, options);
    throw;
  }
}

KindCluster find_kind_cluster(const KindOptions& options) {
  fs::create_directories(options.files.kubeconfig.parent_path());
  output_of({"kind", "export", "kubeconfig", "--quiet", "--name", options.name, "--kubeconfig",
             options.files.kubeconfig.string()});
  return described(options);
}

void delete_kind_cluster(const std::string& name, const KindFiles& files) {
  if (owner_of_kind_cluster(name) == KindOwner::somebody)
    throw ClusterError(fmt::format("the kind cluster '{}' is not Faultline's", name));
  run_program(empty_shared_folder(name));
  output_of({"kind", "delete", "cluster", "--quiet", "--name", name, "--kubeconfig",
             files.kubeconfig.string()},
            {.limit = delete_limit});
  std::error_code ignored;
  fs::remove(files.kubeconfig, ignored);
  fs::remove(files.shared_folder, ignored);
}

std::vector<UndoStep> undo_kind_cluster(const std::string& name, const KindFiles& files) {
  const auto none = no_container(label_filter(name), mark_filter());
  const auto folder = files.shared_folder.string();
  const auto remove = fmt::format("{}; kind delete cluster --name {}",
                                  shell_words(empty_shared_folder(name)), shell_words({name}));
  const auto key = files.kubeconfig.string(), config = config_file(files).string();
  return {{none, {"sh", "-c", remove}},
          {{"test", "!", "-e", folder}, {"rm", "-r", folder}},
          {{"test", "!", "-e", key, "-a", "!", "-e", config}, {"rm", "-f", key, config}}};
}

std::vector<std::string> kind_node_is_gone(const std::string& node) {
  return no_container(fmt::format("name=^{}$", node), mark_filter());
}

std::string provide_image(const KindCluster& cluster, const std::string& image,
                          const KindOptions& options) {
  if (nodes_have(cluster, image)) return image;
  if (const auto why = why_not_pulled(image, options); !why.empty())
    throw ClusterError(
        fmt::format("the image {} is not here, and cannot be pulled: {}", image, why));
  load(cluster, image, options);
  return image;
}

std::string provide_image_or_pack(const KindCluster& cluster, const std::string& image,
                                  const fs::path& binary, const std::string& program,
                                  bool binary_was_chosen, const KindOptions& options) {
  if (!binary_was_chosen && nodes_have(cluster, image)) return image;
  const auto packed = packed_name(image, binary);
  if (nodes_have(cluster, packed)) return packed;
  const bool pulled = !binary_was_chosen && why_not_pulled(image, options).empty();
  if (!pulled && !image_is_here(packed)) {
    if (!binary_was_chosen)
      options.progress(
          fmt::format("the image {} cannot be pulled: packing {}", image, binary.string()));
    pack_image(packed, binary, program.empty() ? binary.filename().string() : program);
  }
  const auto& name = pulled ? image : packed;
  load(cluster, name, options);
  return name;
}

void install_agent(const KindCluster& cluster) {
  const auto agent = fs::read_symlink("/proc/self/exe").parent_path() / "faultline-agent";
  if (!fs::exists(agent)) throw ClusterError("there is no " + agent.string() + ": build it");
  for_each_worker(cluster, [&](const KindNode& worker) {
    output_of({"docker", "cp", agent.string(), worker.name + ":/usr/local/bin/faultline-agent"});
  });
}

void for_each_worker(const KindCluster& cluster, const std::function<void(const KindNode&)>& act) {
  std::vector<std::future<void>> under_way;
  for (const auto& worker : cluster.workers)
    under_way.push_back(std::async(std::launch::async, [&] { act(worker); }));
  for (auto& one : under_way) one.wait();
  for (auto& one : under_way) one.get();
}

}  // namespace faultline
