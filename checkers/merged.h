// One check of several parts of a history: partitions, consumer groups.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "checkers/groups.h"
#include "checkers/verdict.h"

namespace faultline {

// What a check said of each part; there is at least one, and as many names. The worst counts,
// and its reason says of which part it is; numbers are summed, durations ("_ns") are the longest.
CheckResult merged(std::span<const CheckResult>, std::span<const std::string> names);

// The same of consumer groups, of which there is at least one; names none where it is alone.
CheckResult of_each(std::span<const ConsumerGroup>,
                    const std::function<CheckResult(const ConsumerGroup&)>& check);

}  // namespace faultline
