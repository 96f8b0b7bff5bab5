#pragma once

#include <cstdint>

#include "workloads/nats_client.h"

namespace faultline {

// A client of Memphis is one of NATS: names of a station and one of its partitions, from 1, and
// the headers with which its SDKs publish.
NatsAddress in_memphis(NatsAddress of_station, std::uint32_t partition);

}  // namespace faultline
