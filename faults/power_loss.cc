#include "faults/power_loss.h"

namespace faultline {

void PowerLoss::break_volume(const std::string& server) { cluster().cut_power(server); }

}  // namespace faultline
