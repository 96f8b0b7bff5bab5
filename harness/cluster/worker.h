// The machine that a broker runs on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "harness/cluster/place.h"
#include "harness/cluster/undo.h"

namespace faultline {

// All throw ClusterError. What would outlive the harness is journalled, how to undo it, before
// it is done.
class Worker {
 public:
  virtual ~Worker() = default;

  virtual const std::string& name() const = 0;
  virtual const Place& inside() const = 0;

  // Everything in it ends at once and stays down, as when its power is cut, but
  // for the machine's own memory of what it wrote (a power cut is the fault power-loss).
  virtual void stop() = 0;
  virtual void start() = 0;  // with its volumes; no effect on one that runs

  virtual void pause() = 0;  // nothing in it goes on
  virtual void resume() = 0;

  virtual std::string state() = 0;  // "running", "paused", "exited (137)"

  // Where the packets of what runs on it come from: addresses and networks.
  virtual const std::vector<std::string>& addresses() const = 0;

  // What is broken inside it must end by then, even if nobody is left to end it: the
  // worker itself sees to that. 0: there is no such limit.
  virtual std::chrono::seconds longest_hold() const { return std::chrono::seconds{0}; }

  // Changes something inside it; throws also where that is not allowed any more.
  virtual std::string act(const std::vector<std::string>& command) {
    return output_of(inside().command(command));
  }

  // For what is done inside it by others.
  virtual void undo_first(const Undo&) = 0;
};

}  // namespace faultline
