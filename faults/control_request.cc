#include "faults/control_request.h"

#include <fmt/format.h>

#include "harness/broker/control_reply.h"

namespace faultline {
namespace {

constexpr std::chrono::seconds reply_limit{20};  // as in Memphis's SDKs
constexpr std::size_t most_shown = 500;

}  // namespace

ControlRequest::ControlRequest(FaultContext context, const FaultOptions& options)
    : context_(context),
      subject_(options.subject),
      body_(options.body),
      succeeds_(options.succeeds) {}

void ControlRequest::inject(std::span<const std::string> servers) {
  context_.journal.fault_striking("control-request", {servers.begin(), servers.end()});
  reply_ = context_.broker.request(subject_, body_, reply_limit);
}

Evidence ControlRequest::verify() {
  if (!reply_)
    return {false, fmt::format("no reply to {} within {} s", subject_, reply_limit.count())};
  return {!succeeds_ || error_in(*reply_).empty(),
          fmt::format("the reply to {}: '{}'", subject_, reply_->substr(0, most_shown))};
}

Evidence ControlRequest::lift(const std::string&) { return {true, "nothing is to be undone"}; }

Evidence ControlRequest::see_healed(const std::string&) { return lift({}); }

}  // namespace faultline
