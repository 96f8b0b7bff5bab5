// Memphis's own requests, which its SDKs make: core NATS request and reply, in JSON, to
// whichever broker takes it. The docs of the wire are the SDKs' sources (memphis.go 1.3.2).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/broker/broker.h"

namespace faultline {

struct MemphisRequest {
  std::string subject;
  nlohmann::json body;
};

inline constexpr const char* memphis_user = "root";
inline constexpr const char* memphis_producer = "faultline";  // the name of all our producers

// `connection` is the first part of the name of the connection that asks.
MemphisRequest make_station(const std::string& station, const StreamSettings&);
MemphisRequest remove_station(const std::string& station);
MemphisRequest make_producer(const std::string& station, const std::string& connection);
MemphisRequest remove_producer(const std::string& station, const std::string& connection);
MemphisRequest make_consumer(const std::string& station, const std::string& group,
                             const std::string& connection, const StreamSettings&);
MemphisRequest remove_consumer(const std::string& station, const std::string& group,
                               const std::string& connection);

// What the stream of a partition is not like, of what was asked for, told from the reply to
// $JS.API.STREAM.INFO; empty: it is as asked.
std::string unlike(const nlohmann::json& stream_info, const std::string& stream,
                   const StreamSettings&);

}  // namespace faultline
