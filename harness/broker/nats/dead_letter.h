#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace faultline {

// The sequence of the message that an advisory says was delivered as often as allowed
// (io.nats.jetstream.advisory.v1.max_deliver), from the reply to $JS.API.STREAM.MSG.GET of the
// stream that took it in. Empty if it is none.
std::optional<std::uint64_t> dead_letter_of(const nlohmann::json& reply);

}  // namespace faultline
