// Where the nats-server to run comes from.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "harness/broker/nats/nats_version.h"

namespace faultline {

// Throws ClusterError for what is none.
NatsVersion nats_version(const std::string&);

struct NatsBinary {
  std::filesystem::path path;  // absolute
  NatsVersion version;
};

struct NatsBinaryChoice {
  std::filesystem::path binary;  // if given, this very one
  std::string version;           // else this one; empty: the default, or what can be had
};

// Where to look and how to install; the defaults are what a user has.
struct NatsBinarySources {
  std::filesystem::path cache;      // <cache>/<version>/nats-server
  std::filesystem::path installer;  // tools/install-nats: `installer VERSION` prints the path
  std::chrono::milliseconds answer_limit{10'000};  // a program has so long to say its version
  static NatsBinarySources of_this_user();
};

// Throws ClusterError: no such file, not executable, not a nats-server, could
// not be installed, `cancelled` ("interrupted"). `progress` gets the installer's
// output, line by line.
NatsBinary find_nats_binary(const NatsBinaryChoice&,
                            const std::function<void(const std::string&)>& progress,
                            const NatsBinarySources& = NatsBinarySources::of_this_user(),
                            const std::function<bool()>& cancelled = {});

}  // namespace faultline
