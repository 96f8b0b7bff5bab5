#include "faults/broker_kill.h"

namespace faultline {

void BrokerKill::take_down(const std::string& server) { cluster().kill(server); }

}  // namespace faultline
