// How durations, values and operations are written for people, the same in
// every reason, finding and report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/history.h"

namespace faultline {

std::string_view to_string(OperationKind);
std::string_view to_string(Outcome);
std::string_view to_string(Answer);
std::string_view to_string(FaultStage);
std::string_view to_string(BrokerStage);
std::string_view to_string(Promise);  // as scenario files write it: continue, pause, stop

std::string to_string(const Value&);  // "2/17": producer and counter

// Three significant digits and the unit that suits: "850 ns", "1.20 ms",
// "5.10 s", "75.0 s"; from 100 s on "2 min 5 s".
std::string format_duration(Duration);

// A moment of a run: "+12.345 s" after `origin`.
std::string format_time(Time, Time origin);

// "1 read", "2 reads": `noun` is the singular of a word that takes an s.
std::string format_count(std::uint64_t, std::string_view noun);

// One line: "publish 2/17 by process 3 at +12.345 s, acknowledged as 1204
// after 1.20 ms". `origin` is the beginning of the run: Header::monotonic.
std::string describe(const Operation&, Time origin);

}  // namespace faultline
