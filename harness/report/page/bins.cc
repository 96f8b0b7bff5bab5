#include "harness/report/page/bins.h"

#include <algorithm>
#include <cmath>

#include "checkers/traffic.h"
#include "harness/report/page/dots.h"

namespace faultline {

double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(std::max(least, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

Bins bins(const History& history, Interval interval, std::size_t most, Duration narrowest) {
  const double length =
      std::max(1.0, static_cast<double>(interval.end) - static_cast<double>(interval.begin));
  const double width =
      round_step(std::max(length / static_cast<double>(most), static_cast<double>(narrowest)));
  Bins all;
  all.width = static_cast<Duration>(std::min(width, 9e18));
  all.bins.resize(std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(length / width))));
  for (std::size_t i = 0; i < all.bins.size(); ++i)
    all.bins[i].begin =
        static_cast<Time>(static_cast<double>(interval.begin) + width * static_cast<double>(i));
  const auto at = [&](Time time) -> Bin& {
    const double part = (static_cast<double>(time) - static_cast<double>(interval.begin)) / width;
    const double last = static_cast<double>(all.bins.size() - 1);
    return all.bins[static_cast<std::size_t>(std::clamp(part, 0.0, last))];
  };
  for (const Operation& o : history.operations) {
    if (o.outcome == Outcome::fail) ++at(o.invoked).failed;
    if (o.outcome == Outcome::unknown) ++at(o.invoked).unknown;
    if (o.outcome != Outcome::ok || o.completed == never) continue;
    Bin& bin = at(o.completed);
    const Duration took = latency(o);
    if (serves(o, Service::writes)) {
      ++bin.writes;
      bin.slowest_write = std::max(bin.slowest_write, took);
    } else if (serves(o, Service::reads)) {
      ++bin.reads;
      bin.slowest_read = std::max(bin.slowest_read, took);
    } else if (serves(o, Service::deliveries)) {
      ++bin.deliveries;
    }
  }
  return all;
}

}  // namespace faultline
