// Why a run must end before its time: watched from beside it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"
#include "harness/runner.h"

namespace faultline {

// A reason to end; empty: go on. May take a second or two. A condition that
// cannot be asked several times in a row is a reason as well.
using AbortCondition = std::function<std::string()>;

// Any answer but 2xx.
AbortCondition unhealthy(const std::string& url);

// The query of an alert: whatever it returns, but for 0, is a reason.
AbortCondition alerted(const std::string& prometheus_url, const std::string& query);

// The annotation faultline.dev/stop of a namespace, whatever its value.
AbortCondition told_to_stop(Kubernetes&, const std::string& namespace_name);

// Of the target file, and the annotations of its namespaces.
std::vector<AbortCondition> abort_conditions(const TargetFile&, Kubernetes& reader);

class AbortWatch {
 public:
  // `ended` is called once, on the watch's own thread, as soon as there is a reason.
  AbortWatch(std::vector<AbortCondition>, std::chrono::milliseconds most_unavailable,
             std::function<void(const std::string& reason)> ended,
             std::chrono::milliseconds interval = std::chrono::seconds(2));
  ~AbortWatch();

  // Quick. Once there is a reason it stays.
  std::string reason(const ProgressFigures&);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
