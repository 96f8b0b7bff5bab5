// Deploys a cluster into the folder given, says the pid of each broker, "up",
// and waits to be killed. Of nats_cluster_test.cc.
#include <unistd.h>

#include <iostream>

#include "harness/broker/nats/nats.h"
#include "harness/cluster/local.h"

int main(int, char** arguments) {
  const auto binary = faultline::find_nats_binary({}, [](const std::string&) {});
  faultline::LocalOptions options;
  options.folder = arguments[1];
  options.started = [](int pid, const std::string&) { std::cout << pid << std::endl; };
  const faultline::LocalCluster cluster(faultline::nats_program(binary, ""), options);
  std::cout << "up" << std::endl;
  for (;;) ::pause();
}
