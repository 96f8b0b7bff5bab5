#include "harness/broker/memphis/metadata_database.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "harness/cluster/child_processes.h"
#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/ports.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

constexpr auto start_limit = 120s;
constexpr auto end_limit = 10s;
constexpr auto stop_limit = 5s;
constexpr std::size_t shown_lines = 10;
constexpr const char* debian_folder = "/usr/lib/postgresql";  // <version>/bin, not in the PATH
constexpr const char* user = "memphis";
constexpr const char* database = "postgres";  // which initdb makes

// Of the newest version that Debian's packages brought, else of the PATH; empty: none.
std::string program(const std::string& name) {
  int newest = 0;
  std::string found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(debian_folder, none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    const auto path = entry.path() / "bin" / name;
    if (version <= newest || !fs::exists(path)) continue;
    newest = version;
    found = path.string();
  }
  return found.empty() ? find_program(name) : found;
}

bool succeeds(const Words& command) try {
  return run_program(command).status == 0;
} catch (const ClusterError&) {
  return false;
}

// What a command shares with its processes goes with this namespace, however they end. Not
// every kernel gives one to users; then 56 bytes may stay, which PostgreSQL keeps as a lock.
const Words& own_namespace() {
  static const Words words = [] {
    const Words of_user{"unshare", "--user", "--map-current-user", "--ipc", "--"};
    auto probe = of_user;
    probe.push_back("true");
    return succeeds(probe) ? of_user : Words{};
  }();
  return words;
}

// PostgreSQL refuses to be root. In this namespace it is nobody, yet its files are root's.
Words as_nobody(Words words) {
  static const Words of_root{"unshare",           "--user", "--map-user=65534",
                             "--map-group=65534", "--ipc",  "--"};
  const auto& before = ::geteuid() == 0 ? of_root : own_namespace();
  words.insert(words.begin(), before.begin(), before.end());
  return words;
}

bool is_gone(int pid) { return !process_start_time(pid); }

// An exit is as good: it goes on no more.
bool stands_still(int pid) { return process_state(pid).value_or('T') == 'T' || is_gone(pid); }

bool wait_until(const std::vector<int>& pids, bool (*is_so)(int)) {
  for (const auto deadline = Clock::now() + stop_limit; !std::ranges::all_of(pids, is_so);
       std::this_thread::sleep_for(1ms))
    if (Clock::now() > deadline) return false;
  return true;
}

}  // namespace

std::string new_password() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string why_no_metadata_database() {
  for (const auto* name : {"initdb", "postgres", "pg_isready", "psql"})
    if (program(name).empty())
      return fmt::format(
          "no PostgreSQL, in which Memphis keeps its metadata ({} is missing): "
          "apt-get install postgresql",
          name);
  try {
    output_of(as_nobody({program("postgres"), "--version"}));
    return {};
  } catch (const ClusterError& error) {
    return std::string("PostgreSQL, for Memphis's metadata, cannot be run: ") + error.what();
  }
}

struct MetadataDatabase::Implementation {
  explicit Implementation(MetadataDatabaseOptions some_options)
      : options(std::move(some_options)), port(ReservedPort::any()), password(new_password()) {
    options.folder = fs::absolute(options.folder);
  }

  ~Implementation() {
    thaw();        // what is stopped does not end
    end(SIGQUIT);  // at once, yet it takes its processes with it
    std::error_code ignored;
    fs::remove_all(data(), ignored);
    fs::remove(secret(), ignored);
  }

  fs::path data() const { return options.folder / "data"; }
  fs::path secret() const { return options.folder / "password"; }
  fs::path log() const { return options.folder / "postgres.log"; }

  void make() {
    const auto text = data().string();
    const auto key = secret().string();
    if (options.undo_first)
      options.undo_first({.what = "the metadata removed from " + text,
                          .steps = {{{"test", "!", "-e", text}, {"rm", "-rf", "--", text}},
                                    {{"test", "!", "-e", key}, {"rm", "-f", "--", key}}}});
    fs::create_directories(options.folder);
    std::ofstream file(secret());
    fs::permissions(secret(), fs::perms::owner_read | fs::perms::owner_write);
    file << password << std::flush;
    output_of(as_nobody({program("initdb"), "--pgdata=" + text, "--username=" + std::string(user),
                         "--pwfile=" + secret().string(), "--auth=scram-sha-256", "--no-sync",
                         "--encoding=UTF8", "--no-locale"}),
              {.limit = start_limit});
    fs::remove(secret());
    // From workers too; it listens where they reach it, and nowhere else.
    std::ofstream(data() / "pg_hba.conf", std::ios::app)
        << "host all all 0.0.0.0/0 scram-sha-256\n";
  }

  void start(const std::string& at) {
    if (pid() != 0) return;
    if (!fs::exists(data())) make();
    address = at;
    const auto words = as_nobody(
        {program("postgres"), "-D", data().string(), "-c", "listen_addresses=" + address, "-c",
         fmt::format("port={}", port.number()), "-c", "unix_socket_directories=", "-c", "fsync=off",
         "-c", "dynamic_shared_memory_type=mmap"});
    const int started =
        children.start({find_program(words[0]), {words.begin() + 1, words.end()}, log(), {}});
    {
      const std::lock_guard lock(mutex);
      running = started == ended ? 0 : started;
    }
    if (options.started) options.started(started, "postgres");
    wait_until_ready();
  }

  void wait_until_ready() {
    const Words ask{program("pg_isready"), "--quiet", "--host=" + address,
                    fmt::format("--port={}", port.number()), "--timeout=2"};
    for (const auto deadline = Clock::now() + start_limit; Clock::now() < deadline;
         std::this_thread::sleep_for(50ms)) {
      if (pid() == 0) break;
      if (run_program(ask).status == 0) return;
    }
    throw ClusterError("PostgreSQL, for the metadata, did not start; the end of its log:\n" +
                       last_lines(log(), shown_lines));
  }

  void exited(int which) {
    const std::lock_guard lock(mutex);
    ended = which;
    if (running == which) running = 0;
    gone.notify_all();
  }

  int pid() {
    const std::lock_guard lock(mutex);
    return running;
  }

  void end(int signal) {
    const int which = pid();
    if (which == 0) return;
    children.signal(which, signal);
    std::unique_lock lock(mutex);
    gone.wait_for(lock, end_limit, [&] { return running != which; });
  }

  // Its first process starts the others, and no more once it is stopped. While it is, it waits
  // for none of them either, so that no pid of theirs is another's meanwhile.
  std::vector<int> stop_all(int first) {
    children.signal(first, SIGSTOP);
    if (!wait_until({first}, stands_still)) throw ClusterError("PostgreSQL cannot be stopped");
    const auto others = children_of(first);
    for (const int other : others) {
      const auto since = process_start_time(other);
      if (since && told.emplace(other, *since).second && options.started)
        options.started(other, "postgres");
      ::kill(other, SIGSTOP);
    }
    if (!wait_until(others, stands_still)) throw ClusterError("PostgreSQL cannot be stopped");
    return others;
  }

  void kill() {
    const std::lock_guard lock(all_mutex);
    const int first = pid();
    if (first == 0) return;
    const auto others = stop_all(first);
    for (const int other : others) ::kill(other, SIGKILL);
    end(SIGKILL);
    if (pid() == first || !wait_until(others, is_gone))
      throw ClusterError("PostgreSQL does not end");
  }

  void freeze() {
    const std::lock_guard lock(all_mutex);
    if (const int first = pid(); first != 0) stop_all(first);
  }

  void thaw() {
    const std::lock_guard lock(all_mutex);
    const int first = pid();
    if (first == 0) return;
    for (const int other : children_of(first)) ::kill(other, SIGCONT);
    children.signal(first, SIGCONT);
  }

  bool frozen() {
    const std::lock_guard lock(all_mutex);
    const int first = pid();
    return first != 0 && stands_still(first) &&
           std::ranges::all_of(children_of(first), stands_still);
  }

  std::string processes() {
    const int first = pid();
    if (first == 0) return {};
    return fmt::format("pid {} and {} of its own", first, children_of(first).size());
  }

  ProgramEnd psql(const std::string& query, std::chrono::milliseconds limit) const {
    return run_program({program("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                        "--host=" + address, fmt::format("--port={}", port.number()),
                        "--username=" + std::string(user), "--dbname=" + std::string(database),
                        "--command=" + query},
                       {.limit = limit, .environment = {{"PGPASSWORD", password}}});
  }

  MetadataRows select(const std::string& query, std::chrono::milliseconds limit) const try {
    const auto end = psql(query, limit);
    if (end.status != 0) return {{}, end.errors.substr(0, end.errors.find('\n'))};
    std::vector<std::string> rows;
    std::istringstream lines(end.output);
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) rows.push_back(line.substr(0, line.find('|')));
    return {rows, ""};
  } catch (const ClusterError& error) {
    return {{}, error.what()};
  }

  MetadataAnswer ask(std::chrono::milliseconds limit) const {
    const auto begin = Clock::now();
    const auto took = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    };
    try {
      const auto end = psql("SELECT 1", limit);
      if (end.status == 0) return {took(), ""};
      return {{}, end.errors.substr(0, end.errors.find('\n'))};
    } catch (const ClusterError&) {
      return {{}, fmt::format("no answer within {:.1f} s", took().count() / 1000.0)};
    }
  }

  MetadataDatabaseOptions options;
  ReservedPort port;
  std::string password;
  std::string address;

  std::mutex all_mutex;  // who stops all of its processes, or lets them go on
  std::set<std::pair<int, std::uint64_t>> told;  // pid and start time, of options.started

  std::mutex mutex;  // guards what follows
  std::condition_variable gone;
  int running = 0;  // pid; 0: none
  int ended = 0;    // the last that did, perhaps before start() knew it

  ChildProcesses children{[this](int pid, int) { exited(pid); }};  // ends first
};

MetadataDatabase::MetadataDatabase(MetadataDatabaseOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}

MetadataDatabase::~MetadataDatabase() = default;

void MetadataDatabase::start(const std::string& address) try {
  implementation_->start(address);
} catch (const fs::filesystem_error& error) {
  throw ClusterError(error.what());
}

MetadataAccess MetadataDatabase::access() const {
  const auto& self = *implementation_;
  return {self.address, self.port.number(), user, self.password, database};
}

void MetadataDatabase::kill() { implementation_->kill(); }
void MetadataDatabase::freeze() { implementation_->freeze(); }
void MetadataDatabase::thaw() { implementation_->thaw(); }
std::string MetadataDatabase::processes() const { return implementation_->processes(); }
bool MetadataDatabase::frozen() const { return implementation_->frozen(); }
MetadataAnswer MetadataDatabase::ask(std::chrono::milliseconds limit) const {
  return implementation_->ask(limit);
}
MetadataRows MetadataDatabase::select(const std::string& query,
                                      std::chrono::milliseconds limit) const {
  return implementation_->select(query, limit);
}

}  // namespace faultline
