#include "faults/broker_stop.h"

namespace faultline {

void BrokerStop::strike(const std::string& server) { cluster().stop(server, grace_); }

}  // namespace faultline
