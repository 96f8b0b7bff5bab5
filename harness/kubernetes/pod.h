// What matters of a pod with one container.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace faultline {

struct Pod {
  std::string name, uid, node;
  std::string phase;      // "Pending", "Running"
  bool deleting = false;  // asked to leave
  bool running = false;   // its container is
  bool ready = false;
  int restarts = 0;
  std::string container;  // its id, shortened
  std::string waiting;  // "ImagePullBackOff: Back-off pulling image ...", "Unschedulable: 0/4 ..."
  std::string ended;    // how the container before this one ended: "exit status 1", "signal 9"
};

Pod read_pod(const nlohmann::json& object);

// "pod nats-0 is Running on w2", "pod nats-0 waits: ContainerCreating"
std::string state_of(const Pod&);

// "container 48c606c736b9"; before it has one: "pod 6a7002b1".
std::string process_of(const Pod&);

}  // namespace faultline
