// A file system on which every write hangs (FIFREEZE, linux/fs.h); reads go on. Whoever
// writes waits in the kernel until it is thawed, and not even SIGKILL ends him before.
//
// All functions throw std::system_error or std::runtime_error; what() is one line. None of
// them writes, so that none hangs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

namespace faultline::agent {

// A watchdog, a process of its own that is started before the freeze, thaws when the
// limit is over, at once when `owner` ends (0: nobody) or it is asked to end itself; and
// it ends as soon as nothing is frozen, by whomever.
void freeze(const std::string& point, std::chrono::milliseconds limit, pid_t owner = 0);

// Returns when the watchdog has ended, too. No effect where nothing is frozen.
void thaw(const std::string& point);

bool frozen(const std::string& point);

// Empty if it is frozen and a write does not return within `patience`, else what came of
// it. The write is made by a process of its own, which ends by itself when it returns.
std::string hang_problem(const std::string& point, std::chrono::milliseconds patience);

}  // namespace faultline::agent
