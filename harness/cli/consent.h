// Between a plan and a run: the provider that was chosen, and whether people agree
// to what it would do.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>

#include "harness/cli/command.h"
#include "harness/kubernetes/asked.h"
#include "harness/provider.h"

namespace CLI {
class App;
}

namespace faultline {

struct Consent {
  bool yes = false;   // --yes
  std::string typed;  // --confirm: the name of a context that looks like production
};

// What the cluster or the target file does not allow is the user's to change: UsageError.
// That nobody answered is not.
template <class Action>
auto or_usage(const Action& action) {
  try {
    return action();
  } catch (const ClusterUnreachable&) {
    throw;
  } catch (const ClusterError& error) {
    throw UsageError(error.what());
  }
}

// --provider and --target
void add_provider_options(CLI::App&, ProviderOptions&);
void add_consent_options(CLI::App&, Consent&);

// Throws UsageError: an option of another provider.
void check_provider_options(const CLI::App&, const ProviderOptions&);

// Throws UsageError: a choice that does not fit, a target file that is refused.
std::unique_ptr<Provider> chosen_provider(const ProviderOptions&);

// Throws UsageError for a plan that is refused.
std::string plan_of(Provider&, std::span<const Scenario>);

// Shows the plan, asks, and begins, where the provider is one that asks first.
// Throws UsageError: refused, not agreed to, or there is nobody to ask.
std::unique_ptr<Provider> agreed_provider(const ProviderOptions&, std::span<const Scenario>,
                                          const Consent&, std::ostream&,
                                          const std::function<bool()>& cancelled);

}  // namespace faultline
