#include "faults/power_loss.h"

namespace faultline {

void PowerLoss::break_volume(const Volume& disk) { disk.cut_power(); }

}  // namespace faultline
