#include "faults/per_server_fault.h"

#include <future>

#include "faults/reachability.h"
#include "harness/cluster/program.h"
#include "harness/cluster/undo.h"

namespace faultline {
namespace {

// Throws what the first of them threw, after all are done.
template <class Action>
void for_each_at_once(const std::vector<std::string>& servers, const Action& action) {
  std::vector<std::future<void>> under_way;
  for (const auto& server : servers)
    under_way.push_back(std::async(std::launch::async, [&action, &server] { action(server); }));
  for (auto& one : under_way) one.wait();
  for (auto& one : under_way) one.get();
}

template <class Action>
Evidence unless_it_fails(const Action& action) try {
  return action();
} catch (const AddressTaken&) {
  throw;  // no verdict may follow
} catch (const ClusterError& error) {
  return {false, error.what()};
}

}  // namespace

PerServerFault::PerServerFault(std::string name, FaultContext context)
    : name_(std::move(name)), context_(context) {}

void PerServerFault::inject(std::span<const std::string> servers) {
  servers_.assign(servers.begin(), servers.end());
  context_.journal.fault_striking(name_, servers_);
  for (const auto& server : servers_) already_[server].clear();
  for_each_at_once(servers_, [this](const auto& server) { already_.at(server) = already(server); });
  for_each_at_once(servers_, [this](const auto& server) {
    if (already_.at(server).empty()) strike(server);
  });
}

Evidence PerServerFault::verify() { return verify_on(servers_); }

Evidence PerServerFault::verify_on(std::span<const std::string> some) {
  const std::vector<std::string> servers(some.begin(), some.end());
  if (servers.empty()) return {false, "nothing was struck"};
  std::vector<Evidence> seen(servers.size());
  for_each_at_once(servers, [&](const std::string& server) {
    const auto& state = already_.at(server);
    seen[static_cast<std::size_t>(&server - servers.data())] =
        state.empty() ? look(server)
                      : Evidence{false, "was already " + state + " before the strike"};
  });
  Evidence all{true, ""};
  for (std::size_t i = 0; i < servers.size(); ++i) {
    all.holds = all.holds && seen[i].holds;
    all.text += (i == 0 ? "" : "; ") + servers[i] + ": " + seen[i].text;
  }
  return all;
}

Evidence PerServerFault::lift(const std::string& server) {
  return unless_it_fails([&] {
    undo(server);
    return Evidence{true, "undone"};
  });
}

Evidence PerServerFault::see_healed(const std::string& server) {
  return unless_it_fails([&] { return wait_until_it_answers(context_, server); });
}

std::string PerServerFault::already_down(const std::string& server) const {
  return cluster().running(server) ? "" : "down";
}

Worker& PerServerFault::worker(const std::string& server) const {
  if (Worker* worker = cluster().worker_of(server)) return *worker;
  throw ClusterError("there is no way into the worker of " + server);
}

const Volume& PerServerFault::volume(const std::string& server) const {
  if (const Volume* volume = cluster().volume_of(server)) return *volume;
  throw ClusterError("there is no way to the volume of " + server);
}

void run_undo(const UndoStep& step) {
  if (run_program(step.undone).status == 0) return;
  output_of(step.command);
  output_of(step.undone);
}

}  // namespace faultline
