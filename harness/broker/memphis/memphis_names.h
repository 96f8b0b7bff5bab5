// What Memphis calls the parts of a station inside its JetStream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace faultline {

// Partitions count from 1.
std::string memphis_stream(std::string_view station, std::uint32_t partition);   // "a#b$1"
std::string memphis_subject(std::string_view station, std::uint32_t partition);  // "a#b$1.final"
std::string memphis_durable(std::string_view group);

}  // namespace faultline
