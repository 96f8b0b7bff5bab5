// CoreDNS of a cluster that is all Faultline's.
#pragma once

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

// That a name does not exist is remembered for a second, not for half a minute:
// brokers look for each other before all of them have an address.
void shorten_denials(Kubernetes&);

// A cluster without CoreDNS has nothing to wait for.
bool dns_is_available(Kubernetes&);

}  // namespace faultline
