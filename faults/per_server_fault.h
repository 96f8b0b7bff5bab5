// What nearly all faults share: the same is done to each server that is hit, to
// all of them at the same time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace faultline {

class Worker;
struct UndoStep;
struct Volume;

// A derived fault says how one server is hit, what is seen of it, and how it is
// undone. All of it may be called for several servers at once.
class PerServerFault : public Fault {
 public:
  PerServerFault(std::string name, FaultContext);

  void inject(std::span<const std::string> servers) final;
  Evidence verify() final;
  Evidence verify_on(std::span<const std::string> servers) final;
  Evidence lift(const std::string& server) final;
  Evidence see_healed(const std::string& server) final;

 protected:
  // What a strike would bring about is so before it: "down", "paused". Empty: it is not. A
  // server of which it is said is not struck, and its fault is not proven.
  virtual std::string already(const std::string& /*server*/) { return {}; }
  virtual void strike(const std::string& server) = 0;
  virtual Evidence look(const std::string& server) = 0;
  virtual void undo(const std::string& server) = 0;  // see_healed() waits until it answers

  Cluster& cluster() const { return context_.cluster; }
  const FaultContext& context() const { return context_; }
  Worker& worker(const std::string& server) const;        // throws ClusterError where none
  const Volume& volume(const std::string& server) const;  // the same
  std::string already_down(const std::string& server) const;

 private:
  std::string name_;
  FaultContext context_;
  std::vector<std::string> servers_;
  std::map<std::string, std::string> already_;  // by server; each is of one thread at a time
};

// Undone, and seen so; throws ClusterError.
void run_undo(const UndoStep&);

}  // namespace faultline
