#include "faults/broker_stop.h"

namespace faultline {

void BrokerStop::take_down(const std::string& server) {
  cluster().stop(server, std::chrono::seconds(30));
}

}  // namespace faultline
