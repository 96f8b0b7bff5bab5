// Moments of a run on its page: seconds since it began, and links into the plot.
#pragma once

#include <string>

#include "checkers/history.h"
#include "checkers/timeline.h"
#include "harness/report/page/html.h"

namespace faultline {

// Milliseconds from `origin`, as a plot's coordinates: to a hundred-thousandth of `length`.
class Milliseconds {
 public:
  explicit Milliseconds(Interval whole);

  std::string at(Time) const;  // "12345.6"
  double part(Time) const;     // of the whole, from 0 to 1
  double length() const { return length_; }

 private:
  double begin_ = 0, length_ = 1;
  int decimals_ = 1;
};

// "#t=12.500-20.000": what page.js zooms to. Seconds since `origin`.
std::string moment_address(Interval, Time origin);

// The moment in words, linked to the plot around it: two seconds before, five after.
Html moment(Time, Time origin);

}  // namespace faultline
