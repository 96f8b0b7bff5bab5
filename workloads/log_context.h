// What all roles of one workload `log` share, in one partition.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "workloads/client.h"
#include "workloads/log_workload.h"
#include "workloads/recorder.h"

namespace faultline {

// A maximum that many threads raise.
template <class T>
class Highest {
 public:
  void raise(T value) {
    T seen = value_.load(std::memory_order_relaxed);
    while (seen < value && !value_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }
  T get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

struct LiveCounters {
  std::atomic<std::uint64_t> writes_ok{0}, writes_failed{0}, writes_unknown{0};
  std::atomic<std::uint64_t> reads_ok{0}, deliveries{0};
  Highest<Time> last_write, last_read, last_delivery;

  LiveFigures figures() const;
};

struct LogContext {
  LogSettings settings;
  StreamAddress address;
  Recorder& recorder;
  ClientFactory make_client;
  std::uint64_t run = 0;  // run_hash of the run id
  std::uint64_t seed = 0;
  std::uint32_t partition = 1;
  LiveCounters live;
  Highest<std::uint64_t> newest;  // the highest sequence known to exist
};

// Records what a read through the leader, a direct one or one of the drain
// brought. Returns true if it was answered.
bool complete_read(LogContext&, OperationId, OperationKind, std::uint64_t sequence,
                   const ReadReply&);

// A client and the process id it records under. One that is closed for good is
// replaced by a new client under a new process id, at most once a second.
class Session {
 public:
  Session(LogContext&, std::string role, std::string group, std::size_t first_server);

  struct Seat {
    Client& client;
    std::uint32_t process;
  };
  Seat seat();  // by one thread; valid until the next call

 private:
  void open();

  LogContext& context_;
  const std::string role_, group_;
  std::size_t first_server_;
  std::unique_ptr<Client> client_;
  std::uint32_t process_ = 0;
  Time opened_ = 0;
};

}  // namespace faultline
