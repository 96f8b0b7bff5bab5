// A partition inside a worker: packet filter rules in a chain of their own
// (iptables, table raw), so that what Kubernetes does there is neither touched nor
// asked first. Commands for a Place, to run or to keep in a journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"

namespace faultline {

using InsideCommand = std::vector<std::string>;

// Drops packets between these addresses of the worker and those of others, and no
// more: what clients send through the worker passes. A limit other than 0 is kept by a timer
// of the worker's systemd, started before the first packet is dropped: when it is
// over the chain is removed, whoever is dead by then.
InsideCommand drop_packets(const std::vector<std::string>& own,
                           const std::vector<std::string>& others, std::chrono::seconds limit);

InsideCommand list_rules();
std::uint64_t dropped_packets(const std::string& listing);  // of list_rules

InsideCommand drops_nothing();  // ends with status 0 where there is no chain
InsideCommand drop_no_more();   // the chain is removed, and the timer

UndoStep undo_drop(const Place&);

}  // namespace faultline
