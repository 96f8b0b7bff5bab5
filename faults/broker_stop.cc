#include "faults/broker_stop.h"

namespace faultline {

void BrokerStop::take_down(const std::string& server) { cluster().stop(server, grace_); }

}  // namespace faultline
