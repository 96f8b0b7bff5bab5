#include "harness/broker/control_reply.h"

#include <nlohmann/json.hpp>

namespace faultline {

std::string error_in(std::string_view reply) {
  if (reply.empty()) return {};
  const auto parsed = nlohmann::json::parse(reply, nullptr, false);
  if (!parsed.is_object()) return std::string(reply);
  const auto error = parsed.find("error");
  if (error == parsed.end() || error->is_null()) return {};
  return error->is_string() ? error->get<std::string>() : error->dump();
}

}  // namespace faultline
