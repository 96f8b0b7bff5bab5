#include "harness/kubernetes/kind.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto create_limit = 15min;  // a node image of a gigabyte may be pulled
constexpr auto pull_limit = 10min;
constexpr std::uint16_t first_monitor_port = 30500;  // kind-config/cluster.yaml

fs::path config_file() { return fs::path(FAULTLINE_KIND_CONFIG) / "cluster.yaml"; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream input(text);
  for (std::string line; std::getline(input, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

// " ✓ Preparing nodes 📦" -> "Preparing nodes"; empty for what is no finished step.
std::string finished_step(const std::string& line) {
  constexpr std::string_view mark = "\u2713";
  const auto at = line.find(mark);
  if (at == line.npos) return "";
  std::string step;
  for (const char c : line.substr(at + mark.size()))
    if (static_cast<unsigned char>(c) < 0x80) step += c;
  const auto begin = step.find_first_not_of(' '), end = step.find_last_not_of(' ');
  return begin == step.npos ? "" : step.substr(begin, end - begin + 1);
}

bool image_is_here(const std::string& image) {
  return run_program({"docker", "image", "inspect", image}).status == 0;
}

// A node image that this machine has, whoever made it; empty if none.
std::string node_image_here() {
  const auto images = lines_of(
      output_of({"docker", "images", "kindest/node", "--format", "{{.Repository}}:{{.Tag}}"}));
  const auto named = std::ranges::find_if(
      images, [](const std::string& image) { return !image.ends_with(":<none>"); });
  return named == images.end() ? "" : *named;
}

ProgramEnd create(const KindOptions& options, const std::string& image) {
  std::vector<std::string> command{"kind",        "create",       "cluster",
                                   "--name",      options.name,   "--config",
                                   config_file(), "--kubeconfig", options.kubeconfig.string(),
                                   "--wait",      "180s"};
  if (!image.empty()) command.insert(command.end(), {"--image", image});
  ProgramOptions program;
  program.limit = create_limit;
  program.cancelled = options.cancelled;
  program.line = [&](const std::string& line) {
    if (const auto step = finished_step(line); !step.empty()) options.progress("kind: " + step);
  };
  return run_program(command, program);
}

// kind's first complaint says what, the lines after it how.
std::string complaint(const ProgramEnd& end) {
  for (const auto& line : lines_of(end.errors))
    if (line.starts_with("ERROR: ")) return line.substr(7);
  return fmt::format("exit status {}", end.status);
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
  KindCluster cluster{options.name, options.kubeconfig, {}};
  for (const auto& node : lines_of(output_of({"kind", "get", "nodes", "--name", options.name})))
    if (const auto ports = ports_of(node); ports.client != 0 && ports.monitor != 0)
      cluster.workers.push_back({node, ports});
  std::ranges::sort(cluster.workers, {},
                    [](const KindNode& node) { return node.ports.client_node_port; });
  if (cluster.workers.empty())
    throw ClusterError("the kind cluster " + options.name +
                       " is none of Faultline's: no worker of "
                       "it has the ports of kind-config/cluster.yaml");
  return cluster;
}

// An image of the one static program, for machines that can pull nothing.
void pack_image(const std::string& name, const fs::path& binary) {
  std::string pattern = (fs::temp_directory_path() / "faultline-image-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  const auto program = "usr/local/bin/" + binary.filename().string();
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

}  // namespace

std::string missing_for_kind() {
  for (const char* program : {"docker", "kind"})
    if (find_program(program).empty())
      return fmt::format("the program {} is not installed", program);
  if (run_program({"docker", "info"}).status != 0)
    return "no Docker Engine answers (start it, or join the group docker)";
  return "";
}

std::vector<std::string> kind_clusters() {
  return lines_of(output_of({"kind", "get", "clusters", "--quiet"}));
}

KindCluster create_kind_cluster(const KindOptions& options) {
  if (std::ranges::count(kind_clusters(), options.name) != 0)
    throw ClusterError(fmt::format(
        "there is a kind cluster '{}' already; choose another name, or reuse it", options.name));
  fs::create_directories(options.kubeconfig.parent_path());
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
    if (end.status != 0) throw ClusterError("kind could not make the cluster: " + complaint(end));
    return described(options);
  } catch (const ClusterError&) {
    delete_kind_cluster(options.name, options.kubeconfig);
    throw;
  }
}

KindCluster find_kind_cluster(const KindOptions& options) {
  fs::create_directories(options.kubeconfig.parent_path());
  output_of({"kind", "export", "kubeconfig", "--quiet", "--name", options.name, "--kubeconfig",
             options.kubeconfig.string()});
  return described(options);
}

void delete_kind_cluster(const std::string& name, const fs::path& kubeconfig) {
  output_of({"kind", "delete", "cluster", "--quiet", "--name", name, "--kubeconfig",
             kubeconfig.string()});
  std::error_code ignored;
  fs::remove(kubeconfig, ignored);
}

UndoStep undo_kind_cluster(const std::string& name) {
  const std::string none =
      "test -z \"$(docker ps --all --quiet --filter label=io.x-k8s.kind.cluster=" + name + ")\"";
  return {{"sh", "-c", none}, {"kind", "delete", "cluster", "--name", name}};
}

std::string provide_image(const KindCluster& cluster, const std::string& image,
                          const fs::path& binary, bool binary_was_chosen,
                          const KindOptions& options) {
  ProgramOptions program;
  program.limit = pull_limit;
  program.cancelled = options.cancelled;
  std::string name = image;
  const bool pulled = !binary_was_chosen &&
                      (image_is_here(image) ||
                       run_program({"docker", "pull", "--quiet", image}, program).status == 0);
  if (!pulled) {
    name = fmt::format("faultline/{}-packed", image);
    if (!binary_was_chosen)
      options.progress(
          fmt::format("the image {} cannot be pulled: packing {}", image, binary.string()));
    pack_image(name, binary);
  }
  output_of({"kind", "load", "docker-image", "--name", cluster.name, name}, program);
  return name;
}

void install_agent(const KindCluster& cluster) {
  const auto agent = fs::read_symlink("/proc/self/exe").parent_path() / "faultline-agent";
  if (!fs::exists(agent)) throw ClusterError("there is no " + agent.string() + ": build it");
  for (const auto& worker : cluster.workers)
    output_of({"docker", "cp", agent.string(), worker.name + ":/usr/local/bin/faultline-agent"});
}

}  // namespace faultline
