#include "harness/broker/nats/jsz.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace faultline {
namespace {

using nlohmann::json;

const json& member(const json& object, const char* name) {
  static const json absent;
  if (!object.is_object()) return absent;
  const auto found = object.find(name);
  return found == object.end() ? absent : *found;
}

std::string text(const json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t number(const json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

bool flag(const json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

template <class Function>
void for_each_in(const json& object, const char* name, Function function) {
  if (const auto& values = member(object, name); values.is_array())
    std::ranges::for_each(values, function);
}

Group parse_group(const json& object) {
  Group group{text(object, "leader"), {}};
  for_each_in(object, "replicas", [&](const json& peer) {
    group.replicas.push_back(
        {text(peer, "name"), flag(peer, "current"), flag(peer, "offline"), number(peer, "lag")});
  });
  return group;
}

StreamView parse_stream(const json& detail) {
  const auto& state = member(detail, "state");
  StreamView stream{.group = parse_group(member(detail, "cluster")),
                    .messages = number(state, "messages"),
                    .first_sequence = number(state, "first_seq"),
                    .last_sequence = number(state, "last_seq"),
                    .deleted = number(state, "num_deleted"),
                    .lost = 0,
                    .consumers = {}};
  for_each_in(member(state, "lost"), "msgs", [&](const json&) { ++stream.lost; });
  for_each_in(detail, "consumer_detail", [&](const json& consumer) {
    stream.consumers[text(consumer, "name")] = parse_group(member(consumer, "cluster"));
  });
  return stream;
}

}  // namespace

std::optional<JetStreamView> parse_jsz(std::string_view body) {
  const auto answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("server_id")) return {};
  JetStreamView view;
  view.meta = parse_group(member(answer, "meta_cluster"));
  for_each_in(answer, "account_details", [&](const json& account) {
    for_each_in(account, "stream_detail", [&](const json& detail) {
      view.streams[text(detail, "name")] = parse_stream(detail);
    });
  });
  return view;
}

std::string leader_of(const std::map<std::string, Group>& seen_by_server) {
  std::string leader;
  std::ptrdiff_t most = 0;
  for (const auto& [server, view] : seen_by_server) {
    if (view.leader != server) continue;
    const auto votes = std::ranges::count_if(
        seen_by_server, [&](const auto& other) { return other.second.leader == server; });
    if (votes > most) {
      most = votes;
      leader = server;
    }
  }
  return leader;
}

std::string meta_leader(const Views& views) {
  std::map<std::string, Group> seen;
  for (const auto& [server, view] : views) seen[server] = view.meta;
  return leader_of(seen);
}

std::string stream_leader(const Views& views, const std::string& stream) {
  std::map<std::string, Group> seen;
  for (const auto& [server, view] : views)
    if (const auto found = view.streams.find(stream); found != view.streams.end())
      seen[server] = found->second.group;
  return leader_of(seen);
}

std::string consumer_leader(const Views& views, const std::string& stream,
                            const std::string& consumer) {
  std::map<std::string, Group> seen;
  for (const auto& [server, view] : views) {
    const auto its_stream = view.streams.find(stream);
    if (its_stream == view.streams.end()) continue;
    const auto found = its_stream->second.consumers.find(consumer);
    if (found != its_stream->second.consumers.end()) seen[server] = found->second;
  }
  return leader_of(seen);
}

}  // namespace faultline
