// For the tests of workloads: a real cluster, a recorder, and the history that
// they leave.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "checkers/history.h"
#include "harness/broker/nats/nats.h"
#include "harness/cluster/local.h"
#include "workloads/log_workload.h"
#include "workloads/recorder.h"

namespace faultline {

// A folder that is gone with the value.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// True once `condition` holds, false after two minutes.
bool eventually(const std::function<bool()>& condition);

// Three nats-servers with a stream of three replicas and its two groups; with a third one,
// "refusing", where a message is delivered to it at least once.
class TestCluster {
 public:
  explicit TestCluster(std::uint32_t max_deliveries = 0);

  LocalCluster& cluster() { return *cluster_; }
  NatsBroker& broker() { return *broker_; }
  StreamAddress address() const;

 private:
  StreamSettings stream_;
  TemporaryFolder folder_;
  std::unique_ptr<LocalCluster> cluster_;
  std::unique_ptr<NatsBroker> broker_;
};

// A workload that records into a folder of its own.
class TestRun {
 public:
  TestRun(const LogSettings&, const StreamAddress&);

  LogWorkload& workload() { return *workload_; }
  DrainFinished drain(std::uint32_t partition = 1);  // gives up after two minutes
  History finish();                                  // stops, closes, reads back

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<LogWorkload> workload_;
};

}  // namespace faultline
