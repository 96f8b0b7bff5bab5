#include "harness/kubernetes/perform_undo.h"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/program.h"
#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/cordon.h"
#include "harness/kubernetes/run_objects.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto command_limit = 120s;
constexpr auto pods_limit = 60s;

bool holds(const std::vector<std::string>& command) {
  return !command.empty() && run_program(command).status == 0;
}

// A question that cannot be asked, of a program that is not here, has no answer.
bool is_gone(const Undo& undo) try { return holds(undo.gone); } catch (const ClusterError&) {
  return false;
}

// What was to be undone is said beside it, so the command only where it said nothing.
std::string complaint(const UndoStep& step, const ProgramEnd& end) {
  const auto line = telling_line(end.errors);
  if (!line.empty()) return line;
  return "'" + shell_words(step.command) + "': exit status " + std::to_string(end.status);
}

bool perform(const UndoStep& step, std::chrono::milliseconds effect_limit) {
  if (holds(step.undone)) return false;
  ProgramOptions options;
  options.limit = command_limit;
  const auto end = run_program(step.command, options);
  if (end.status != 0 && !holds(step.undone)) throw std::runtime_error(complaint(step, end));
  for (const auto deadline = Clock::now() + effect_limit; !holds(step.undone);
       std::this_thread::sleep_for(200ms))
    if (Clock::now() > deadline)
      throw std::runtime_error("'" + shell_words(step.command) + "' had no effect" +
                               (end.errors.empty() ? "" : ": " + complaint(step, end)));
  return true;
}

bool perform(const KubernetesUndo& undo) {
  Kubernetes api(undo.kubeconfig.empty() ? default_cluster_access(undo.context)
                                         : read_kubeconfig(undo.kubeconfig, undo.context));
  switch (undo.action) {
    case KubernetesUndo::Action::uncordon:
      return uncordon(api, undo.name, undo.run);
    case KubernetesUndo::Action::remove_run: {
      const bool there = api.find(resource_path("v1", "", "namespaces", undo.name)).has_value();
      remove_run(api, undo.name, undo.run, pods_limit);
      return there;
    }
  }
  throw std::logic_error("an undo that nobody knows");
}

}  // namespace

bool perform_undo(const Undo& undo, std::chrono::milliseconds effect_limit) {
  if (is_gone(undo)) return false;
  bool done = false;
  std::string problems;
  const auto attempt = [&](const std::function<bool()>& one) {
    try {
      done = one() || done;
    } catch (const std::exception& error) {
      problems += (problems.empty() ? "" : "; ") + std::string(error.what());
    }
  };
  for (const auto& step : undo.steps) attempt([&] { return perform(step, effect_limit); });
  for (const auto& one : undo.kubernetes) attempt([&] { return perform(one); });
  if (!problems.empty()) throw std::runtime_error(undo.what + ": " + problems);
  return done;
}

}  // namespace faultline
