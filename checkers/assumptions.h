// What must hold before a run proves anything, checked before it is judged
// (after etcd's robustness tests, validate.go: checkValidationAssumptions).
#pragma once

#include <string>

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

inline constexpr std::uint64_t enough_writes = 50;      // acknowledged before the strike
inline constexpr std::uint64_t enough_reads = 10;       // leader reads of messages, before
inline constexpr std::uint64_t enough_deliveries = 10;  // of messages, before

// Each is why it does not hold; empty if it does.
struct Assumptions {
  std::string phases;      // steady, fault, recovery and drain all began, in this order
  std::string fault;       // one struck after the steady phase, all took effect and lasted
  std::string leader;      // somebody led the stream when the first fault struck
  std::string writes;      // enough, before the strike
  std::string reads;       // where somebody read or was promised to
  std::string deliveries;  // where a consumer group took part
};

// A history without a fault phase and without a fault is that of a faultless
// run: it needs its steady phase and drain, and enough traffic before the drain.
Assumptions assumptions(const History&);

// Check "assumptions": pass, or unknown with all that does not hold.
// Complexity: O(n).
CheckResult check_assumptions(const History&);

}  // namespace faultline
