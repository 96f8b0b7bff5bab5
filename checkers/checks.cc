#include "checkers/checks.h"

#include <array>

#include "checkers/aborted_read.h"
#include "checkers/assumptions.h"
#include "checkers/availability.h"
#include "checkers/corruption.h"
#include "checkers/crash.h"
#include "checkers/dead_letter.h"
#include "checkers/delivery.h"
#include "checkers/duplicate.h"
#include "checkers/linearizability.h"
#include "checkers/lost.h"
#include "checkers/manual_restart.h"
#include "checkers/offset_consistency.h"
#include "checkers/phantom.h"
#include "checkers/recovery.h"
#include "checkers/reorder.h"
#include "checkers/replicas.h"

namespace faultline {

namespace {

template <Service service>
CheckResult availability(const History& history) {
  return check_availability(history, service);
}

template <Service service>
CheckResult recovery(const History& history) {
  return check_recovery(history, service);
}

constexpr unsigned data = needs_fault | needs_writes;
constexpr unsigned role = needs_fault | needs_leader;

constexpr std::array checks{
    Check{"assumptions", needs_nothing, check_assumptions},
    Check{"lost", data, check_lost},
    Check{"crash", needs_nothing, check_crash, true},
    Check{"corruption", data, check_corruption},
    Check{"phantom", data, check_phantom},
    Check{"aborted_read", data, check_aborted_read},
    Check{"duplicate", data, check_duplicate},
    Check{"reorder", data, check_reorder},
    Check{"offset_consistency", data, check_offset_consistency},
    Check{"replicas", data, check_replicas},
    Check{"delivery", data, check_delivery},
    Check{"dead_letter", data, check_dead_letter},
    Check{"linearizability", data | needs_reads, check_linearizability},
    Check{"manual_restart", needs_fault, check_manual_restart, true},
    Check{"availability.writes", role | needs_writes, availability<Service::writes>},
    Check{"availability.reads", role | needs_reads, availability<Service::reads>},
    Check{"availability.deliveries", role | needs_deliveries, availability<Service::deliveries>},
    Check{"availability.direct_reads", role, availability<Service::direct_reads>},
    Check{"recovery.writes", role | needs_writes, recovery<Service::writes>},
    Check{"recovery.reads", role | needs_reads, recovery<Service::reads>},
    Check{"recovery.deliveries", role | needs_deliveries, recovery<Service::deliveries>},
};

}  // namespace

std::span<const Check> all_checks() { return checks; }

}  // namespace faultline
