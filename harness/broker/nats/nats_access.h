#pragma once

#include <string>

#include "harness/cluster/client_access.h"

typedef struct __natsOptions natsOptions;

namespace faultline {

// Lets a connection, by this name, show what it must show. Throws ClusterError, without a
// secret in it: a certificate that is none.
void show_access(natsOptions*, const ClientAccess&, const std::string& name);

}  // namespace faultline
