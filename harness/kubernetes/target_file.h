// What faultline may do to a cluster that exists, and how to reach the brokers
// there: the content of a target file (docs/staging.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/kubernetes/object.h"

namespace faultline {

struct AllowedPods {
  std::string namespace_name;
  Labels labels;  // a pod must carry all of them
};

// A stretch of the day, in UTC, on some days of the week. Ends on the day on
// which it begins.
struct AllowedTime {
  std::vector<unsigned> days;  // 0: Sunday
  std::chrono::minutes from{0}, until{24 * 60};
};

// Where a secret lies; the file never holds the secret itself.
struct SecretPlace {
  std::filesystem::path file;
  std::string variable;  // of the environment
  bool empty() const { return file.empty() && variable.empty(); }
};

struct ClientPlaces {
  std::string url;                          // one for all brokers
  std::map<std::string, std::string> urls;  // by pod; each broker's own
  SecretPlace ca, certificate, key, password, token, credentials;
  std::string user;
};

struct ExistingBrokersPlace {
  std::string namespace_name;
  Labels selector;
  std::string container;  // empty: the pod's first
  std::uint16_t monitor_port = 8222;
  ClientPlaces client;
};

// The opt-in image with faultline-agent, and where its pods are made.
struct Agent {
  std::string image, namespace_name;
};

struct AbortLimits {
  std::chrono::milliseconds unavailable{0};  // of writes or reads; 0: no limit
  std::string health_url;
  std::string prometheus_url, prometheus_query;
};

struct TargetFile {
  std::filesystem::path file;
  std::string name;

  std::string context, server;
  std::filesystem::path kubeconfig;  // empty: as kubectl finds it

  ExistingBrokersPlace brokers;

  std::vector<std::string> faults;
  std::vector<AllowedPods> pods;
  Labels nodes;  // empty: any node that hosts one of the pods
  std::size_t pods_at_once = 0, nodes_at_once = 0;
  std::vector<AllowedTime> times;  // empty: at any time
  std::optional<Agent> agent;      // empty: no way into the nodes

  AbortLimits abort;
};

bool carries(const Labels& wanted, const Labels& labels);

// "app=nats,tier=broker", as the API takes it.
std::string selector_text(const Labels&);

// Whether all of it lies in one allowed stretch; `begin` and `end` in UTC.
bool is_allowed(const std::vector<AllowedTime>&, std::chrono::system_clock::time_point begin,
                std::chrono::system_clock::time_point end);

// "prod", "live" or the like as a word of a context's, server's or namespace's name.
bool looks_like_production(const std::string& name);

}  // namespace faultline
