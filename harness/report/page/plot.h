// The plot of a run over time, as inline SVG that is whole without a script.
//
// Panels of one width lie below each other: phases, faults, brokers, latencies of writes and
// of reads, rates, the axis. Each holds an <svg class="data"> whose viewBox is in milliseconds
// since the first record across and 0 to 1000 down, with preserveAspectRatio="none", so that
// zooming is a change of the viewBox; text lies beside it, at percentages, with its moment in
// data-t. page.js relies on these names; docs/reports.md says what a reader sees.
#pragma once

#include <cstddef>

#include "checkers/history.h"
#include "checkers/judge.h"
#include "harness/report/page/html.h"

namespace faultline {

struct Plot {
  Html figure;
  Html table;  // the numbers behind it, interval by interval
};

// At most `most_dots` operations are drawn one by one; those of a violation's samples always
// are. Complexity: linear in the operations.
Plot plot(const History&, const Judgement&, std::size_t most_dots);

}  // namespace faultline
