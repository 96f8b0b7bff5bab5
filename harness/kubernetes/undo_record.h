// How to undo what a run does to a cluster that exists, kept in that cluster: a
// ConfigMap in the brokers' namespace, so that any machine can do it.
#pragma once

#include <string>
#include <vector>

#include "harness/cluster/undo.h"
#include "harness/kubernetes/api/kubernetes.h"

namespace faultline {

class UndoRecord {
 public:
  UndoRecord(Kubernetes&, std::string namespace_name, std::string run);

  // Returns when the API server has it. Throws ClusterError, and the change must
  // then not be made: no answer, or an undo that only one machine could do.
  void keep(const Undo&);
  // That agents will do: before the first of them looks.
  void keep_faults(const std::vector<std::string>& names);
  void keep_stream(const std::string& name);  // that the run is about to make
  void stream_is_removed();

  // Nothing is left to undo; no effect while there is a stream. Throws KubernetesError.
  void finish();

 private:
  void put(const std::string& key, const std::string& value);

  Kubernetes& api_;
  const std::string namespace_name_, run_;
  bool made_ = false, has_stream_ = false;
};

std::string stream_of_run(const std::string& run);  // the only one that it makes, and removes

// What a run left, as its record says.
struct LeftUndone {
  std::string namespace_name, run;
  std::vector<std::string> nodes;    // to be uncordoned, where that run cordoned them
  std::vector<std::string> entered;  // by agents of the run: to be healed by heal_node
  std::vector<std::string> faults;   // by agents
  std::string stream;                // of that run, to be removed; empty: none
};

// Of one namespace; empty: of all. Throws KubernetesError.
std::vector<LeftUndone> read_undo_records(Kubernetes&, const std::string& namespace_name);

void remove_undo_record(Kubernetes&, const LeftUndone&);

}  // namespace faultline
