#include "faults/broker_kill.h"

namespace faultline {

void BrokerKill::strike(const std::string& server) { cluster().kill(server); }

}  // namespace faultline
