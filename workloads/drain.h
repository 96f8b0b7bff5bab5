// The final read: everything that the stream holds, through its leader.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "workloads/consumer.h"
#include "workloads/log_context.h"
#include "workloads/pace.h"

namespace faultline {

class Drain {
 public:
  using GiveUp = std::function<std::optional<std::string>()>;

  // The consumers run already. `number` chooses the first server.
  Drain(LogContext&, const std::vector<std::unique_ptr<Consumer>>&, std::uint32_t number);
  ~Drain();

  // Complete when every sequence of the stream is answered and meanwhile the
  // stream did not grow. A group is drained when it has nothing pending, nothing
  // unacknowledged and brings nothing any more, or is gone for good.
  DrainFinished run(const GiveUp&);

 private:
  std::optional<std::string> read_up_to(StreamState, const GiveUp&);  // why it gave up
  std::optional<std::uint64_t> next_unread(StreamState);
  bool all_answered();
  void read(std::uint64_t sequence);
  void look_at_groups(DrainFinished&);
  std::string what_is_lacking(const std::string& group, const std::optional<GroupState>&);
  bool is_gone(const std::string& group, const GroupState&);
  std::uint64_t empty_pulls(const std::string& group) const;
  std::string progress(const std::optional<StreamState>&);

  LogContext& context_;
  const std::vector<std::unique_ptr<Consumer>>& consumers_;
  Session session_;
  InFlight in_flight_;

  std::mutex mutex_;
  std::uint64_t next_ = 1;           // all before it were asked for
  std::deque<std::uint64_t> again_;  // asked for, unanswered
  std::uint64_t answered_ = 0;
  std::size_t under_way_ = 0;
  bool refused_ = false;

  std::map<std::string, std::uint64_t> empty_pulls_when_clear_;
  std::map<std::string, Time> absent_since_;  // groups that the broker does not know
  std::string lagging_;                       // what the groups still lack
};

}  // namespace faultline
