// What a request shows to be let in; secrets, all of it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "harness/kubernetes/api/kubeconfig.h"

namespace faultline {

struct Credentials {
  std::string token;
  std::string client_certificate, client_key;  // PEM

  bool operator==(const Credentials&) const = default;
};

// Reads a token file anew for each request, runs an exec plugin when what it
// said last has expired. May be used from several threads.
class CredentialSource {
 public:
  // `plugin_limit`: then the plugin and its children are killed.
  explicit CredentialSource(const ClusterAccess&,
                            std::chrono::milliseconds plugin_limit = std::chrono::seconds(60));
  ~CredentialSource();

  // Throws KubeconfigError: the plugin is not installed, failed, took too long,
  // said nothing useful. No message holds what a plugin or a file said.
  Credentials get(const std::function<bool()>& cancelled);

  // The server did not take these. True if get() may have others now: the plugin is
  // asked again, the file has changed, another thread has been given new ones.
  bool refused(const Credentials&);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
