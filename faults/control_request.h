#pragma once

#include <optional>
#include <string>

#include "faults/fault.h"

namespace faultline {

// control-request: one request to the product's control API, as any client may send it.
class ControlRequest : public Fault {
 public:
  ControlRequest(FaultContext, const FaultOptions&);

  void inject(std::span<const std::string> servers) override;
  Evidence verify() override;  // there was a reply, and where it must succeed it says no error
  Evidence lift(const std::string& server) override;
  Evidence see_healed(const std::string& server) override;

 private:
  FaultContext context_;
  const std::string subject_, body_;
  const bool succeeds_;
  std::optional<std::string> reply_;
};

}  // namespace faultline
