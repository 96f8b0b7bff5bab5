// What leaves a worker by eth0, held back by a queueing discipline of the harness's own.
// Commands for a Place, to run or to keep in a journal; they end with another status than 0
// where it cannot be made. One that is there already is neither replaced nor removed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/cluster/packet_rules.h"

namespace faultline {

// The rate in kbit or mbit, as tc writes it: "500kbit". What comes from this TCP port is not held
// back.
InsideCommand limit_rate(const std::string& rate, const std::string& free_port);

// Each packet that leaves waits for `delay`, more or less by up to `jitter`, evenly spread
// (tc-netem(8)), but overtakes none: where many come within the jitter, most wait for longer. At
// most 20,000 wait, more are dropped. What comes in is not held back, nor what comes from this
// TCP port.
InsideCommand delay_by_netem(std::chrono::milliseconds delay, std::chrono::milliseconds jitter,
                             const std::string& free_port);

// Of what list_classes lists: how many packets the limit holds back at this moment. Empty: it is
// not there.
InsideCommand list_classes();
std::optional<std::uint64_t> packets_waiting(const std::string& listing);

UndoStep undo_limit(const Place&);
UndoStep undo_netem(const Place&);

}  // namespace faultline
