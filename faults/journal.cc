#include "faults/journal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>
#include <sstream>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "harness/cluster/file_descriptor.h"
#include "harness/cluster/process_table.h"
#include "harness/kubernetes/perform_undo.h"

// A journal is JSON, one record a line; the last line may be torn:
//   {"journal":1,"run":"...","boot":"<boot id of the kernel>"}
//   {"process":4711,"start":<clock ticks since boot>,"what":"nats n2"}
//   {"fault":"broker-kill","servers":["n2"]}
//   {"undo":"worker w2 runs","gone":[...],"steps":[{"undone":[...],"command":[...]}],
//    "kubernetes":[{"action":"uncordon","kubeconfig":...,"context":...,"name":...,"run":...}]}
// Its owner holds flock(2) on it; the kernel lets go when the owner dies.

namespace faultline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* extension = ".journal";
constexpr int gone_limit_ms = 10'000;
constexpr int most_attempts = 5;

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

FileDescriptor open_file(const fs::path& path, int flags) {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

void sync_folder(const fs::path& folder) {
  const auto descriptor = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor || ::fsync(descriptor.get()) != 0) fail(folder);
}

bool lock(const FileDescriptor& file) { return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

// Between opening and locking, somebody else may have removed the file.
bool still_linked(const FileDescriptor& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

FileDescriptor create_locked(const fs::path& path) {
  for (;;) {
    auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
    if (!file) fail(path);
    const bool locked = lock(file);
    if (!locked && errno != EWOULDBLOCK) fail(path);
    if (locked && still_linked(file)) return file;  // else `heal` came in between
    std::this_thread::yield();
  }
}

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

fs::path environment_path(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

constexpr const char* uncordon_word = "uncordon";
constexpr const char* remove_run_word = "remove-run";

json to_json(const Undo& undo) {
  json record{{"undo", undo.what},
              {"gone", undo.gone},
              {"steps", json::array()},
              {"kubernetes", json::array()}};
  for (const auto& step : undo.steps)
    record["steps"].push_back({{"undone", step.undone}, {"command", step.command}});
  for (const auto& one : undo.kubernetes)
    record["kubernetes"].push_back(
        {{"action",
          one.action == KubernetesUndo::Action::uncordon ? uncordon_word : remove_run_word},
         {"kubeconfig", one.kubeconfig},
         {"context", one.context},
         {"name", one.name},
         {"run", one.run}});
  return record;
}

Undo undo_from(const json& record) {
  Undo undo;
  record.at("undo").get_to(undo.what);
  record.at("gone").get_to(undo.gone);
  for (const auto& step : record.at("steps"))
    undo.steps.push_back({step.at("undone"), step.at("command")});
  for (const auto& one : record.at("kubernetes")) {
    const std::string action = one.at("action");
    if (action != uncordon_word && action != remove_run_word)
      throw std::runtime_error("an undo of another version: " + action);
    undo.kubernetes.push_back({action == uncordon_word ? KubernetesUndo::Action::uncordon
                                                       : KubernetesUndo::Action::remove_run,
                               one.at("kubeconfig"), one.at("context"), one.at("name"),
                               one.at("run")});
  }
  return undo;
}

// What is left to undo of one run.
struct Leftover {
  std::string run;
  std::string boot;
  struct Process {
    int pid = 0;
    std::uint64_t start = 0;
    std::string what;
  };
  std::vector<Process> processes;
  std::vector<Undo> undos;  // in the order in which it was done
  std::string damage;
};

void read_record(const json& record, Leftover& leftover) {
  if (record.contains("journal")) {
    leftover.run = record.at("run").get<std::string>();
    leftover.boot = record.at("boot").get<std::string>();
  } else if (record.contains("process")) {
    leftover.processes.push_back({record.at("process").get<int>(),
                                  record.at("start").get<std::uint64_t>(),
                                  record.at("what").get<std::string>()});
  } else if (record.contains("undo")) {
    leftover.undos.push_back(undo_from(record));
  }
}

Leftover read_journal(const fs::path& path) {
  Leftover leftover{
      .run = path.stem().string(), .boot = {}, .processes = {}, .undos = {}, .damage = {}};
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const bool torn = file.eof();  // no newline at its end
    try {
      read_record(json::parse(line), leftover);
    } catch (const std::exception&) {
      if (!torn) leftover.damage = "line " + std::to_string(number) + " cannot be read";
    }
  }
  return leftover;
}

std::string name(const Leftover::Process& process) {
  return process.what + " (pid " + std::to_string(process.pid) + ")";
}

// What was done; nothing if it does not run. Throws if it could not be ended.
std::optional<std::string> end_process(const Leftover::Process& process) {
  if (process.pid <= 0 || process.start == 0) return {};
  // From here on the descriptor, not the pid, says whom we mean.
  const auto descriptor = open_process(process.pid);
  if (!descriptor && errno == ESRCH) return {};
  if (!descriptor) throw std::system_error(errno, std::generic_category(), name(process));
  if (process_start_time(process.pid) != process.start) return {};
  if (::syscall(SYS_pidfd_send_signal, descriptor.get(), SIGKILL, nullptr, 0) != 0) {
    if (errno == ESRCH) return {};
    throw std::system_error(errno, std::generic_category(), name(process));
  }
  pollfd ended{descriptor.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&ended, 1, gone_limit_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready != 1) throw std::runtime_error(name(process) + " still runs after SIGKILL");
  return name(process) + " ended";
}

// What one attempt came to.
struct Attempt {
  std::vector<std::string> undone;
  std::vector<std::string> failed;
};

Attempt undo_once(const Leftover& leftover) {
  Attempt attempt;
  if (leftover.boot.empty() || leftover.boot == boot_id()) {
    for (const auto& process : leftover.processes) try {
        if (const auto done = end_process(process)) attempt.undone.push_back(*done);
      } catch (const std::exception& error) {
        attempt.failed.emplace_back(error.what());
      }
  }
  for (const auto& undo : leftover.undos | std::views::reverse) try {
      if (perform_undo(undo)) attempt.undone.push_back(undo.what);
    } catch (const std::exception& error) {
      attempt.failed.emplace_back(error.what());
    }
  return attempt;
}

// Who waits for a frozen disk ends only after the thaw, and what he used is detached only
// after his end: what fails is tried again as long as something else was undone meanwhile.
void undo_all_of(const Leftover& leftover, HealReport& report) {
  const auto prefix = "run " + leftover.run + ": ";
  Attempt attempt;
  for (int count = 0; count < most_attempts; ++count) {
    attempt = undo_once(leftover);
    for (const auto& what : attempt.undone) report.undone.push_back(prefix + what);
    if (attempt.undone.empty() || attempt.failed.empty()) break;
  }
  for (const auto& what : attempt.failed) report.failed.push_back(prefix + what);
}

struct Journals {
  std::vector<fs::path> paths;
  std::string problem;  // not all could be listed
};

Journals journals_in(const fs::path& folder) {
  Journals found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == extension) found.paths.push_back(entry->path());
  if (error && error != std::errc::no_such_file_or_directory)
    found.problem = folder.string() + ": " + error.message();
  std::ranges::sort(found.paths);
  return found;
}

void heal_journal(const fs::path& path, HealReport& report) {
  const auto file = open_file(path, O_RDWR);
  if (!file && errno == ENOENT) return;  // finished meanwhile
  if (!file) fail(path);
  if (!lock(file)) {
    if (errno != EWOULDBLOCK) fail(path);
    report.live.push_back(path.stem().string());
    return;
  }
  if (!still_linked(file)) return;
  const auto leftover = read_journal(path);  // nobody writes to it any more
  const auto failed_before = report.failed.size();
  if (!leftover.damage.empty()) report.failed.push_back(path.string() + ": " + leftover.damage);
  undo_all_of(leftover, report);
  if (report.failed.size() != failed_before) return;  // kept for the next attempt
  fs::remove(path);
  sync_folder(path.parent_path());
  report.undone.push_back("run " + leftover.run + ": its journal removed, nothing of it is left");
}

}  // namespace

fs::path state_folder() {
  if (auto path = environment_path("FAULTLINE_STATE_DIR"); !path.empty()) return path;
  if (::geteuid() == 0) return root_state_folder;
  if (auto path = environment_path("XDG_STATE_HOME"); !path.empty()) return path / "faultline";
  if (auto path = environment_path("HOME"); !path.empty()) return path / ".local/state/faultline";
  throw std::system_error(
      std::make_error_code(std::errc::no_such_file_or_directory),
      "none of FAULTLINE_STATE_DIR, XDG_STATE_HOME and HOME is set: no folder for the journal");
}

struct Journal::Implementation {
  std::string run;
  fs::path path;
  FileDescriptor file;
  std::mutex mutex;
  std::vector<Undo> undos;
  UndoFirst keep_too = {};
  std::function<void()> finished = {};

  void append(const json& record) {
    const std::lock_guard guard(mutex);
    if (!file) return;
    const auto line = record.dump() + "\n";
    const auto end = ::lseek(file.get(), 0, SEEK_END);
    for (std::size_t written = 0; written < line.size();) {
      const auto count = ::write(file.get(), line.data() + written, line.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        const int error = errno;
        std::ignore = ::ftruncate(file.get(), end);  // half a line would swallow the next
        errno = error;
        fail(path);
      }
      written += static_cast<std::size_t>(count);
    }
    if (::fsync(file.get()) != 0) fail(path);
  }
};

Journal::Journal(const fs::path& folder, const std::string& run_id) {
  fs::create_directories(folder);
  const auto path = folder / (run_id + extension);
  implementation_.reset(new Implementation{run_id, path, create_locked(path), {}, {}, {}, {}});
  implementation_->append({{"journal", 1}, {"run", run_id}, {"boot", boot_id()}});
  sync_folder(folder);
}

Journal::~Journal() = default;

void Journal::process_started(int pid, const std::string& what) {
  const auto start = process_start_time(pid);
  if (!start) return;  // gone already
  implementation_->append({{"process", pid}, {"start", *start}, {"what", what}});
}

void Journal::fault_striking(const std::string& name, const std::vector<std::string>& servers) {
  implementation_->append({{"fault", name}, {"servers", servers}});
}

const std::string& Journal::run() const { return implementation_->run; }

void Journal::undo_first(const Undo& undo) {
  implementation_->append(to_json(undo));
  {
    const std::lock_guard guard(implementation_->mutex);
    implementation_->undos.push_back(undo);
  }
  if (implementation_->keep_too) implementation_->keep_too(undo);
}

void Journal::keep_also(UndoFirst keep, std::function<void()> finished) {
  implementation_->keep_too = std::move(keep);
  implementation_->finished = std::move(finished);
}

std::vector<std::string> Journal::undo_all() {
  std::vector<std::string> failed;
  for (const auto& undo : implementation_->undos | std::views::reverse) try {
      perform_undo(undo);
    } catch (const std::exception& error) {
      failed.emplace_back(error.what());
    }
  return failed;
}

void Journal::finish() {
  if (const auto finished = std::exchange(implementation_->finished, nullptr)) finished();
  const std::lock_guard guard(implementation_->mutex);
  if (!implementation_->file) return;
  fs::remove(implementation_->path);  // still locked: `heal` keeps away
  sync_folder(implementation_->path.parent_path());
  implementation_->file = FileDescriptor();
}

HealReport heal_leftovers(const fs::path& folder) {
  HealReport report;
  const auto found = journals_in(folder);
  if (!found.problem.empty()) report.failed.push_back(found.problem);
  for (const auto& path : found.paths) try {
      heal_journal(path, report);
    } catch (const std::exception& failure) {
      report.failed.push_back(failure.what());
    }
  return report;
}

std::string left_to_root(const fs::path& folder) {
  const auto found = journals_in(folder);
  if (!found.problem.empty() || found.paths.empty()) return found.problem;
  return "runs by root, under way or killed (" + std::to_string(found.paths.size()) + " in " +
         folder.string() + "): sudo faultline heal";
}

}  // namespace faultline
