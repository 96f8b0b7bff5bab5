// How to undo what is about to be done: data, so that the journal can hold it
// and any later process can act on it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace faultline {

// Undone when `undone` ends with status 0. Otherwise `command` is run, and
// `undone` must hold afterwards: undoing is idempotent and verified.
struct UndoStep {
  std::vector<std::string> undone;
  std::vector<std::string> command;

  bool operator==(const UndoStep&) const = default;
};

// What is undone by asking the API server, not by a command.
struct KubernetesUndo {
  enum class Action {
    uncordon,    // the node `name`, if `run` cordoned it
    remove_run,  // the namespace `name`, and what else has the label of `run`
  };
  Action action = Action::uncordon;
  std::string kubeconfig, context, name, run;
};

struct Undo {
  std::string what;  // "worker fl-worker2 runs"
  // Where this command ends with status 0, what would be undone exists no more,
  // and nothing else is tried. Empty: there is no such command.
  std::vector<std::string> gone = {};
  std::vector<UndoStep> steps = {};  // in this order
  std::vector<KubernetesUndo> kubernetes = {};
  // The node of a Kubernetes that exists in which agents of the run act: the steps
  // are what heals it, and any machine can do them. Empty: nothing of the kind.
  std::string agent_node = {};
};

// Called before the change, returns when the record is safely kept.
using UndoFirst = std::function<void(const Undo&)>;

}  // namespace faultline
