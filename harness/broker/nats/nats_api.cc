#include "harness/broker/nats/nats_api.h"

#include <nats/nats.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "harness/broker/nats/nats_access.h"

namespace faultline {
namespace {

using nlohmann::json;

struct Destroyer {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
  void operator()(natsConnection* connection) const { natsConnection_Destroy(connection); }
  void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroyer>;

Owned<natsConnection> connect(const std::vector<std::string>& urls, const ClientAccess& access) {
  std::vector<const char*> servers;
  for (const auto& url : urls) servers.push_back(url.c_str());
  natsOptions* options = nullptr;
  if (natsOptions_Create(&options) != NATS_OK) return {};
  const Owned<natsOptions> owned(options);
  natsOptions_SetServers(options, servers.data(), static_cast<int>(servers.size()));
  show_access(options, access, NatsApi::control_name);
  natsOptions_SetTimeout(options, 500);
  natsOptions_SetMaxReconnect(options, -1);
  natsOptions_SetReconnectWait(options, 200);
  natsOptions_SetPingInterval(options, 1000);
  natsOptions_SetMaxPingsOut(options, 2);
  natsOptions_SetIgnoreDiscoveredServers(options, true);
  natsOptions_SetFailRequestsOnDisconnect(options, true);
  natsConnection* connection = nullptr;
  if (natsConnection_Connect(&connection, options) != NATS_OK) return {};
  return Owned<natsConnection>(connection);
}

const json& error_of(const json& reply) {
  static const json none = json::object();
  if (!reply.is_object()) return none;
  const auto error = reply.find("error");
  return error == reply.end() || !error->is_object() ? none : *error;
}

}  // namespace

struct NatsApi::Implementation {
  std::vector<std::string> urls;
  ClientAccess access;
  std::mutex mutex;
  Owned<natsConnection> connection;
};

NatsApi::NatsApi(std::vector<std::string> urls, ClientAccess access)
    : implementation_(new Implementation{std::move(urls), std::move(access), {}, {}}) {}

NatsApi::~NatsApi() = default;

std::optional<std::string> NatsApi::request_text(const std::string& subject, const json& body,
                                                 std::chrono::milliseconds limit) {
  return request_raw(subject, body.is_null() ? "" : body.dump(), limit);
}

std::optional<std::string> NatsApi::request_raw(const std::string& subject, const std::string& body,
                                                std::chrono::milliseconds limit) {
  auto& self = *implementation_;
  const std::lock_guard lock(self.mutex);
  if (!self.connection || natsConnection_IsClosed(self.connection.get()))
    self.connection = connect(self.urls, self.access);
  if (!self.connection || natsConnection_IsReconnecting(self.connection.get())) return {};
  natsMsg* message = nullptr;
  if (natsConnection_RequestString(&message, self.connection.get(), subject.c_str(), body.c_str(),
                                   limit.count()) != NATS_OK)
    return {};
  const Owned<natsMsg> owned(message);
  return std::string(natsMsg_GetData(message),
                     static_cast<std::size_t>(natsMsg_GetDataLength(message)));
}

std::optional<json> NatsApi::request(const std::string& subject, const json& body,
                                     std::chrono::milliseconds limit) {
  const auto reply = request_text(subject, body, limit);
  if (!reply) return {};
  auto parsed = json::parse(*reply, nullptr, false);
  if (parsed.is_discarded()) return {};
  return parsed;
}

int api_error(const json& reply) {
  const auto code = error_of(reply).find("err_code");
  return code == error_of(reply).end() || !code->is_number_integer() ? 0 : code->get<int>();
}

std::string api_error_text(const json& reply) {
  const auto text = error_of(reply).find("description");
  return text == error_of(reply).end() || !text->is_string() ? "unknown error"
                                                             : text->get<std::string>();
}

std::optional<std::uint64_t> number_at(const json& reply, const std::string& pointer) {
  const json::json_pointer place(pointer);
  if (!reply.contains(place) || !reply[place].is_number_unsigned()) return {};
  return reply[place].get<std::uint64_t>();
}

}  // namespace faultline
