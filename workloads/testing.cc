#include "workloads/testing.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "checkers/history_file.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

StreamSettings stream_settings(std::uint32_t max_deliveries) {
  StreamSettings settings;
  settings.name = "log";
  settings.subject = "log.values";
  settings.durable_group = "durable";
  settings.lagging_group = "lagging";
  if (max_deliveries > 0) {
    settings.refusing_group = "refusing";
    settings.max_deliveries = max_deliveries;
    settings.ack_wait = 1s;
  }
  return settings;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  auto pattern = (std::filesystem::temp_directory_path() / "faultline-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + 2min;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

TestCluster::TestCluster(std::uint32_t max_deliveries) : stream_(stream_settings(max_deliveries)) {
  const auto binary = find_nats_binary({}, [](const std::string&) {});
  LocalOptions options;
  options.folder = folder_.path();
  cluster_ = std::make_unique<LocalCluster>(nats_program(binary, ""), options);
  broker_ = std::make_unique<NatsBroker>(*cluster_, binary.version);
  broker_->wait_until_ready(60s, [](const std::string&) {});
  broker_->create_stream(stream_, {});
}

StreamAddress TestCluster::address() const {
  StreamAddress address;
  for (const auto& server : cluster_->servers()) address.urls.push_back(server.client_url);
  address.stream = stream_.name;
  address.subject = stream_.subject;
  address.durable_group = stream_.durable_group;
  address.lagging_group = stream_.lagging_group;
  address.refusing_group = stream_.refusing_group;
  return address;
}

TestRun::TestRun(const LogSettings& settings, const StreamAddress& address) {
  Header header;
  header.run_id = "test-run";
  header.partitions = address.partitions;
  recorder_ = std::make_unique<Recorder>(folder_.path() / "history", header);
  workload_ = std::make_unique<LogWorkload>(settings, address, *recorder_, header.run_id, 1);
}

DrainFinished TestRun::drain(std::uint32_t partition) {
  const auto limit = std::chrono::steady_clock::now() + 2min;
  return workload_->drain(partition, [limit]() -> std::optional<std::string> {
    if (std::chrono::steady_clock::now() > limit) return "the test's patience is over";
    return std::nullopt;
  });
}

History TestRun::finish() {
  workload_->stop();
  recorder_->close();
  return read_history(folder_.path() / "history");
}

}  // namespace faultline
