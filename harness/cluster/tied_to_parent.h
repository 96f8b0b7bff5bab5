// What every child of the harness has in common.
#pragma once

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/process/extend.hpp>
#include <cstdlib>

namespace faultline {

// A Boost.Process initializer. The child dies with the *thread* that forked it
// (prctl(2), PR_SET_PDEATHSIG), is a process group of its own (Ctrl-C in the
// terminal does not reach it), inherits no file but the standard ones, blocks
// no signal. Runs in the child between fork and exec: system calls only.
struct TiedToParent : boost::process::extend::handler {
  pid_t parent = ::getpid();

  template <class Executor>
  void on_exec_setup(Executor&) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(EXIT_FAILURE);  // it died before the line above
    ::setpgid(0, 0);
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
  }
};

}  // namespace faultline
