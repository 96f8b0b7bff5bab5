// The workload `log`: N producers append unique values to one stream, M
// consumers read them in several ways, and a final drain reads everything.
// Traffic is bounded in rate; every operation goes to the recorder. Of a stream
// of several partitions each has as many clients of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "harness/cluster/client_access.h"
#include "workloads/recorder.h"

namespace faultline {

struct LogSettings {
  std::uint32_t producers = 2;
  double rate = 200;            // publishes a second of all producers together, of all partitions
  std::uint32_t in_flight = 0;  // > 0: closed loop, so many per producer; rate is unused
  bool resend = false;          // what was not acknowledged comes again, with the same id
  std::uint32_t min_size = 64;  // payload bytes, uniform in [min_size, max_size]
  std::uint32_t max_size = 256;
  std::uint32_t readers = 1;    // follow the end of the stream, through its leader
  std::uint32_t rereaders = 1;  // read from the start again and again, through its leader
  std::uint32_t durables = 1;   // durable pull consumers of one group, explicit acks
  std::uint32_t laggards = 1;   // a second group that is kept behind on purpose
  std::uint32_t refusers = 0;   // a third group that never acknowledges
  std::uint32_t max_deliveries = 10;  // of a message to the refusers
  std::uint32_t directs = 1;    // direct gets: measured, never judged
  double read_rate = 50;        // reads a second of each reader, rereader, direct
  std::chrono::milliseconds publish_timeout{3000};
  std::chrono::milliseconds read_timeout{500};
  std::chrono::milliseconds ack_wait{10'000};
  bool operator==(const LogSettings&) const = default;
};

// Where the stream is: names as the broker knows them.
struct StreamAddress {
  std::vector<std::string> urls;  // one per server, nats://127.0.0.1:port
  std::string stream;
  std::string subject;
  std::string durable_group;
  std::string lagging_group;
  ClientAccess access = {};
  std::string product = "nats";  // whose clients are to be made
  std::uint32_t partitions = 1;
  std::string refusing_group = {};
};

struct LiveFigures {  // of the whole run so far
  std::uint64_t writes_ok = 0, writes_failed = 0, writes_unknown = 0;
  std::uint64_t reads_ok = 0, deliveries = 0;
  // Completion of the last ok one, in the partition that has been without for longest.
  Time last_write = 0, last_read = 0, last_delivery = 0;
  Tally operations;
};

class LogWorkload {
 public:
  LogWorkload(const LogSettings&, const StreamAddress&, Recorder&, std::string run_id,
              std::uint64_t seed);
  ~LogWorkload();  // stops

  void start();           // connects and begins; throws if the stream cannot be reached
  void stop_producing();  // returns when every publish has its outcome

  // Reads everything that a partition holds, through its leader, and lets every
  // group catch up. `give_up` is asked often; a reason ends the drain
  // unfinished. Does not record DrainFinished: the caller adds what it knows. May
  // run beside that of another partition.
  DrainFinished drain(std::uint32_t partition,
                      const std::function<std::optional<std::string>()>& give_up);

  void stop();  // no operation is under way afterwards
  LiveFigures live() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
