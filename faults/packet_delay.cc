#include "faults/packet_delay.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "faults/server_address.h"
#include "harness/cluster/capabilities.h"
#include "harness/cluster/traffic_control.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

constexpr auto program_name = "faultline-delay";
constexpr auto bind_limit = 10s;
constexpr int round_trips = 5;
const std::string queue = "1";

std::uint64_t seed_of(const std::string& server) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037U;
  for (const unsigned char c : server) hash = (hash ^ c) * 1099511628211U;
  return hash;
}

double in_milliseconds(microseconds time) { return static_cast<double>(time.count()) / 1000; }

// A line for each queue that somebody reads, its number first.
bool is_read(const Place& place) {
  const auto list =
      output_of(place.command({"awk", "{print $1}", "/proc/net/netfilter/nfnetlink_queue"}));
  return ("\n" + list).find("\n" + queue + "\n") != std::string::npos;
}

void wait_until_read(const Place& place, bool wanted) {
  for (const auto deadline = Clock::now() + bind_limit; is_read(place) != wanted;
       std::this_thread::sleep_for(10ms))
    if (Clock::now() > deadline)
      throw ClusterError(fmt::format("{} {} the queue in {}", program_name,
                                     wanted ? "does not read" : "still reads", place.name));
}

}  // namespace

PacketDelay::PacketDelay(FaultContext context, const FaultOptions& options)
    // Not the table raw: what a queue lets go on skips the rest of the rules of its table.
    : ChainFault("packet-delay", context, {"DELAY-FAULTLINE", "mangle", {"PREROUTING"}}),
      delay_(options.delay),
      jitter_(options.jitter),
      netem_(netem_qdisc().works) {}

std::string PacketDelay::monitor_port(const std::string& server) const {
  return address_of(find_server(cluster(), server).monitor_url).port;
}

std::vector<std::string> PacketDelay::rules(const std::string& server) const {
  return {"-i lo -j RETURN", "-p tcp --dport " + monitor_port(server) + " -j RETURN",
          "-j NFQUEUE --queue-num " + queue + " --queue-bypass"};
}

std::optional<microseconds> PacketDelay::round_trip(const std::string& server) const {
  const auto address = address_of(find_server(cluster(), server).client_url);
  std::optional<microseconds> least;
  for (int i = 0; i < round_trips; ++i)
    if (const auto time = time_to_connect(address, delay_ + jitter_ + 3s))
      least = std::min(least.value_or(*time), *time);
  return least;
}

void PacketDelay::strike(const std::string& server) {
  const auto before = round_trip(server);
  {
    const std::lock_guard lock(mutex_);
    before_[server] = before;
  }
  if (!netem_) {
    start_program(server);
    return ChainFault::strike(server);
  }
  auto& machine = worker(server);
  machine.undo_first(
      {.what = machine.name() + " sends without delay", .steps = {undo_netem(machine.inside())}});
  machine.act(delay_by_netem(delay_, jitter_, monitor_port(server)));
}

void PacketDelay::start_program(const std::string& server) {
  auto& machine = worker(server);
  const auto program = find_program(program_name);
  if (program.empty()) throw ClusterError(fmt::format("there is no {}", program_name));
  machine.act({program, "--queue", queue, "--probe"});  // says what is wrong
  auto words = machine.inside().command(
      {program, "--queue", queue, "--delay", std::to_string(delay_.count()), "--jitter",
       std::to_string(jitter_.count()), "--seed", std::to_string(seed_of(server))});
  const Command command{find_program(words.front()), {words.begin() + 1, words.end()}, "/dev/null"};
  const int pid = programs_.start(command);
  context().journal.process_started(pid, fmt::format("{} of {}", program_name, machine.name()));
  {
    const std::lock_guard lock(mutex_);
    pids_[server] = pid;
  }
  wait_until_read(machine.inside(), true);
}

// Each packet waits for delay less jitter at the least, and a connection is a round trip.
Evidence PacketDelay::look(const std::string& server) {
  const auto after = round_trip(server);
  std::optional<microseconds> before;
  {
    const std::lock_guard lock(mutex_);
    before = before_[server];
  }
  if (!after) return {false, "nobody accepts a connection"};
  const auto least = delay_ - jitter_;
  const auto text = fmt::format("a connection takes at least {:.1f} ms{}", in_milliseconds(*after),
                                before ? fmt::format(", {:.1f} ms before", in_milliseconds(*before))
                                       : ", there was no connection before");
  return {*after >= least && before && *before < least, text};
}

// The program lets go what it still holds; then it is of no use.
void PacketDelay::undo(const std::string& server) {
  if (netem_) return run_undo(undo_netem(worker(server).inside()));
  ChainFault::undo(server);
  int pid = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = pids_.extract(server)) pid = found.mapped();
  }
  if (pid == 0) return;
  std::this_thread::sleep_for(delay_ + jitter_);
  programs_.signal(pid, SIGKILL);
  wait_until_read(worker(server).inside(), false);
}

}  // namespace faultline
