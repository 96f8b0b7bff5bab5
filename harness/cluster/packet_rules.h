// A partition inside a worker: packet filter rules in a chain of their own
// (iptables, table raw), so that what Kubernetes does there is neither touched nor
// asked first. Commands for a Place, to run or to keep in a journal.
#pragma once

#include <chrono>
#include <optional>
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

// Only those from the worker's addresses to the others'.
InsideCommand drop_packets_to(const std::vector<std::string>& own,
                              const std::vector<std::string>& others, std::chrono::seconds limit);

// What a command of drop_packets does. Empty if it is not, to the letter, one of these.
struct Drop {
  std::vector<std::string> own, others;
  std::chrono::seconds limit{0};
};
std::optional<Drop> read_drop(const InsideCommand&);

InsideCommand list_rules();

// Ends with status 0 where there is no chain, 1 where there is one; any other is no
// answer, as where there is no iptables. Writes `no_timer` where a limit cannot be kept.
InsideCommand drops_nothing();
inline constexpr const char* no_timer = "no-systemd-run";
InsideCommand drop_no_more();  // the chain is removed, and the timer

UndoStep undo_drop(const Place&);

}  // namespace faultline
