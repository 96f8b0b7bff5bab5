// Out of a container into its machine; needs a privileged one that sees the machine's
// processes. All throw std::system_error or std::runtime_error; what() is one line.
#pragma once

#include <string>
#include <vector>

namespace faultline::agent {

// Becomes the command, in the namespaces of process 1. `faultline-agent` is this very
// program, which the machine need not have.
[[noreturn]] void run_on_host(const std::vector<std::string>& command);

}  // namespace faultline::agent
