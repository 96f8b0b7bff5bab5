// For tests only: an API server that does what a real one does rarely.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/kubernetes/api/kubeconfig.h"
#include "harness/kubernetes/api/kubernetes.h"

namespace faultline::testing {

// Pauses of a few milliseconds; three attempts.
KubernetesOptions impatient();

// What the action throws; a failure of the test where it throws nothing.
KubernetesError refusal_of(const std::function<void()>& action);

struct StubRequest {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // names in lower case
  int connection = 0;                          // counted from 1

  // Of the target: "/api/v1/pods" and "watch" -> "true".
  std::string path() const;
  std::string parameter(const std::string& name) const;
};

struct StubReply {
  enum class End {
    whole,    // as announced
    cut,      // more is announced than is sent, then the connection is closed
    hanging,  // the same, and the connection stays open and silent
    none,     // closed before a byte
  };

  int status = 200;
  std::string body;
  std::map<std::string, std::string> headers = {};
  End end = End::whole;
  bool streamed = false;  // chunked, as a watch is
};

StubReply status_reply(int status, const std::string& reason, const std::string& message);

// A certificate and its key, PEM.
struct Certificate {
  std::string certificate, key;
};

// Made anew for each test.
enum class KeyKind { elliptic, rsa };
Certificate make_authority(const std::string& name, KeyKind = KeyKind::elliptic);
struct CertificateWish {
  std::string host = "127.0.0.1";  // an address or a DNS name
  std::string also = {};           // another DNS name: "*.nats.messaging.svc"
  bool expired = false;
};
Certificate make_certificate(const Certificate& authority, const CertificateWish& = {});

struct StubTls {
  Certificate server;
  std::string client_authority = {};  // not empty: clients must show a certificate of it
};

// On 127.0.0.1. The handler is called by one thread per connection.
class StubServer {
 public:
  using Handler = std::function<StubReply(const StubRequest&)>;
  explicit StubServer(Handler, std::optional<StubTls> = {});
  ~StubServer();

  ClusterAccess access() const;  // of user "anyone"; no CA
  std::vector<StubRequest> requests() const;
  std::size_t count(const std::string& method) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline::testing
