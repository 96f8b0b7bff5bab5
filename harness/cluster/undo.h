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
};

struct Undo {
  std::string what;             // "worker fl-worker2 runs again"
  std::vector<UndoStep> steps;  // in this order
};

// Called before the change, returns when the record is safely kept.
using UndoFirst = std::function<void(const Undo&)>;

}  // namespace faultline
