// A NATS JetStream client over the NATS C client.
//
// Every call is one request with a reply subject of its own and a time-out of
// its own, so that it has exactly one outcome. The library's own asynchronous
// publish, fetch and request are not used: as of 3.4.1 they lose completions,
// overrun a buffer and end early on stale replies (nats.c #749, #631, #880).
//
// Never retries. A request made while the connection is down is refused. One
// made at the moment it goes down may be kept by the library and sent later: it
// times out, and is unknown.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/cluster/client_access.h"
#include "workloads/client.h"

typedef struct __natsConnection natsConnection;
typedef struct __natsSubscription natsSubscription;
typedef struct __natsMsg natsMsg;

namespace faultline {

struct NatsAddress {
  std::vector<std::string> urls;
  std::string stream;
  std::string subject;
  // False: the library gathers writes for up to a millisecond, which many in
  // flight want; true: each call leaves at once.
  bool send_at_once = true;
  ClientAccess access = {};
  std::map<std::string, std::string> headers = {};  // of every message that is published
  std::string id_header = {};  // which takes an id of the message's own; empty: none does
};

// Whether a producer with so many in flight should send each call at once: below
// this the wait would count, above it the system calls do.
inline bool sends_at_once(std::size_t in_flight) { return in_flight < 64; }

class NatsClient final : public Client {
 public:
  // Throws std::runtime_error if the address cannot be understood; a server
  // that cannot be reached is tried again for ever.
  NatsClient(const NatsAddress&, const std::string& name, std::size_t first_server);
  ~NatsClient() override;
  NatsClient(const NatsClient&) = delete;
  NatsClient& operator=(const NatsClient&) = delete;

  void publish(std::string_view payload, const std::string& id, Milliseconds timeout,
               Callback<PublishReply>) override;
  void read(std::uint64_t sequence, Milliseconds timeout, Callback<ReadReply>) override;
  void direct_read(std::uint64_t sequence, Milliseconds timeout, Callback<ReadReply>) override;
  void pull(const std::string& group, Milliseconds expires, Milliseconds timeout,
            Callback<PullReply>) override;
  void acknowledge(const std::string& acknowledge_to, Milliseconds timeout,
                   Callback<AcknowledgeReply>) override;
  std::optional<StreamState> stream_state(Milliseconds timeout) override;
  std::optional<GroupState> group_state(const std::string& group, Milliseconds timeout) override;
  bool closed() const override;

  bool connected() const;
  void close();  // for good, as the library does after two authorization errors

 private:
  enum class Fate : std::uint8_t {
    answered,
    refused,     // nobody was there to receive it, or the library would not send it
    unsent,      // there was no connection
    unanswered,  // in time
  };
  struct Reply {
    Fate fate = Fate::unanswered;
    natsMsg* message = nullptr;  // of answered
    Outcome outcome() const;     // of one that was not answered
    bool sent() const { return fate != Fate::unsent; }
    std::string_view data() const;
    std::string_view status() const;  // of the headers: "404"; empty if there is none
  };
  struct Pending {
    Time deadline = 0;
    std::string group;  // of a pull; else empty
    std::function<void(const Reply&)> completed;
  };

  void connect(const NatsAddress&, const std::string& name, std::size_t first_server);
  void subscribe();
  void request(const std::string& subject, std::string_view body, Milliseconds timeout,
               std::function<void(const Reply&)> completed, const std::string& group = {},
               const std::map<std::string, std::string>& headers = {});
  void request_message(const std::string& subject, std::uint64_t sequence, Milliseconds timeout,
                       std::function<void(const Reply&)> completed);
  std::string ask(const std::string& subject, Milliseconds timeout);
  std::uint64_t token_of(natsMsg*);
  void finish(std::uint64_t token, const Reply&);
  void sweep(std::stop_token);
  void delivery_ended();
  static void received(natsConnection*, natsSubscription*, natsMsg*, void* self);

  template <class T, void (*destroy)(T*)>
  struct Destroy {
    void operator()(T* handle) const { destroy(handle); }
  };
  static void destroy_connection(natsConnection*);
  static void destroy_message(natsMsg*);
  static void destroy_subscription(natsSubscription*);

  const std::string stream_;
  const std::string subject_;
  const std::map<std::string, std::string> headers_;
  const std::string id_header_;
  std::string inbox_;  // ends in "."; the token of a request follows
  std::unique_ptr<natsConnection, Destroy<natsConnection, &NatsClient::destroy_connection>>
      connection_;
  std::unique_ptr<natsSubscription, Destroy<natsSubscription, &NatsClient::destroy_subscription>>
      subscription_;

  // Of the subscription's thread. Messages go together, since the library wakes a
  // thread of its own to free each.
  std::vector<std::unique_ptr<natsMsg, Destroy<natsMsg, &NatsClient::destroy_message>>> spent_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool delivering_ = false;  // the subscription's thread may still call
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, Pending> pending_;  // by token, so in order of request
  std::jthread sweeper_;
};

}  // namespace faultline
