// Ages, sizes, and lines of a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/history.h"

namespace faultline {

// "90d", "12h", "30m", "45s", "2w": a whole number and a unit. Throws RunsError.
Duration parse_age(const std::string&);

// "20G", "500M", "4096": bytes, in powers of 1024; "GB" and "GiB" are the same. Throws RunsError.
std::uint64_t parse_size(const std::string&);

// "20". Throws RunsError that names the option.
std::size_t parse_count(const std::string&, std::string_view option);

std::string format_size(std::uint64_t bytes);  // "1.4 GiB"

// Fit for a terminal: control characters and those that turn the direction of writing become
// blanks, bytes that are no UTF-8 become "?".
std::string plain(std::string_view);

// The same, cut with an ellipsis or filled with blanks to so many columns.
std::string fit(std::string_view, std::size_t columns);

// A block from ▁ to █ per value, from zero to the greatest, the last `columns` of them; a blank
// where there is none. Filled with blanks on the left.
std::string sparkline(const std::vector<std::optional<double>>&, std::size_t columns);

}  // namespace faultline
