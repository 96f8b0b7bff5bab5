#include "harness/account_limits.h"

#include <fmt/format.h>

#include <cstdint>

namespace faultline {
namespace {

using nlohmann::json;

constexpr std::int64_t bytes_around_a_message = 100;  // header, index, subject
constexpr std::int64_t ack_pending = 100'000;         // of the consumer groups that are made
constexpr std::int64_t consumers = 2;                 // of the stream that is made

std::int64_t number(const json& object, const char* key, std::int64_t otherwise = -1) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(key);
  return found == object.end() || !found->is_number_integer() ? otherwise
                                                              : found->get<std::int64_t>();
}

std::int64_t bytes_of(const Scenario& scenario) {
  const auto length = scenario.steady + scenario.fault + scenario.recovery;
  // A closed loop writes as fast as it may; a thousand a second and producer is a guess.
  const double rate = scenario.workload.in_flight > 0 ? 1000.0 * scenario.workload.producers
                                                      : scenario.workload.rate;
  const double messages = rate * static_cast<double>(length.count()) / 1000;
  return static_cast<std::int64_t>(messages) *
         (scenario.workload.max_size + bytes_around_a_message);
}

}  // namespace

std::string why_no_room(const json& account, const Scenario& scenario) {
  if (account.contains("error"))
    return account["error"].value("description", "JetStream is not enabled for this account");
  // An account has one set of limits, or one for each number of replicas.
  const json tiers = account.value("tiers", json::object());
  const auto tier = fmt::format("R{}", scenario.replicas);
  const bool tiered = tiers.is_object() && !tiers.empty();
  if (tiered && !tiers.contains(tier))
    return fmt::format("the account may have no streams of {} replicas", scenario.replicas);
  const json& own = tiered ? tiers[tier] : account;
  const json limits = own.value("limits", json::object());
  const auto full = [&](const char* used, const char* limit, std::int64_t more) {
    const auto most = number(limits, limit);
    return most >= 0 && number(own, used, 0) + more > most;
  };
  const char* storage = scenario.memory_storage ? "memory" : "storage";
  const auto bytes = bytes_of(scenario) * (tiered ? 1 : scenario.replicas);
  // Of these two nats-server takes 0 for no limit, and counts consumers stream by stream.
  if (number(limits, "max_streams") != 0 && full("streams", "max_streams", 1))
    return fmt::format("the account may have {} streams, and has them",
                       number(limits, "max_streams"));
  const auto most_consumers = number(limits, "max_consumers");
  if (most_consumers > 0 && most_consumers < consumers)
    return fmt::format("the account allows {} consumers of a stream; {} are needed", most_consumers,
                       consumers);
  if (full(storage, scenario.memory_storage ? "max_memory" : "max_storage", bytes))
    return fmt::format("the account has too little {} left for about {} MB more", storage,
                       bytes / 1'000'000 + 1);
  if (limits.is_object() && limits.value("max_bytes_required", false))
    return "the account wants max_bytes of every stream, which faultline does not set";
  const auto pending = number(limits, "max_ack_pending");
  if (pending > 0 && pending < ack_pending)
    return fmt::format("the account allows {} unacknowledged messages of a consumer; {} are needed",
                       pending, ack_pending);
  return "";
}

}  // namespace faultline
