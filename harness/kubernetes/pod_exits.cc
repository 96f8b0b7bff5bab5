#include "harness/kubernetes/pod_exits.h"

#include <utility>

namespace faultline {
namespace {

constexpr std::chrono::seconds calm_after{30};

}  // namespace

PodExits::PodExits(Now now) : now_(std::move(now)) {}

void PodExits::expect(const std::string& server) {
  const std::lock_guard lock(mutex_);
  watched_[server].end_is_expected = watched_[server].removal_is_expected = true;
  watched_[server].ready_since.reset();
}

void PodExits::expect_no_more(const std::string& server) {
  const std::lock_guard lock(mutex_);
  watched_[server].end_is_expected = watched_[server].removal_is_expected = false;
}

void PodExits::note(Exit exit) {
  const std::lock_guard lock(mutex_);
  keep(std::move(exit));
}

void PodExits::keep(Exit exit) {
  watched_[exit.server].last = exit;
  unread_.push_back(std::move(exit));
}

bool PodExits::see(const std::string& server, const Pod& now) {
  const std::lock_guard lock(mutex_);
  Watched& one = watched_[server];
  const bool other_pod = one.seen && now.uid != one.seen->uid;
  const bool restarted = one.seen && !other_pod && now.restarts > one.seen->restarts;
  const bool own_end = restarted && !one.end_is_expected;
  const bool own_removal = other_pod && !one.removal_is_expected;
  if (own_end || own_removal)
    keep({server, false, false, own_end ? now.ended : "somebody else deleted its pod",
          process_of(*one.seen)});
  if (now.running && (other_pod || restarted)) one.end_is_expected = false;
  if (!other_pod && !restarted) forgive_when_calm(one, now);
  const bool waited_for = one.end_is_expected || one.removal_is_expected;
  if (now.running || own_end || !waited_for) one.seen = now;
  return own_end;
}

void PodExits::forgive_when_calm(Watched& one, const Pod& now) const {
  if (!now.ready || now.deleting)
    one.ready_since.reset();
  else if (!one.ready_since)
    one.ready_since = now_();
  else if (now_() - *one.ready_since > calm_after)
    one.end_is_expected = one.removal_is_expected = false;
}

std::vector<Exit> PodExits::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(unread_, {});
}

std::optional<Exit> PodExits::last(const std::string& server) const {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(server);
  return found == watched_.end() ? std::nullopt : found->second.last;
}

}  // namespace faultline
