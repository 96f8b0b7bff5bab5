#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/cluster/client_access.h"

namespace faultline {

// Requests to the JetStream API ($JS.API.>) over one connection to whichever
// server answers. The C client gives a connection up for good after some errors
// (memphis-and-nats.md, section 6); it is rebuilt then.
class NatsApi {
 public:
  explicit NatsApi(std::vector<std::string> urls, ClientAccess = {});
  ~NatsApi();

  static constexpr const char* control_name = "faultline-control";  // of its connections

  // The reply. Empty if none came within the limit: nobody is connected, or nobody is there.
  std::optional<std::string> request_text(const std::string& subject, const nlohmann::json& body,
                                          std::chrono::milliseconds limit);
  std::optional<std::string> request_raw(const std::string& subject, const std::string& body,
                                         std::chrono::milliseconds limit);

  // The same; empty as well if it is no JSON.
  std::optional<nlohmann::json> request(const std::string& subject, const nlohmann::json& body,
                                        std::chrono::milliseconds limit);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The reply's error code, as in nats-server's server/errors.json; 0: no error.
int api_error(const nlohmann::json& reply);
std::string api_error_text(const nlohmann::json& reply);

// What is at a JSON pointer (RFC 6901); empty: no unsigned number.
std::optional<std::uint64_t> number_at(const nlohmann::json& reply, const std::string& pointer);

}  // namespace faultline
