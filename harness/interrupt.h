// Ctrl-C and its like. The first SIGINT, SIGTERM or SIGHUP asks to finish: heal,
// keep the history, judge what there is. The second quits at once; brokers die
// with the harness, and the next run heals the rest.
#pragma once

#include <atomic>

namespace faultline {

// Installs the handlers, and ignores SIGPIPE: a reader of our output that leaves
// must not end a run. Returns how often a signal came.
const std::atomic<int>& count_interrupts();

}  // namespace faultline
