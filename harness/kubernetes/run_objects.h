// What a run makes in a Kubernetes cluster, known by its labels.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// app.kubernetes.io/managed-by: faultline, faultline.dev/run: <run id>
void label_as_run(nlohmann::json& object, const std::string& run_id);

// What selects the objects of all runs, whose one of them is, and its namespace.
Query of_all_runs();
std::string run_of(const nlohmann::json& object);
std::string namespace_of(const std::string& run_id);

// Removes the namespace and the volumes of a run; returns when no pod is left.
// No effect where there is nothing. Throws KubernetesError: a namespace without the
// run's label, which is not ours; pods that are still there after the limit.
void remove_run(Kubernetes&, const std::string& namespace_name, const std::string& run_id,
                std::chrono::seconds limit);

}  // namespace faultline
