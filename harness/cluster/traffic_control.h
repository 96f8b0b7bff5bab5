// What leaves a worker by eth0, held back by a queueing discipline of the harness's own.
// Commands for a Place, to run or to keep in a journal. One that is there already is
// neither replaced nor removed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/cluster/packet_rules.h"

namespace faultline {

// The rate as tc writes it: "500kbit". What comes from this TCP port is not held back.
InsideCommand limit_rate(const std::string& rate, const std::string& free_port);

InsideCommand delay_by_netem(std::chrono::milliseconds delay, std::chrono::milliseconds jitter);

// Of what list_qdiscs lists: how often limit_rate's made a packet wait. Empty: it is not there.
InsideCommand list_qdiscs();
std::optional<std::uint64_t> times_over_limit(const std::string& listing);

UndoStep undo_limit(const Place&);
UndoStep undo_netem(const Place&);

}  // namespace faultline
