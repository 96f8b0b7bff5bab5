// The lines of a watch: one JSON object each, in pieces as the network brings them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

struct WatchLine {
  enum class Kind { event, bookmark, error } kind;
  WatchEvent::Kind event = WatchEvent::Kind::added;  // of kind event
  nlohmann::json object;
};

class WatchLines {
 public:
  void add(std::string_view bytes) { buffer_ += bytes; }

  // The next whole line; empty if there is none yet. A line that is no event of
  // Kubernetes breaks the whole: what follows it cannot be trusted.
  std::optional<WatchLine> next();

  bool broken() const { return broken_; }

 private:
  std::string buffer_;
  bool broken_ = false;
};

}  // namespace faultline
