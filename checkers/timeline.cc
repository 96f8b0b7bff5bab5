#include "checkers/timeline.h"

namespace faultline {}
