// Whether anybody serves clients where a server should be: evidence that a
// fault is in effect, or undone.
#pragma once

#include <string>

#include "faults/fault.h"

namespace faultline {

// Holds if nobody greets at the server's client port. NATS and what is built on
// it speak first (INFO), so a proxy that only accepts the connection is nobody.
Evidence silence_of(const Cluster&, const std::string& server);

// Holds as soon as the server answers at its monitoring endpoint; not if it
// exits by itself meanwhile, or takes longer than two minutes.
Evidence wait_until_it_answers(FaultContext, const std::string& server);

}  // namespace faultline
