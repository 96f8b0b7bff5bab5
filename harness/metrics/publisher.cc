#include "harness/metrics/publisher.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "harness/broker/http.h"
#include "harness/report/redact.h"
#include "harness/report/results.h"
#include "harness/runs/index.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds push_limit{10};

bool is_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_address(const std::string& host) {
  in6_addr any{};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &any) == 1;
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1;
}

// With the file past links.
MetricsOptions checked(MetricsOptions options) try {
  if (!options.file.empty()) options.file = writable_file(options.file, Writing::replaced);
  return options;
} catch (const ResultsError& error) {
  throw MetricsError(fmt::format("--metrics-file {}", plain(error.what())));
}

// Tells two about what happens.
class Both : public Progress {
 public:
  Both(Progress& one, Progress& other) : one_(one), other_(other) {}
  void update(const ProgressFigures& figures) override {
    one_.update(figures);
    other_.update(figures);
  }
  void message(const std::string& line) override {
    one_.message(line);
    other_.message(line);
  }

 private:
  Progress& one_;
  Progress& other_;
};

}  // namespace

std::string listening_address(const std::string& text) {
  const auto colon = text.rfind(':');
  std::string host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
  const std::string port = colon == text.npos ? text : text.substr(colon + 1);
  if (host == "localhost") host = "127.0.0.1";
  if (!is_address(host) || !is_port(port))
    throw MetricsError(fmt::format(
        "--metrics '{}' is no address and port, such as 127.0.0.1:9464, or a port", text));
  return host + ":" + port;
}

std::string push_url(const std::string& gateway, const std::string& provider) {
  const bool has_scheme = gateway.starts_with("http://") || gateway.starts_with("https://");
  const bool has_host =
      has_scheme && gateway.find_first_not_of('/', gateway.find(':') + 1) != std::string::npos;
  if (!has_host || gateway.find_first_of("?# \t\r\n") != std::string::npos)
    throw MetricsError(fmt::format(
        "--pushgateway '{}' is no address of one, such as http://127.0.0.1:9091", redact(gateway)));
  const std::string base = gateway.substr(0, gateway.find_last_not_of('/') + 1);
  return base + "/metrics/job/faultline/provider/" + provider;
}

std::string as_text(const Metrics& metrics) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, metrics.Collect());
  return std::move(out).str();
}

MetricsPublisher::MetricsPublisher(const MetricsOptions& options, std::shared_ptr<Metrics> metrics,
                                   const std::string& provider)
    : options_(checked(options)), metrics_(std::move(metrics)) {
  if (!options.gateway.empty()) push_url_ = push_url(options.gateway, provider);
  if (!options.address.empty()) {
    const std::string address = listening_address(options.address);
    host_ = address.substr(0, address.rfind(':'));
    try {
      exposer_ = std::make_unique<prometheus::Exposer>(address);
    } catch (const std::exception&) {  // which says no more than that it could not
      throw MetricsError(fmt::format(
          "--metrics: cannot listen on {}: is the port taken? 0 takes a free one", address));
    }
    exposer_->RegisterCollectable(metrics_);
  }
  metrics_->suite_started(provider);
}

MetricsPublisher::~MetricsPublisher() = default;

std::string MetricsPublisher::url() const {
  if (!exposer_) return "";
  return fmt::format("http://{}:{}/metrics", host_, exposer_->GetListeningPorts().front());
}

SuiteSteps MetricsPublisher::watching(SuiteSteps steps) {
  const auto run = std::move(steps.run);
  steps.run = [this, run](const Scenario& scenario, const RunOptions& options, Progress& progress) {
    metrics_->run_started(scenario);
    Both both(progress, *metrics_);
    RunResult result = run(scenario, options, both);
    metrics_->run_finished(result);
    write_file(progress);
    return result;
  };
  return steps;
}

void MetricsPublisher::finish(const SuiteResult& suite, ExitCode code, const ExitPolicy& policy,
                              Progress& progress) {
  metrics_->suite_finished(suite, code, policy);
  write_file(progress);
  push(progress);
}

void MetricsPublisher::write_file(Progress& progress) const {
  if (options_.file.empty()) return;
  try {
    write_atomically(options_.file, as_text(*metrics_));
  } catch (const ResultsError& error) {
    progress.message(fmt::format("no metrics: {}", error.what()));
  }
}

// Not prometheus::Gateway: it waits without limit, and prints what the gateway answers.
void MetricsPublisher::push(Progress& progress) const {
  if (push_url_.empty()) return;
  try {
    const auto answer = http_send("PUT", push_url_, {"Content-Type: text/plain; charset=utf-8"},
                                  as_text(*metrics_), push_limit);
    if (answer.status / 100 != 2)
      progress.message(fmt::format("metrics not pushed: {} answers {} {}", redact(push_url_),
                                   answer.status, plain(redact(answer.body.substr(0, 200)))));
  } catch (const std::runtime_error& error) {
    progress.message(fmt::format("metrics not pushed to {}: {}", redact(push_url_), error.what()));
  }
}

LastSuccesses last_successes(std::span<const Scenario> scenarios, const fs::path& results,
                             const std::string& provider) {
  LastSuccesses last;
  std::error_code error;
  if (!fs::exists(results, error)) return last;  // the first run of all
  try {
    for (const RunRecord& run : known_runs(results).runs) {
      const bool asked =
          std::ranges::find(scenarios, run.scenario, &Scenario::name) != scenarios.end();
      if (!asked || !run.passed() || run.provider != provider) continue;
      double& time = last.times[run.scenario];
      time = std::max(time, end_of_run(run.begin, std::chrono::milliseconds(run.elapsed)));
    }
  } catch (const RunsError& problem) {
    last.problem = problem.what();
  }
  return last;
}

}  // namespace faultline
