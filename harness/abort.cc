#include "harness/abort.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "harness/broker/http.h"

namespace faultline {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds answer_limit{2000};
constexpr int most_failures = 3;  // in a row; one lost packet ends no run
constexpr const char* stop_annotation = "faultline.dev/stop";

// What cannot be asked is a reason only after several attempts.
class Patience {
 public:
  std::string failed(const std::string& what) { return ++failures_ >= most_failures ? what : ""; }
  std::string succeeded(const std::string& reason) {
    failures_ = 0;
    return reason;
  }

 private:
  int failures_ = 0;
};

std::string escaped(const std::string& text) {
  char* const raw = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string result = raw == nullptr ? "" : raw;
  curl_free(raw);
  return result;
}

// [time, "0"] is no alert, and neither is an empty result.
bool is_alert(const json& value) {
  return !value.is_array() || value.size() != 2 || value[1] != "0";
}

bool has_alert(const json& data) {
  const json result = data.value("result", json::array());
  if (data.value("resultType", "") == "scalar") return is_alert(result);
  return result.is_array() && std::ranges::any_of(result, [](const json& sample) {
           return is_alert(sample.value("value", json()));
         });
}

}  // namespace

AbortCondition unhealthy(const std::string& url) {
  return [url, patience = Patience()]() mutable -> std::string {
    const auto answer = http_get(url, answer_limit);
    if (!answer) return patience.failed(fmt::format("the health URL {} does not answer", url));
    if (answer->status < 200 || answer->status >= 300)
      return patience.failed(
          fmt::format("the health URL {} answers with status {}", url, answer->status));
    return patience.succeeded("");
  };
}

AbortCondition alerted(const std::string& prometheus_url, const std::string& query) {
  const auto url = fmt::format("{}{}api/v1/query?query={}", prometheus_url,
                               prometheus_url.ends_with('/') ? "" : "/", escaped(query));
  return [url, prometheus_url, query, patience = Patience()]() mutable -> std::string {
    const auto answer = http_get(url, answer_limit);
    const json reply = json::parse(answer ? answer->body : "", nullptr, false);
    if (!reply.is_object() || reply.value("status", "") != "success")
      return patience.failed(
          fmt::format("Prometheus at {} does not answer the query", prometheus_url));
    return patience.succeeded(has_alert(reply.value("data", json::object()))
                                  ? fmt::format("the Prometheus query holds: {}", query)
                                  : "");
  };
}

AbortCondition told_to_stop(Kubernetes& api, const std::string& namespace_name) {
  return [&api, namespace_name, patience = Patience()]() mutable -> std::string {
    try {
      const json found = api.get(resource_path("v1", "", "namespaces", namespace_name));
      const json annotations = found["metadata"].value("annotations", json::object());
      return patience.succeeded(annotations.contains(stop_annotation)
                                    ? fmt::format("the namespace {} carries the annotation {}",
                                                  namespace_name, stop_annotation)
                                    : "");
    } catch (const std::exception& error) {
      return patience.failed(fmt::format("whether the namespace {} says stop cannot be read: {}",
                                         namespace_name, error.what()));
    }
  };
}

std::vector<AbortCondition> abort_conditions(const TargetFile& target, Kubernetes& reader) {
  std::vector<AbortCondition> conditions;
  std::set<std::string> namespaces{target.brokers.namespace_name};
  for (const AllowedPods& allowed : target.pods) namespaces.insert(allowed.namespace_name);
  for (const auto& one : namespaces) conditions.push_back(told_to_stop(reader, one));
  if (!target.abort.health_url.empty()) conditions.push_back(unhealthy(target.abort.health_url));
  if (!target.abort.prometheus_url.empty())
    conditions.push_back(alerted(target.abort.prometheus_url, target.abort.prometheus_query));
  return conditions;
}

struct AbortWatch::Implementation {
  std::vector<AbortCondition> conditions;
  const milliseconds most_unavailable;
  const std::function<void(const std::string&)> ended;
  const milliseconds interval;

  std::mutex mutex;
  std::condition_variable_any changed;
  std::string reason = {};
  std::jthread thread = {};

  void found(const std::string& why) {
    const std::lock_guard lock(mutex);
    if (reason.empty()) reason = why;
    changed.notify_all();
  }

  void look() {
    for (const auto& condition : conditions)
      if (const auto why = condition(); !why.empty()) return found(why);
  }

  void watch(const std::stop_token& stop) {
    for (;;) {
      look();
      std::unique_lock lock(mutex);
      changed.wait_for(lock, stop, interval, [&] { return !reason.empty(); });
      if (stop.stop_requested()) return;
      if (reason.empty()) continue;
      const auto why = reason;
      lock.unlock();
      return ended(why);
    }
  }
};

AbortWatch::AbortWatch(std::vector<AbortCondition> conditions, milliseconds most_unavailable,
                       std::function<void(const std::string&)> ended, milliseconds interval)
    : implementation_(new Implementation{
          std::move(conditions), most_unavailable, std::move(ended), interval, {}, {}}) {
  auto& self = *implementation_;
  self.thread = std::jthread([&self](const std::stop_token& stop) { self.watch(stop); });
}

AbortWatch::~AbortWatch() = default;

std::string AbortWatch::reason(const ProgressFigures& figures) {
  auto& self = *implementation_;
  const auto gap = std::max(figures.unavailable_writes, figures.unavailable_reads);
  if (self.most_unavailable.count() > 0 && gap > self.most_unavailable)
    self.found(
        fmt::format("{} were not served for {:.0f} s; abort.unavailable is {} s",
                    figures.unavailable_writes >= figures.unavailable_reads ? "writes" : "reads",
                    static_cast<double>(gap.count()) / 1000, self.most_unavailable.count() / 1000));
  const std::lock_guard lock(self.mutex);
  return self.reason;
}

}  // namespace faultline
