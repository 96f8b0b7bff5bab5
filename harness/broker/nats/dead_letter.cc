#include "harness/broker/nats/dead_letter.h"

#include <boost/beast/core/detail/base64.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace faultline {
namespace {

using nlohmann::json;

std::string decode_base64(const std::string& text) {
  namespace base64 = boost::beast::detail::base64;
  std::string bytes(base64::decoded_size(text.size()), '\0');
  bytes.resize(base64::decode(bytes.data(), text.data(), text.size()).first);
  return bytes;
}

}  // namespace

std::optional<std::uint64_t> dead_letter_of(const json& reply) {
  if (!reply.is_object() || !reply.contains("message")) return {};
  const json& message = reply["message"];
  const auto data = message.is_object() ? message.find("data") : message.end();
  if (data == message.end() || !data->is_string()) return {};
  const json advisory = json::parse(decode_base64(data->get<std::string>()), nullptr, false);
  if (!advisory.is_object()) return {};
  const auto sequence = advisory.find("stream_seq");
  if (sequence == advisory.end() || !sequence->is_number_unsigned()) return {};
  return sequence->get<std::uint64_t>();
}

}  // namespace faultline
