// One request over libcurl.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "harness/kubernetes/api/credentials.h"
#include "harness/kubernetes/api/kubeconfig.h"

namespace faultline {

struct ApiRequest {
  std::string method;
  std::string path_and_query;
  std::string body;
  std::string content_type = "application/json";
  std::chrono::milliseconds connect_limit{5'000};
  std::chrono::milliseconds limit{30'000};  // the whole; of a watch: its silence
  std::size_t most_bytes = 64 << 20;
  std::function<bool()> cancelled = {};
  // Gets the body of a 200 as it comes, instead of the reply; false ends it.
  // An exception of it, or of `cancelled`, ends the transfer and comes out of send().
  std::function<bool(std::string_view)> sink = {};
};

struct ApiReply {
  int status = 0;       // 0: none
  std::string problem;  // of status 0, and of one cut short: what went wrong
  std::string body;
  std::chrono::seconds retry_after{0};
  bool cut_short = false;  // the connection ended in the middle
  bool hopeless = false;   // asked again it would end the same way: a wrong certificate
};

// Keeps connections open between requests; may be used from several threads.
// Follows no redirect: it would carry the token elsewhere. TLS is verified, always
// unless the kubeconfig says insecure-skip-tls-verify. What changes something gets a
// connection of its own: on one that died while idle libcurl would send it twice.
// No problem and no body of a refusal holds the credentials, whatever the server says.
class Transport {
 public:
  explicit Transport(const ClusterAccess&);
  ~Transport();

  ApiReply send(const ApiRequest&, const Credentials&);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
