// The checks that make up a judgement: a new checker is one line in checks.cc.
#pragma once

#include <span>
#include <string_view>

#include "checkers/history.h"
#include "checkers/judge.h"
#include "checkers/verdict.h"

namespace faultline {

// What a check must be able to assume for its pass to mean anything. A
// violation stands without it.
enum CheckNeeds : unsigned {
  needs_nothing = 0,
  needs_fault = 1,  // and all phases
  needs_leader = 2,
  needs_writes = 4,
  needs_reads = 8,
  needs_deliveries = 16,
};

struct Check {
  std::string_view name;  // that of its result
  unsigned needs = needs_nothing;
  CheckResult (*run)(const History&) = nullptr;
  bool of_the_cluster = false;  // of no partition in particular: it counts once
};

// In the order of their results: the assumptions, then the worst first.
std::span<const Check> all_checks();

// What judge(history) does with all_checks().
Judgement judge(const History&, std::span<const Check>);

}  // namespace faultline
