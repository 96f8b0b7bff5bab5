// Containers of this machine, found by the control groups that their runtime made.
#pragma once

#include <string>
#include <vector>

namespace faultline::agent {

// SIGKILL to every process of the container with this id (the first twelve digits or
// more of it). With the uid of its pod: for five seconds also to what is started there
// in its place, so that Kubernetes leaves it down for the next ten. Returns who was
// killed, by name and pid. Throws std::runtime_error: no id, or nobody has it.
std::vector<std::string> kill_container(const std::string& id, const std::string& pod = "");

}  // namespace faultline::agent
