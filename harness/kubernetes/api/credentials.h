// What a request shows to be let in; secrets, all of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/kubernetes/api/kubeconfig.h"

namespace faultline {

struct Credentials {
  std::string token;
  std::string client_certificate, client_key;  // PEM
};

// Reads a token file anew for each request, runs an exec plugin when what it
// said last has expired. May be used from several threads.
class CredentialSource {
 public:
  explicit CredentialSource(const ClusterAccess&);
  ~CredentialSource();

  // Throws KubeconfigError: the plugin is not installed, failed, took too long,
  // said nothing useful. No message holds what a plugin or a file said.
  Credentials get(const std::function<bool()>& cancelled);

  // The server did not take them. True if there may be others: ask again.
  bool refused();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
