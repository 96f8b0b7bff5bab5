#include "harness/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "harness/exit_code.h"

namespace faultline {
namespace {

std::atomic<int> interrupts = 0;  // a signal handler can reach nothing else
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (interrupts.fetch_add(1) > 0) ::_exit(exit_interrupted);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

const std::atomic<int>& count_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_signal);
  handle(SIGPIPE, SIG_IGN);
  return interrupts;
}

}  // namespace faultline
