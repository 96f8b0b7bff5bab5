#include "harness/cluster/local.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iomanip>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "harness/cluster/child_processes.h"
#include "harness/cluster/local_worker.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/process_table.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int deploy_attempts = 5;
constexpr auto listen_limit = 60s;
constexpr auto death_limit = 60s;
constexpr std::uint16_t client_port = 4222, cluster_port = 6222, monitor_port = 8222,
                        ui_port = 9000, websocket_port = 7770;  // of workers
constexpr auto pause_limit = 5s;
constexpr std::size_t shown_lines = 10;
constexpr std::size_t searched_lines = 200;
constexpr const char* data_name = "data";  // in a broker's folder

struct Member {
  Layout layout;
  fs::path configuration;
  int pid = 0;  // 0: not running
  bool any_exit_expected = false;
  std::set<int> sent = {};  // signals of the harness that end it
  bool being_forced = false;
  bool being_started = false;  // whether an exit counts is not known yet
  bool drained = false;        // takes nothing new until it is started
  std::string refusal = {};    // why the last start was none
  std::optional<Exit> last_exit = {};
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) throw ClusterError("cannot write " + path.string());
}

// EADDRINUSE, as Go and strerror(3) say it.
bool says_address_taken(const std::string& log) {
  return log.find("ddress already in use") != std::string::npos;
}

std::string text_since(const fs::path& path, std::uintmax_t offset) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string address(const char* scheme, const Layout& layout, std::uint16_t port) {
  return scheme + ("://" + layout.host) + ":" + std::to_string(port);
}

}  // namespace

struct LocalCluster::Implementation {
  Implementation(LocalCluster& a_cluster, BrokerProgram a_program, LocalOptions some_options)
      : program(std::move(a_program)), options(std::move(some_options)) {
    options.folder = fs::absolute(options.folder);
    if (!options.network) return;
    for (std::uint32_t i = 0; i < options.brokers; ++i)
      workers.push_back(std::make_unique<LocalWorker>(a_cluster, name_of(i), *options.network, i,
                                                      options.undo_first));
  }

  ~Implementation() {
    end_all();
    if (options.keep_data || !options.volumes.empty()) return;  // data goes with its volume
    std::error_code ignored;
    for (const auto& member : members) fs::remove_all(member.layout.data, ignored);
  }

  void deploy() {
    if (options.undo_first && !options.keep_data) options.undo_first(remove_data());
    for (int attempt = 1;; ++attempt) try {
        lay_out();
        for (const auto& server : servers) {
          launch(server.name);
          if (program.one_by_one) wait_until_listening({server});
        }
        return wait_until_listening(servers);
      } catch (const AddressTaken& taken) {
        end_all();
        if (attempt == deploy_attempts)
          throw ClusterError("no ports for the brokers after " + std::to_string(attempt) +
                             " tries: " + taken.what());
      }
  }

  static std::string name_of(std::uint32_t broker) { return "n" + std::to_string(broker + 1); }

  fs::path folder_of(std::uint32_t broker) const {
    return options.folder / "brokers" / name_of(broker);
  }

  // What the destructor does, for a harness that never came to it.
  Undo remove_data() const {
    Undo undo{.what = "the brokers' data removed from " + options.folder.string()};
    for (std::uint32_t i = 0; i < options.brokers; ++i) {
      const auto data = (folder_of(i) / data_name).string();
      undo.steps.push_back({{"test", "!", "-e", data}, {"rm", "-rf", "--", data}});
    }
    return undo;
  }

  void lay_out() {
    const std::lock_guard lock(mutex);
    members.clear();
    servers.clear();
    unread_exits.clear();
    std::vector<Layout> layouts;
    if (!options.network) ports = options.reserve(ports_each() * options.brokers);
    for (std::uint32_t i = 0; i < options.brokers; ++i) {
      layouts.push_back(options.network ? on_worker(i) : on_loopback(i));
      fs::create_directories(layouts.back().data);
      fs::remove(layouts.back().log);  // of an attempt before this one
    }
    for (const auto& layout : layouts) {
      const auto configuration = layout.log.parent_path() / (program.name + ".conf");
      write_file(configuration, program.configuration(layout, layouts));
      members.push_back({layout, configuration});
      servers.push_back({layout.name, address("nats", layout, layout.client_port),
                         address("http", layout, layout.monitor_port)});
      if (program.has_ui) servers.back().ui_url = address("http", layout, layout.ui_port);
    }
    if (program.prepare) program.prepare(layouts);
  }

  std::size_t ports_each() const { return program.has_ui ? 5 : 3; }

  Layout layout_of(std::uint32_t i) const {
    Layout layout;
    layout.name = name_of(i);
    layout.data =
        options.volumes.empty() ? folder_of(i) / data_name : fs::path(options.volumes[i].data());
    layout.log = folder_of(i) / (program.name + ".log");
    return layout;
  }

  Layout on_loopback(std::uint32_t i) const {
    auto layout = layout_of(i);
    const auto first = ports_each() * i;
    layout.client_port = ports[first].number();
    layout.cluster_port = ports[first + 1].number();
    layout.monitor_port = ports[first + 2].number();
    if (!program.has_ui) return layout;
    layout.ui_port = ports[first + 3].number();
    layout.websocket_port = ports[first + 4].number();
    return layout;
  }

  Layout on_worker(std::uint32_t i) const {
    auto layout = layout_of(i);
    layout.host = layout.listen = options.network->workers()[i].address;
    layout.client_port = client_port;
    layout.cluster_port = cluster_port;
    layout.monitor_port = monitor_port;
    layout.ui_port = ui_port;
    layout.websocket_port = websocket_port;
    layout.outside = options.network->own_address();
    return layout;
  }

  void wait_until_listening(const std::vector<Server>& started) {
    const auto deadline = std::chrono::steady_clock::now() + listen_limit;
    for (std::size_t i = 0; i < started.size();) {
      const auto& name = started[i].name;
      fail_if_exited(started);
      if (listens_everywhere(name)) {
        ++i;
      } else if (std::chrono::steady_clock::now() > deadline) {
        throw ClusterError(name + " does not listen on its ports; the end of its log:\n" +
                           last_lines(layout(name).log, shown_lines));
      } else {
        std::this_thread::sleep_for(20ms);
      }
    }
    fail_if_exited(started);
  }

  void fail_if_exited(const std::vector<Server>& started) {
    for (const auto& server : started) {
      if (running(server.name)) continue;
      const auto tail = last_lines(layout(server.name).log, shown_lines);
      if (says_address_taken(tail)) throw AddressTaken(server.name + ": " + telling_line(tail));
      throw ClusterError(server.name + " exited at start (" + last_exit(server.name)->detail +
                         "); the end of its log:\n" + tail);
    }
  }

  bool listens_everywhere(const std::string& name) {
    int pid = 0;
    Layout place;
    {
      const std::lock_guard lock(mutex);
      pid = member(name).pid;
      place = member(name).layout;
    }
    return pid != 0 && std::ranges::all_of(
                           std::initializer_list<std::uint16_t>{
                               place.client_port, place.cluster_port, place.monitor_port},
                           [pid](std::uint16_t port) { return listens(pid, port); });
  }

  void start(const std::string& name) {
    const std::lock_guard starting(start_mutex);
    end_what_is_leaving(name);
    if (running(name)) return;
    refuse_without_volume(name);
    const auto deadline = std::chrono::steady_clock::now() + options.port_limit;
    for (std::string complaint = restart(name); !complaint.empty(); complaint = restart(name)) {
      if (std::chrono::steady_clock::now() > deadline)
        throw AddressTaken(
            name + " cannot be started again: a foreign program has its port: " + complaint);
      std::this_thread::sleep_for(200ms);
    }
  }

  // One that was asked to leave, and was not waited for to the end, would be gone later.
  void end_what_is_leaving(const std::string& name) {
    const bool leaving = [&] {
      const std::lock_guard lock(mutex);
      return member(name).drained && member(name).pid != 0;
    }();
    if (leaving) kill(name);
  }

  // A broker would make the folder that is missing, and begin with nothing in it. Who
  // supervises brokers does not let them: systemd's RequiresMountsFor=, the kubelet.
  void refuse_without_volume(const std::string& name) {
    const std::lock_guard lock(mutex);
    auto& one = member(name);
    one.refusal.clear();
    if (options.volumes.empty() || fs::exists(one.layout.data)) return;
    one.refusal = "not started: its volume is not there";
    throw ClusterError(name + ": " + one.refusal);
  }

  // Its complaint where a port of it is taken; empty where it listens, or is gone
  // for another reason, which then counts as an exit of its own.
  std::string restart(const std::string& name) {
    const auto log = layout(name).log;
    std::error_code none_yet;
    const auto size = fs::file_size(log, none_yet);
    {
      const std::lock_guard lock(mutex);
      member(name).being_started = true;
    }
    launch(name);
    for (const auto deadline = std::chrono::steady_clock::now() + listen_limit;
         running(name) && !listens_everywhere(name) && std::chrono::steady_clock::now() < deadline;)
      std::this_thread::sleep_for(20ms);
    const std::lock_guard lock(mutex);
    auto& one = member(name);
    one.being_started = false;
    if (one.pid != 0) return {};
    const auto said = text_since(log, none_yet ? 0 : size);
    if (says_address_taken(said)) return telling_line(said);
    unread_exits.push_back(*one.last_exit);
    return {};
  }

  void launch(const std::string& name) {
    Command command;
    {
      const std::lock_guard lock(mutex);
      auto& one = member(name);
      if (one.pid != 0) return;
      one.drained = false;
      auto words = program.arguments(one.configuration);
      words.insert(words.begin(), program.binary);
      if (options.network) words = options.network->workers()[index(name)].inside.command(words);
      command = {find_program(words[0]), {words.begin() + 1, words.end()}, one.layout.log};
      if (program.environment) command.environment = program.environment(one.layout);
    }
    int pid = 0;
    try {
      pid = children.start(command);
    } catch (const std::exception& error) {
      throw ClusterError(name + " cannot be started: " + program.binary.string() + ": " +
                         error.what());
    }
    {
      const std::lock_guard lock(mutex);
      auto& one = member(name);
      one.pid = pid;
      one.any_exit_expected = one.being_forced = false;
      one.sent.clear();
      if (const auto early = early_exits.extract(pid)) note_exit(one, early.mapped());
    }
    if (options.started) options.started(pid, program.name + " " + name);
  }

  // Called by the thread that reaps; possibly before start() knows the pid.
  void exited(int pid, int status) {
    const std::lock_guard lock(mutex);
    const auto one = std::ranges::find(members, pid, &Member::pid);
    if (one == members.end())
      early_exits[pid] = status;
    else
      note_exit(*one, status);
  }

  // One that was asked to leave may still crash by itself.
  bool expected(const Member& one, int status) const {
    if (one.any_exit_expected) return true;
    if (WIFSIGNALED(status)) return one.sent.contains(WTERMSIG(status));
    return !one.sent.empty() && program.leave_statuses.contains(WEXITSTATUS(status));
  }

  void note_exit(Member& one, int status) {
    Exit exit{one.layout.name, expected(one, status), one.being_forced, how_it_ended(status),
              "pid " + std::to_string(one.pid)};
    if (!exit.expected)
      if (const auto line = telling_line(last_lines(one.layout.log, searched_lines)); !line.empty())
        exit.detail += ": " + line;
    one.pid = 0;
    one.last_exit = exit;
    if (!one.being_started) unread_exits.push_back(std::move(exit));
    gone.notify_all();
  }

  // True if it is gone within the limit.
  bool end(const std::string& name, int signal, std::chrono::milliseconds limit) {
    int pid = 0;
    {
      const std::lock_guard lock(mutex);
      auto& one = member(name);
      if (one.pid == 0) return true;
      one.sent.insert(signal);
      pid = one.pid;
    }
    children.signal(pid, signal);
    std::unique_lock lock(mutex);
    return gone.wait_for(lock, limit, [&] { return member(name).pid != pid; });
  }

  void kill(const std::string& name) {
    if (!end(name, SIGKILL, death_limit))
      throw ClusterError(name + " is not gone " + std::to_string(death_limit.count()) +
                         " s after SIGKILL");
  }

  void stop(const std::string& name, std::chrono::seconds grace) {
    if (end(name, SIGTERM, grace)) return;
    {
      const std::lock_guard lock(mutex);
      member(name).being_forced = true;
    }
    kill(name);
  }

  DrainReport drain(const std::string& name, std::chrono::milliseconds limit) {
    if (program.leave_signal == 0) throw ClusterError(program.name + " cannot be asked to leave");
    if (!running(name)) return {false, false, "nobody was asked to leave: it did not run"};
    const auto begin = std::chrono::steady_clock::now();
    const bool left = end(name, program.leave_signal, limit);
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin);
    const std::lock_guard lock(mutex);
    auto& one = member(name);
    one.drained = true;
    std::ostringstream text;
    text << "asked to leave by signal " << program.leave_signal << ", " << std::fixed
         << std::setprecision(1);
    if (left)
      text << "gone after " << seconds.count() << " s (" << one.last_exit->detail << ")";
    else
      text << "still there after " << seconds.count() << " s";
    return {left && one.last_exit->expected, false, text.str()};
  }

  bool drained(const std::string& name) {
    const std::lock_guard lock(mutex);
    return member(name).drained && member(name).pid == 0;
  }

  int pid_of(const std::string& name) {
    const std::lock_guard lock(mutex);
    return member(name).pid;
  }

  bool paused(const std::string& name) {
    const int pid = pid_of(name);
    return pid != 0 && process_state(pid) == 'T';
  }

  void pause(const std::string& name) {
    const int pid = pid_of(name);
    if (pid == 0) return;
    children.signal(pid, SIGSTOP);
    const auto deadline = std::chrono::steady_clock::now() + pause_limit;
    while (!paused(name) && pid_of(name) == pid && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
  }

  void resume(const std::string& name) {
    if (const int pid = pid_of(name); pid != 0) children.signal(pid, SIGCONT);
  }

  void expect_exit(const std::string& name) {
    const std::lock_guard lock(mutex);
    member(name).any_exit_expected = true;
  }

  void end_all() {
    for (const auto& server : servers) end(server.name, SIGKILL, death_limit);
  }

  bool running(const std::string& name) { return pid_of(name) != 0; }

  std::optional<Exit> last_exit(const std::string& name) {
    const std::lock_guard lock(mutex);
    return member(name).last_exit;
  }

  Layout layout(const std::string& name) {
    const std::lock_guard lock(mutex);
    return member(name).layout;
  }

  Member& member(const std::string& name) { return members[index(name)]; }

  std::size_t index(const std::string& name) const {
    const auto found =
        std::ranges::find_if(members, [&](const Member& one) { return one.layout.name == name; });
    if (found == members.end()) throw ClusterError("there is no server " + name);
    return static_cast<std::size_t>(found - members.begin());
  }

  const Volume* volume(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto i = index(name);
    return options.volumes.empty() ? nullptr : &options.volumes[i];
  }

  Worker* worker(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto i = index(name);
    return workers.empty() ? nullptr : workers[i].get();
  }

  BrokerProgram program;
  LocalOptions options;
  std::vector<std::unique_ptr<LocalWorker>> workers;
  std::vector<ReservedPort> ports;
  std::vector<Server> servers;

  std::mutex start_mutex;  // one start at a time
  std::mutex mutex;        // guards what follows
  std::condition_variable gone;
  std::vector<Member> members;
  std::map<int, int> early_exits;  // pid -> status
  std::vector<Exit> unread_exits;

  ChildProcesses children{[this](int pid, int status) { exited(pid, status); }};  // ends first
};

LocalCluster::LocalCluster(BrokerProgram program, LocalOptions options)
    : implementation_(
          std::make_unique<Implementation>(*this, std::move(program), std::move(options))) {
  try {
    implementation_->deploy();
  } catch (const fs::filesystem_error& error) {
    throw ClusterError(error.what());
  }
}

LocalCluster::~LocalCluster() = default;

const std::vector<Server>& LocalCluster::servers() const { return implementation_->servers; }
void LocalCluster::start(const std::string& server) { implementation_->start(server); }
void LocalCluster::kill(const std::string& server) { implementation_->kill(server); }
void LocalCluster::stop(const std::string& server, std::chrono::seconds grace) {
  implementation_->stop(server, grace);
}
void LocalCluster::pause(const std::string& server) { implementation_->pause(server); }
void LocalCluster::resume(const std::string& server) { implementation_->resume(server); }
bool LocalCluster::paused(const std::string& server) { return implementation_->paused(server); }
void LocalCluster::expect_exit(const std::string& server) { implementation_->expect_exit(server); }

void LocalCluster::crash(const std::string& server) {
  implementation_->kill(server);
  implementation_->start(server);
}

// Some milliseconds pass between the two, in which the kernel may write a page by itself;
// the broker itself does nothing any more.
void LocalCluster::cut_power(const std::string& server) {
  const auto* volume = implementation_->volume(server);
  if (volume == nullptr) throw ClusterError(server + " has no volume of its own");
  implementation_->kill(server);
  volume->shut_down(Shutdown::forget);
}

void LocalCluster::release(const std::string& server) try {
  implementation_->start(server);
} catch (const ClusterError&) {  // why_down() says it
}

DrainReport LocalCluster::drain(const std::string& server, std::chrono::milliseconds limit) {
  return implementation_->drain(server, limit);
}

bool LocalCluster::drained(const std::string& server) { return implementation_->drained(server); }

Worker* LocalCluster::worker_of(const std::string& server) {
  return implementation_->worker(server);
}

const Volume* LocalCluster::volume_of(const std::string& server) {
  return implementation_->volume(server);
}

ClientAccess LocalCluster::client_access() const { return implementation_->program.access; }

bool LocalCluster::running(const std::string& server) { return implementation_->running(server); }

std::vector<Exit> LocalCluster::exits() {
  const std::lock_guard lock(implementation_->mutex);
  return std::exchange(implementation_->unread_exits, {});
}

std::string LocalCluster::log_tail(const std::string& server, std::size_t lines) {
  return last_lines(implementation_->layout(server).log, lines);
}

std::string LocalCluster::process(const std::string& server) {
  const int pid = implementation_->pid_of(server);
  return pid == 0 ? "" : "pid " + std::to_string(pid);
}

std::string LocalCluster::why_down(const std::string& server) {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->member(server).refusal;
}

std::optional<Exit> LocalCluster::last_exit(const std::string& server) {
  return implementation_->last_exit(server);
}

}  // namespace faultline
