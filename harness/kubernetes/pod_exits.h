// Which brokers' pods ended, and whether the harness did it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/cluster/cluster.h"
#include "harness/kubernetes/pod.h"

namespace faultline {

// May be used from several threads.
class PodExits {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  explicit PodExits(Now = std::chrono::steady_clock::now);

  // What ends from here on is the harness's doing: its container, until another one
  // runs in its place; its pod, which may be given up for a fault when that is over,
  // until it has been ready for half a minute.
  void expect(const std::string& server);
  void expect_no_more(const std::string& server);

  void note(Exit);  // the harness ended it

  // The server's pod at a look. One that runs anew, or whose container was
  // restarted, exited before. The first look only says what there is. Returns whether
  // the container before this one ended by itself, so that its log is worth keeping.
  bool see(const std::string& server, const Pod&);

  std::vector<Exit> take();  // since the last call
  std::optional<Exit> last(const std::string& server) const;

 private:
  struct Watched {
    bool end_is_expected = false;                                      // of the container
    bool removal_is_expected = false;                                  // of the pod
    std::optional<std::chrono::steady_clock::time_point> ready_since;  // while either is
    std::optional<Pod> seen;
    std::optional<Exit> last;
  };

  void keep(Exit);
  void forgive_when_calm(Watched&, const Pod&) const;

  const Now now_;
  mutable std::mutex mutex_;
  std::map<std::string, Watched> watched_;
  std::vector<Exit> unread_;
};

}  // namespace faultline
