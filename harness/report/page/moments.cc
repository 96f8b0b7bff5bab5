#include "harness/report/page/moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checkers/format.h"

namespace faultline {
namespace {

double seconds_after(Time time, Time origin) {
  return (static_cast<double>(time) - static_cast<double>(origin)) / 1e9;
}

}  // namespace

Milliseconds::Milliseconds(Interval whole)
    : begin_(static_cast<double>(whole.begin)),
      length_(std::max(1e-6, (static_cast<double>(whole.end) - begin_) / 1e6)),
      decimals_(std::clamp(static_cast<int>(std::ceil(5 - std::log10(length_))), 0, 9)) {}

std::string Milliseconds::at(Time time) const {
  std::string text = fmt::format("{:.{}f}", (static_cast<double>(time) - begin_) / 1e6, decimals_);
  if (decimals_ == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

double Milliseconds::part(Time time) const {
  return std::clamp((static_cast<double>(time) - begin_) / 1e6 / length_, 0.0, 1.0);
}

std::string moment_address(Interval interval, Time origin) {
  return fmt::format("#t={:.3f}-{:.3f}", seconds_after(interval.begin, origin),
                     seconds_after(interval.end, origin));
}

Html moment(Time time, Time origin) {
  const std::string address = fmt::format("#t={:.3f}-{:.3f}", seconds_after(time, origin) - 2,
                                          seconds_after(time, origin) + 5);
  return element("a", {{"href", address}, {"class", "moment"}}, {format_time(time, origin)});
}

}  // namespace faultline
