#include "workloads/nats_client.h"

#include <fmt/format.h>
#include <nats/nats.h>

#include <algorithm>
#include <boost/beast/core/detail/base64.hpp>
#include <charconv>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/broker/nats/nats_access.h"
#include "workloads/recorder.h"

namespace faultline {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::int64_t connect_timeout_ms = 500;
constexpr std::int64_t write_deadline_ms = 1000;
constexpr std::int64_t ping_interval_ms = 1000;
constexpr int unanswered_pings = 2;
constexpr std::int64_t reconnect_wait_ms = 100;
constexpr std::int64_t reconnect_jitter_ms = 150;
constexpr milliseconds sweep_interval{10};
constexpr std::size_t spent_at_once = 32;

// https://github.com/nats-io/nats-server/blob/main/server/errors.json
constexpr int cluster_not_available = 10008;
constexpr int consumer_not_found = 10014;
constexpr int message_not_found = 10037;
constexpr int message_too_large = 10054;
constexpr int store_failed = 10077;

void check(natsStatus status, const char* what) {
  if (status != NATS_OK)
    throw std::runtime_error(fmt::format("{}: {}", what, natsStatus_GetText(status)));
}

struct DestroyOptions {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using Options = std::unique_ptr<natsOptions, DestroyOptions>;

Options make_options(const NatsAddress& address, const std::string& name,
                     std::size_t first_server) {
  std::vector<const char*> servers;
  for (const auto& url : address.urls) servers.push_back(url.c_str());
  if (servers.empty()) throw std::runtime_error("no server to connect to");
  std::rotate(servers.begin(),
              servers.begin() + static_cast<std::ptrdiff_t>(first_server % servers.size()),
              servers.end());

  natsOptions* created = nullptr;
  check(natsOptions_Create(&created), "NATS options");
  Options options(created);
  auto* o = options.get();
  check(natsOptions_SetServers(o, servers.data(), static_cast<int>(servers.size())), "server");
  show_access(o, address.access, name);
  check(natsOptions_SetNoRandomize(o, true), "server order");
  check(natsOptions_SetIgnoreDiscoveredServers(o, true), "discovered servers");
  check(natsOptions_SetTimeout(o, connect_timeout_ms), "connect timeout");
  check(natsOptions_SetWriteDeadline(o, write_deadline_ms), "write deadline");
  check(natsOptions_SetPingInterval(o, ping_interval_ms), "ping interval");
  check(natsOptions_SetMaxPingsOut(o, unanswered_pings), "pings");
  check(natsOptions_SetMaxReconnect(o, -1), "reconnects");
  check(natsOptions_SetReconnectWait(o, reconnect_wait_ms), "reconnect wait");
  check(natsOptions_SetReconnectJitter(o, reconnect_jitter_ms, reconnect_jitter_ms), "jitter");
  check(natsOptions_SetSendAsap(o, address.send_at_once), "send at once");
  // With a callback the first connection is made in the background too.
  check(natsOptions_SetRetryOnFailedConnect(
            o, true, [](natsConnection*, void*) {}, nullptr),
        "retry");
  return options;
}

json parse(std::string_view text) { return json::parse(text, nullptr, /*allow_exceptions=*/false); }

// The error of an API reply: its code, or 0 if there is none. -1: not a reply
// of the JetStream API.
int error_code(const json& reply) {
  if (!reply.is_object()) return -1;
  const auto error = reply.find("error");
  if (error == reply.end()) return 0;
  return error->is_object() ? error->value("err_code", -1) : -1;
}

// Errors found before the message is given to the replicas. Any other may have
// struck one replica after another has stored the message; so may 10023,
// "insufficient resources", of servers before 2.11.
bool certainly_not_stored(const json& reply) {
  switch (error_code(reply)) {
    case cluster_not_available:
    case message_too_large:
      return true;
    case store_failed: {
      const auto why = reply["error"].value("description", "");
      return why == "maximum messages exceeded" || why == "maximum bytes exceeded" ||
             why == "maximum messages per subject exceeded";
    }
    default:
      return false;
  }
}

PublishReply parse_publish_reply(std::string_view text) {
  const auto reply = parse(text);
  if (error_code(reply) != 0)
    return {certainly_not_stored(reply) ? Outcome::fail : Outcome::unknown, 0, false};
  const auto sequence = reply.value("seq", std::uint64_t{0});
  if (sequence == 0) return {};
  return {Outcome::ok, sequence, reply.value("duplicate", false)};
}

std::string decode_base64(std::string_view text) {
  namespace base64 = boost::beast::detail::base64;
  std::string bytes(base64::decoded_size(text.size()), '\0');
  bytes.resize(base64::decode(bytes.data(), text.data(), text.size()).first);
  return bytes;
}

struct DeliveryInfo {
  std::string_view group;
  std::uint64_t sequence = 0;
  std::uint32_t deliveries = 0;
};

// The reply subject of a delivered message:
// $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>
// or with <domain>.<account hash> after ACK and perhaps a token at the end
// (nats-architecture-and-design, ADR-15).
std::optional<DeliveryInfo> parse_delivery(std::string_view reply) {
  if (!reply.starts_with("$JS.ACK.")) return std::nullopt;
  std::vector<std::string_view> tokens;
  while (true) {
    const auto dot = reply.find('.');
    tokens.push_back(reply.substr(0, dot));
    if (dot == std::string_view::npos) break;
    reply.remove_prefix(dot + 1);
  }
  if (tokens.size() != 9 && tokens.size() < 11) return std::nullopt;
  const std::size_t at = tokens.size() == 9 ? 4 : 6;
  const auto number = [](std::string_view text, auto& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
  };
  DeliveryInfo info;
  info.group = tokens[at - 1];
  if (!number(tokens[at], info.deliveries) || !number(tokens[at + 1], info.sequence))
    return std::nullopt;
  return info;
}

natsStatus send(natsConnection* connection, const std::string& subject, const std::string& reply_to,
                std::string_view body, const std::map<std::string, std::string>& headers) {
  if (headers.empty())
    return natsConnection_PublishRequest(connection, subject.c_str(), reply_to.c_str(), body.data(),
                                         static_cast<int>(body.size()));
  natsMsg* created = nullptr;
  auto status = natsMsg_Create(&created, subject.c_str(), reply_to.c_str(), body.data(),
                               static_cast<int>(body.size()));
  const std::unique_ptr<natsMsg, decltype(&natsMsg_Destroy)> message(created, natsMsg_Destroy);
  for (const auto& [name, value] : headers)
    if (status == NATS_OK) status = natsMsgHeader_Set(message.get(), name.c_str(), value.c_str());
  return status == NATS_OK ? natsConnection_PublishMsg(connection, message.get()) : status;
}

}  // namespace

Outcome NatsClient::Reply::outcome() const {
  return fate == Fate::unanswered ? Outcome::unknown : Outcome::fail;
}

std::string_view NatsClient::Reply::data() const {
  return {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

std::string_view NatsClient::Reply::status() const {
  const char* value = nullptr;
  if (natsMsgHeader_Get(message, "Status", &value) != NATS_OK || value == nullptr) return {};
  return value;
}

void NatsClient::destroy_connection(natsConnection* connection) {
  natsConnection_Destroy(connection);
}

void NatsClient::destroy_message(natsMsg* message) { natsMsg_Destroy(message); }

void NatsClient::destroy_subscription(natsSubscription* subscription) {
  natsSubscription_Destroy(subscription);
}

NatsClient::NatsClient(const NatsAddress& address, const std::string& name,
                       std::size_t first_server)
    : stream_(address.stream),
      subject_(address.subject),
      headers_(address.headers),
      id_header_(address.id_header) {
  connect(address, name, first_server);
  subscribe();
  sweeper_ = std::jthread([this](std::stop_token stop) { sweep(stop); });
}

NatsClient::~NatsClient() {
  natsConnection_Close(connection_.get());
  sweeper_.request_stop();
  sweeper_.join();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !delivering_; });
  while (!pending_.empty()) {
    auto left = pending_.extract(pending_.begin());
    lock.unlock();
    left.mapped().completed({});
    lock.lock();
  }
}

void NatsClient::connect(const NatsAddress& address, const std::string& name,
                         std::size_t first_server) {
  const auto options = make_options(address, name, first_server);
  natsConnection* connection = nullptr;
  const auto status = natsConnection_Connect(&connection, options.get());
  connection_.reset(connection);
  if (status != NATS_NOT_YET_CONNECTED) check(status, "connect");
}

void NatsClient::subscribe() {
  natsInbox* created = nullptr;
  check(natsInbox_Create(&created), "inbox");
  inbox_ = std::string(created) + ".";
  natsInbox_Destroy(created);

  natsSubscription* subscription = nullptr;
  const auto status = natsConnection_Subscribe(&subscription, connection_.get(),
                                               (inbox_ + "*").c_str(), received, this);
  if (status == NATS_CONNECTION_CLOSED) return;  // already: the caller sees it by closed()
  check(status, "subscribe");
  subscription_.reset(subscription);
  natsSubscription_SetPendingLimits(subscription, -1, -1);

  const auto ended = [](void* self) { static_cast<NatsClient*>(self)->delivery_ended(); };
  std::lock_guard lock(mutex_);
  delivering_ = natsSubscription_SetOnCompleteCB(subscription, ended, this) == NATS_OK;
}

void NatsClient::delivery_ended() {
  std::lock_guard lock(mutex_);
  delivering_ = false;
  changed_.notify_all();
}

bool NatsClient::connected() const {
  return natsConnection_Status(connection_.get()) == NATS_CONN_STATUS_CONNECTED;
}

bool NatsClient::closed() const { return natsConnection_IsClosed(connection_.get()); }

void NatsClient::close() { natsConnection_Close(connection_.get()); }

void NatsClient::request(const std::string& subject, std::string_view body, Milliseconds timeout,
                         std::function<void(const Reply&)> completed, const std::string& group,
                         const std::map<std::string, std::string>& headers) {
  if (!connected()) return completed({Fate::unsent, nullptr});
  const Time deadline = monotonic_now() + std::chrono::nanoseconds(timeout).count();
  std::uint64_t token;
  {
    std::lock_guard lock(mutex_);
    token = ++last_token_;
    pending_.emplace(token, Pending{deadline, group, std::move(completed)});
    if (pending_.size() == 1) changed_.notify_all();
  }
  const auto reply_to = inbox_ + std::to_string(token);
  const auto status = send(connection_.get(), subject, reply_to, body, headers);
  switch (status) {
    case NATS_OK:
      break;
    case NATS_CONNECTION_CLOSED:
      finish(token, {Fate::unsent, nullptr});
      break;
    case NATS_INSUFFICIENT_BUFFER:
    case NATS_MAX_PAYLOAD:
    case NATS_INVALID_SUBJECT:
      finish(token, {Fate::refused, nullptr});
      break;
    default:  // a part may have left
      finish(token, {Fate::unanswered, nullptr});
  }
}

void NatsClient::finish(std::uint64_t token, const Reply& reply) {
  std::unique_lock lock(mutex_);
  auto found = pending_.extract(token);
  lock.unlock();
  if (!found.empty()) found.mapped().completed(reply);
}

// A message of a consumer group comes with the subject it was published to, not
// the one it was pulled to. The broker serves pulls in their order, so it is the
// answer to the oldest one.
std::uint64_t NatsClient::token_of(natsMsg* message) {
  std::string_view subject = natsMsg_GetSubject(message);
  std::uint64_t token = 0;
  if (subject.starts_with(inbox_)) {
    subject.remove_prefix(inbox_.size());
    std::from_chars(subject.data(), subject.data() + subject.size(), token);
    return token;
  }
  const char* reply_to = natsMsg_GetReply(message);
  const auto delivery = parse_delivery(reply_to ? reply_to : "");
  if (!delivery) return 0;
  std::lock_guard lock(mutex_);
  const auto pull = std::ranges::find_if(
      pending_, [&](const auto& each) { return each.second.group == delivery->group; });
  return pull == pending_.end() ? 0 : pull->first;
}

void NatsClient::received(natsConnection*, natsSubscription*, natsMsg* message, void* self) {
  auto& client = *static_cast<NatsClient*>(self);
  client.spent_.emplace_back(message);
  const auto token = client.token_of(message);
  if (natsMsg_IsNoResponders(message))
    client.finish(token, {Fate::refused, nullptr});
  else
    client.finish(token, {Fate::answered, message});
  if (client.spent_.size() == spent_at_once) client.spent_.clear();
}

void NatsClient::sweep(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !pending_.empty(); })) {
    const Time now = monotonic_now();
    std::vector<Pending> expired;
    for (auto each = pending_.begin(); each != pending_.end();) {
      if (each->second.deadline > now) {
        ++each;
        continue;
      }
      expired.push_back(std::move(each->second));
      each = pending_.erase(each);
    }
    lock.unlock();
    for (auto& each : expired) each.completed({});
    lock.lock();
    changed_.wait_for(lock, stop, sweep_interval, [] { return false; });
    if (stop.stop_requested()) return;
  }
}

void NatsClient::publish(std::string_view payload, const std::string& id, Milliseconds timeout,
                         Callback<PublishReply> callback) {
  auto headers = headers_;
  if (!id_header_.empty()) headers[id_header_] = id;
  request(
      subject_, payload, timeout,
      [callback = std::move(callback)](const Reply& reply) {
        if (reply.fate == Fate::answered)
          callback(parse_publish_reply(reply.data()));
        else
          callback({reply.outcome(), 0, false, reply.sent()});
      },
      {}, headers);
}

void NatsClient::request_message(const std::string& subject, std::uint64_t sequence,
                                 Milliseconds timeout,
                                 std::function<void(const Reply&)> completed) {
  request(subject, fmt::format(R"({{"seq":{}}})", sequence), timeout, std::move(completed));
}

void NatsClient::read(std::uint64_t sequence, Milliseconds timeout, Callback<ReadReply> callback) {
  request_message("$JS.API.STREAM.MSG.GET." + stream_, sequence, timeout,
                  [callback = std::move(callback)](const Reply& reply) {
                    if (reply.fate != Fate::answered)
                      return callback({reply.outcome(), false, {}, reply.sent()});
                    const auto answer = parse(reply.data());
                    switch (error_code(answer)) {
                      case 0:
                        break;
                      case message_not_found:
                        return callback({Outcome::ok, false, {}});
                      default:
                        return callback({Outcome::fail, false, {}});
                    }
                    const auto message = answer.find("message");
                    if (message == answer.end() || !message->is_object()) return callback({});
                    const auto payload = decode_base64(message->value("data", ""));
                    callback({Outcome::ok, true, payload});
                  });
}

void NatsClient::direct_read(std::uint64_t sequence, Milliseconds timeout,
                             Callback<ReadReply> callback) {
  request_message("$JS.API.DIRECT.GET." + stream_, sequence, timeout,
                  [callback = std::move(callback)](const Reply& reply) {
                    if (reply.fate != Fate::answered)
                      return callback({reply.outcome(), false, {}, reply.sent()});
                    const auto status = reply.status();
                    if (status.empty()) return callback({Outcome::ok, true, reply.data()});
                    callback({status == "404" ? Outcome::ok : Outcome::fail, false, {}});
                  });
}

void NatsClient::pull(const std::string& group, Milliseconds expires, Milliseconds timeout,
                      Callback<PullReply> callback) {
  request(
      fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.{}", stream_, group),
      fmt::format(R"({{"batch":1,"expires":{}}})", std::chrono::nanoseconds(expires).count()),
      expires + timeout,
      [callback = std::move(callback)](const Reply& reply) {
        PullReply pulled;
        if (reply.fate != Fate::answered) {
          pulled.outcome = reply.outcome();
          pulled.sent = reply.sent();
          return callback(pulled);
        }
        const auto status = reply.status();
        if (status == "404" || status == "408") {
          pulled.outcome = Outcome::ok;
          return callback(pulled);
        }
        const char* reply_to = natsMsg_GetReply(reply.message);
        const auto delivery = parse_delivery(reply_to ? reply_to : "");
        if (!status.empty() || !delivery) {
          pulled.outcome = Outcome::fail;
          return callback(pulled);
        }
        callback(
            {Outcome::ok, true, reply.data(), delivery->sequence, delivery->deliveries, reply_to});
      },
      group);
}

void NatsClient::acknowledge(const std::string& acknowledge_to, Milliseconds timeout,
                             Callback<AcknowledgeReply> callback) {
  request(acknowledge_to, "+ACK", timeout, [callback = std::move(callback)](const Reply& reply) {
    if (reply.fate != Fate::answered) return callback({reply.outcome(), reply.sent()});
    callback({reply.data().starts_with("-ERR") ? Outcome::unknown : Outcome::ok});
  });
}

std::string NatsClient::ask(const std::string& subject, Milliseconds timeout) {
  auto answer = std::make_shared<std::promise<std::string>>();
  auto answered = answer->get_future();
  request(subject, "", timeout, [answer](const Reply& reply) {
    answer->set_value(reply.fate == Fate::answered ? std::string(reply.data()) : std::string());
  });
  return answered.get();
}

std::optional<StreamState> NatsClient::stream_state(Milliseconds timeout) {
  const auto info = parse(ask("$JS.API.STREAM.INFO." + stream_, timeout));
  if (error_code(info) != 0 || !info.contains("state")) return std::nullopt;
  const auto& state = info["state"];
  return StreamState{state.value("first_seq", std::uint64_t{0}),
                     state.value("last_seq", std::uint64_t{0})};
}

std::optional<GroupState> NatsClient::group_state(const std::string& group, Milliseconds timeout) {
  const auto info = parse(ask(fmt::format("$JS.API.CONSUMER.INFO.{}.{}", stream_, group), timeout));
  if (error_code(info) == consumer_not_found) return GroupState{true, 0, 0};
  if (error_code(info) != 0 || !info.contains("num_pending")) return std::nullopt;
  return GroupState{false, info.value("num_pending", std::uint64_t{0}),
                    info.value("num_ack_pending", std::uint64_t{0})};
}

}  // namespace faultline
