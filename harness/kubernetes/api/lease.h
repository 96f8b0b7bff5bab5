// A coordination.k8s.io/v1 Lease as a lock, taken by the rules of client-go's
// leader election (k8s.io/client-go/tools/leaderelection).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

struct LeaseHolder {
  std::string identity;
  std::string since;  // as the Lease says it: 2026-11-23T09:00:00.000000Z
};

struct LeaseOptions {
  std::chrono::seconds duration{30};             // unrenewed for so long, others may take it
  std::chrono::milliseconds renew_every{8'000};  // and after a failed renewal
  std::chrono::milliseconds look_every{1'000};   // while waiting for another's to expire
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// Two takers never both win: each change names the version it replaces, and the
// API server refuses all but the first. No two clocks are compared: a Lease has
// expired when this process has seen it unchanged for the duration it names.
class Lease {
 public:
  // `identity` is shown to others; it is made unique by a random suffix. The
  // client must outlive the Lease, and should not be one that Ctrl-C cancels.
  Lease(Kubernetes&, const std::string& namespace_name, std::string name,
        const std::string& identity, LeaseOptions = {});
  ~Lease();  // releases it

  // Empty: it is ours, and kept by a thread from here on. Else who holds it.
  // Does not wait; called again it takes over from a holder that was seen to be dead.
  std::optional<LeaseHolder> try_take();

  // Waits for a holder that may be dead: at most the duration the Lease names.
  // Returns as soon as the holder has shown a sign of life, or `cancelled`.
  std::optional<LeaseHolder> take(const std::function<bool()>& cancelled = {});

  // It was ours and may not be any more: somebody took it, or it could not be
  // renewed in two thirds of its duration. Stays so. Asks nobody.
  bool lost() const;

  // So that others need not wait for it to expire. Never throws; false if the
  // API server did not agree, or it was not ours.
  bool release();

  const std::string& identity() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
