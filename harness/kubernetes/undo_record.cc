#include "harness/kubernetes/undo_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <sstream>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/guard.h"
#include "harness/kubernetes/rules.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int attempts = 4;
constexpr const char* selector = "app.kubernetes.io/managed-by=faultline,faultline.dev/undo=true";
constexpr std::string_view node_key = "cordoned.", entered_key = "entered.";
constexpr const char *stream_key = "stream", *faults_key = "faults";

std::string record_name(const std::string& run) { return undo_name_prefix + run; }

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// What is put twice is put once, so an answer that was lost does no harm.
template <class Action>
void insist(const Action& action) {
  for (int attempt = 1;; ++attempt) try {
      return action();
    } catch (const KubernetesError& error) {
      const bool worth_it = error.status == 0 || error.status == 429 || error.status >= 500;
      if (!worth_it || attempt == attempts)
        throw ClusterError(
            fmt::format("how to undo it could not be kept in the cluster, so it was not done: {}",
                        error.what()));
      std::this_thread::sleep_for(attempt * 500ms);
    }
}

}  // namespace

UndoRecord::UndoRecord(Kubernetes& api, std::string namespace_name, std::string run)
    : api_(api), namespace_name_(std::move(namespace_name)), run_(std::move(run)) {}

void UndoRecord::put(const std::string& key, const std::string& value) {
  const auto path = resource_path("v1", namespace_name_, "configmaps");
  insist([&] {
    if (made_) {
      api_.patch(path + "/" + record_name(run_), {{"data", {{key, value}}}});
      return;
    }
    json object{{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata", {{"name", record_name(run_)}}},
                {"data", {{key, value}}}};
    label_as_run(object, run_);
    object["metadata"]["labels"]["faultline.dev/undo"] = "true";
    try {
      api_.create(path, object);
    } catch (const KubernetesError& error) {
      if (error.reason != "AlreadyExists") throw;
      api_.patch(path + "/" + record_name(run_), {{"data", {{key, value}}}});
    }
    made_ = true;
  });
}

void UndoRecord::keep(const Undo& undo) {
  if (!undo.steps.empty() && undo.agent_node.empty())
    throw ClusterError("not done, since only this machine could undo it: " + undo.what);
  if (!undo.agent_node.empty()) put(std::string(entered_key) + undo.agent_node, undo.what);
  for (const KubernetesUndo& one : undo.kubernetes) {
    if (one.action != KubernetesUndo::Action::uncordon)
      throw ClusterError("not done to a cluster that exists: " + undo.what);
    put(std::string(node_key) + one.name, undo.what);
  }
}

void UndoRecord::keep_faults(const std::vector<std::string>& names) {
  put(faults_key, fmt::format("{}", fmt::join(names, " ")));
}

void UndoRecord::keep_stream(const std::string& name) {
  put(stream_key, name);
  has_stream_ = true;
}

void UndoRecord::stream_is_removed() { has_stream_ = false; }

void UndoRecord::finish() {
  if (!made_ || has_stream_) return;
  api_.remove(resource_path("v1", namespace_name_, "configmaps", record_name(run_)));
  made_ = false;
}

std::string stream_of_run(const std::string& run) { return "faultline-" + run; }

std::vector<LeftUndone> read_undo_records(Kubernetes& api, const std::string& namespace_name) {
  std::vector<LeftUndone> records;
  for (const json& object :
       api.list(resource_path("v1", namespace_name, "configmaps"), {{"labelSelector", selector}})) {
    LeftUndone left;
    left.namespace_name = object["metadata"].value("namespace", namespace_name);
    const auto name = name_of(object);
    if (!name.starts_with(undo_name_prefix)) continue;
    left.run = name.substr(std::string_view(undo_name_prefix).size());
    const json data = object.value("data", json::object());
    for (const auto& [key, value] : data.items()) {
      if (key.starts_with(node_key)) left.nodes.push_back(key.substr(node_key.size()));
      if (key.starts_with(entered_key)) left.entered.push_back(key.substr(entered_key.size()));
      if (key == faults_key && value.is_string()) left.faults = words_of(value.get<std::string>());
      // Only its own: a stream of somebody else is nobody's to name.
      if (key == stream_key && value == stream_of_run(left.run)) left.stream = value;
    }
    records.push_back(std::move(left));
  }
  return records;
}

void remove_undo_record(Kubernetes& api, const LeftUndone& left) {
  api.remove(resource_path("v1", left.namespace_name, "configmaps", record_name(left.run)));
}

}  // namespace faultline
