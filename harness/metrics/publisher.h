// Where the metrics go: to whoever scrapes them, into a file, to a Pushgateway.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "harness/metrics/metrics.h"
#include "harness/suite.h"

namespace prometheus {
class Exposer;
}

namespace faultline {

// What was asked for cannot be; what() is one line.
struct MetricsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct MetricsOptions {
  std::string address;         // "127.0.0.1:9464", "[::1]:9464", "9464"; port 0: any
  std::filesystem::path file;  // for node_exporter's textfile collector
  std::string gateway;         // http://pushgateway.example:9091
  bool any() const { return !address.empty() || !file.empty() || !gateway.empty(); }
};

// "127.0.0.1:9464" from "9464", "localhost:9464", ...: of loopback unless an address is given.
// Throws MetricsError.
std::string listening_address(const std::string&);

// Where a Pushgateway takes the metrics of a suite on that provider: a group each, so that
// nightly runs on two providers do not overwrite each other. Throws MetricsError where it is
// no URL with http or https.
std::string push_url(const std::string& gateway, const std::string& provider);

// In the text format, version 0.0.4, for whatever reads files.
std::string as_text(const Metrics&);

class MetricsPublisher {
 public:
  // Listens at once. Throws MetricsError where an option cannot be served: the port is taken,
  // the file's folder is not there.
  MetricsPublisher(const MetricsOptions&, std::shared_ptr<Metrics>, const std::string& provider);
  ~MetricsPublisher();
  MetricsPublisher(const MetricsPublisher&) = delete;
  MetricsPublisher& operator=(const MetricsPublisher&) = delete;

  std::string url() const;  // of what is scraped; empty if nothing is

  // The same steps; the metrics see what goes on, and the file is written after each run.
  SuiteSteps watching(SuiteSteps);

  // The last state, into the file and to the gateway. Tells on `progress` what did not go:
  // no verdict depends on it. Takes 10 s at most.
  void finish(const SuiteResult&, ExitCode, const ExitPolicy&, Progress&);

 private:
  void write_file(Progress&) const;
  void push(Progress&) const;

  const MetricsOptions options_;
  const std::shared_ptr<Metrics> metrics_;
  std::string push_url_;
  std::string host_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

// When each of the scenarios passed last on that provider, by the history of runs.
struct LastSuccesses {
  std::map<std::string, double> times;  // seconds since 1970 UTC; of what never passed: none
  std::string problem;                  // why the history cannot be read, in a line; else empty
};
LastSuccesses last_successes(std::span<const Scenario>, const std::filesystem::path& results,
                             const std::string& provider);

}  // namespace faultline
