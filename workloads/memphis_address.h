#pragma once

#include "workloads/nats_client.h"

namespace faultline {

// A client of Memphis is one of NATS: names of a station and its first partition, and the headers
// with which its SDKs publish.
NatsAddress in_memphis(NatsAddress of_station);

}  // namespace faultline
