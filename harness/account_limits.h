#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/scenario.h"

namespace faultline {

// Why the account of NATS has no room for the scenario's stream, told from what
// $JS.API.INFO answers; empty: there is room.
std::string why_no_room(const nlohmann::json& account, const Scenario&);

}  // namespace faultline
