// One connection to a broker, as the workload needs it. One implementation per
// broker product.
//
// Every call is made once, never repeated, and has exactly one outcome: its
// callback runs once, on a thread of the client or, where nothing could be
// sent, before the call returns. `fail` means certainly did not happen; a call
// whose fate is not known is `unknown`. Views are valid during the callback.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

// `sent` of every reply: false where the client was not connected, so that
// nobody was asked; the outcome is then `fail`.

struct PublishReply {
  Outcome outcome = Outcome::unknown;
  std::uint64_t sequence = 0;
  bool duplicate = false;
  bool sent = true;
};

struct ReadReply {
  Outcome outcome = Outcome::unknown;
  bool found = false;  // of ok: else "no message at this sequence"
  std::string_view payload = {};
  bool sent = true;
};

struct PullReply {
  Outcome outcome = Outcome::unknown;
  bool found = false;  // of ok: else nothing was pending for as long as the pull waited
  std::string_view payload;
  std::uint64_t sequence = 0;
  std::uint32_t deliveries = 0;
  std::string acknowledge_to = {};
  bool sent = true;
};

struct AcknowledgeReply {
  Outcome outcome = Outcome::unknown;
  bool sent = true;
};

struct StreamState {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  bool operator==(const StreamState&) const = default;
};

struct GroupState {
  bool absent = false;               // the broker answers that there is no such group
  std::uint64_t pending = 0;         // not delivered yet
  std::uint64_t unacknowledged = 0;  // delivered, not acknowledged yet
};

template <class Reply>
using Callback = std::function<void(const Reply&)>;

class Client {
 public:
  using Milliseconds = std::chrono::milliseconds;

  virtual ~Client() = default;  // what is still under way becomes unknown

  // The broker stores what comes twice with one `id` once, where it knows of ids.
  virtual void publish(std::string_view payload, const std::string& id, Milliseconds timeout,
                       Callback<PublishReply>) = 0;

  // Through the stream's leader.
  virtual void read(std::uint64_t sequence, Milliseconds timeout, Callback<ReadReply>) = 0;

  // Any replica may answer.
  virtual void direct_read(std::uint64_t sequence, Milliseconds timeout, Callback<ReadReply>) = 0;

  // One message of a durable consumer group. The broker waits for one for
  // `expires`; `timeout` is what the answer may take on top.
  virtual void pull(const std::string& group, Milliseconds expires, Milliseconds timeout,
                    Callback<PullReply>) = 0;

  // Confirmed by the broker.
  virtual void acknowledge(const std::string& acknowledge_to, Milliseconds timeout,
                           Callback<AcknowledgeReply>) = 0;

  // Of the leader; empty if it did not answer. These block up to `timeout`.
  virtual std::optional<StreamState> stream_state(Milliseconds timeout) = 0;
  virtual std::optional<GroupState> group_state(const std::string& group, Milliseconds timeout) = 0;

  // True once the connection is closed for good: only a new client helps.
  virtual bool closed() const = 0;
};

// Makes clients that connect in the background, to `first_server` (an index
// into the servers, modulo their number) first. `name` is told to the broker.
using ClientFactory =
    std::function<std::unique_ptr<Client>(const std::string& name, std::size_t first_server)>;

}  // namespace faultline
