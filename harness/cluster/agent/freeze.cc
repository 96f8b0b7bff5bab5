#include "harness/cluster/agent/freeze.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness/cluster/agent/detached.h"
#include "harness/cluster/agent/file_system.h"
#include "harness/cluster/agent/mount_table.h"
#include "harness/cluster/agent/open_file.h"

namespace faultline::agent {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto look_interval = 50ms;
constexpr auto watchdog_limit = 5s;  // it ends a look_interval after the thaw
constexpr const char* ready_word = "ready";

class Root : public OpenFile {
 public:
  explicit Root(const std::string& point) : OpenFile(point, O_RDONLY | O_DIRECTORY) {}
};

// A remount that changes nothing is refused with EBUSY while the file system is frozen.
bool refuses_remount(const std::string& point) {
  struct statvfs now{};
  unsigned long flags = MS_REMOUNT;
  if (::statvfs(point.c_str(), &now) == 0 && (now.f_flag & ST_RDONLY)) flags |= MS_RDONLY;
  return ::mount(nullptr, point.c_str(), nullptr, flags, nullptr) != 0 && errno == EBUSY;
}

// Also by a path that leads elsewhere, or nowhere, by now.
bool frozen(const Root& root) {
  return refuses_remount("/proc/self/fd/" + std::to_string(root.get()));
}

void thaw(const Root& root) { ::ioctl(root.get(), FITHAW, 0); }

// The watchdog has a lock on the folder as long as it lives.
bool lock(const Root& root) { return ::flock(root.get(), LOCK_EX | LOCK_NB) == 0; }

class Watchdog {
 public:
  // Throws where it could not do its duty.
  Watchdog(const std::string& point, pid_t owner) : root_(point) {
    if (!lock(root_)) throw std::runtime_error(point + " has a watchdog already");
    if (owner != 0) watched_.push_back({pidfd_of(owner), POLLIN, 0});
    watched_.push_back({asked_to_end(), POLLIN, 0});
  }

  void watch(Clock::time_point deadline) {
    while (frozen(root_)) {
      if (Clock::now() >= deadline || has_reason()) {
        thaw(root_);
        std::this_thread::sleep_for(look_interval);
      }
    }
    thaw(root_);  // frozen() may have been unable to tell
  }

 private:
  static int pidfd_of(pid_t owner) {
    const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, owner, 0));
    if (descriptor < 0) fail("the owner, process " + std::to_string(owner));
    return descriptor;
  }

  static int asked_to_end() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) fail("sigprocmask");
    const int descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC);
    if (descriptor < 0) fail("signalfd");
    return descriptor;
  }

  bool has_reason() {
    return ::poll(watched_.data(), watched_.size(), static_cast<int>(look_interval / 1ms)) > 0;
  }

  Root root_;  // opened before the freeze
  std::vector<pollfd> watched_;
};

// The freezer has frozen it, could not, or has died.
void wait_for_the_freezer(const Pipe& done) { done.read_all(); }

void watch(const std::string& point, Clock::time_point deadline, pid_t owner, Pipe& ready,
           const Pipe& done) {
  try {
    Watchdog watchdog(point, owner);
    ready.write(ready_word);
    ready.close_writer();
    wait_for_the_freezer(done);
    watchdog.watch(deadline);
  } catch (const std::exception& error) {
    ready.write(error.what());
  }
}

}  // namespace

void freeze(const std::string& point, std::chrono::milliseconds limit, pid_t owner) {
  require_mounted(point);
  if (frozen(point)) throw std::runtime_error(point + " is frozen already");
  const Root root(point);
  Pipe ready, done;
  start_detached({ready.writer(), done.reader()}, [&, deadline = Clock::now() + limit] {
    watch(point, deadline, owner, ready, done);
  });
  ready.close_writer();
  done.close_reader();
  if (const auto said = ready.read_all(); said != ready_word)
    throw std::runtime_error("the watchdog does not run" + (said.empty() ? "" : ": " + said));
  if (::ioctl(root.get(), FIFREEZE, 0) != 0) fail("freezing " + point);
}

void thaw(const std::string& point) {
  if (!mounted_at(point)) return;
  const Root root(point);
  if (::ioctl(root.get(), FITHAW, 0) != 0 && errno != EINVAL) fail("thawing " + point);
  for (const auto deadline = Clock::now() + watchdog_limit; !lock(root) && Clock::now() < deadline;)
    std::this_thread::sleep_for(look_interval / 10);
}

bool frozen(const std::string& point) { return mounted_at(point) && refuses_remount(point); }

std::string hang_problem(const std::string& point, std::chrono::milliseconds patience) {
  require_mounted(point);
  Pipe outcome;
  start_detached({outcome.writer()}, [&] {
    try {
      probe(point);
      outcome.write("the write succeeded");
    } catch (const std::exception& error) {
      outcome.write(error.what());
    }
  });
  outcome.close_writer();
  pollfd returned{outcome.reader(), POLLIN, 0};
  const int ready = ::poll(&returned, 1, static_cast<int>(patience.count()));
  if (ready < 0) fail("poll");
  if (ready == 0) return frozen(point) ? "" : "it is slow, but not frozen";
  const auto said = outcome.read_all();
  return said.empty() ? "the process that wrote was ended" : said;
}

}  // namespace faultline::agent
