// What the faults of the database beside the brokers share: it is hit once, and healed once,
// whichever servers it serves.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "faults/fault.h"

namespace faultline {

class MetadataDatabase;

class MetadataFault : public Fault {
 public:
  MetadataFault(std::string name, FaultContext);

  void inject(std::span<const std::string> servers) final;
  Evidence verify() final;
  Evidence lift(const std::string& server) final;        // the first heals it
  Evidence see_healed(const std::string& server) final;  // a query is answered

 protected:
  virtual void strike() = 0;
  virtual Evidence look() = 0;
  virtual void undo() = 0;

  MetadataDatabase& database() const;  // throws ClusterError where there is none
  std::chrono::milliseconds before() const { return *before_; }  // a query took, before it

 private:
  std::string name_;
  FaultContext context_;
  std::optional<std::chrono::milliseconds> before_;  // empty: it was not struck
};

}  // namespace faultline
