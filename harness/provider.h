// Where clusters come from: the one place that knows which providers and broker
// products there are.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faults/journal.h"
#include "harness/broker/broker.h"
#include "harness/cluster/cluster.h"
#include "harness/runner.h"

namespace faultline {

using Message = std::function<void(const std::string&)>;

struct Deployment {
  std::unique_ptr<Cluster> cluster;  // outlives the broker
  std::unique_ptr<Broker> broker;
  std::string stream = "faultline", subject = "faultline.log";  // to be made
};

// Serves all runs of a suite, one after the other.
class Provider {
 public:
  virtual ~Provider() = default;  // what it made for the suite is gone, unless to be kept

  // What it, or this machine, lacks for the scenario; empty if nothing. One line each.
  virtual std::vector<std::string> missing(const Scenario&) = 0;

  // The brokers of one run; they need not be ready yet. `journal` is the run's.
  // Throws ClusterError.
  virtual std::unique_ptr<Cluster> start_brokers(const BrokerProgram&, const Scenario&,
                                                 const RunOptions&, Journal& journal,
                                                 const Message&) = 0;

  // It was given an image of the broker: no binary is needed.
  virtual bool has_broker_image() const { return false; }

  // Brokers that exist already, instead of start_brokers; empty: there are none.
  virtual std::optional<Deployment> existing_brokers(const Scenario&, const RunOptions&, Journal&,
                                                     const Message&) {
    return {};
  }

  // What runs of these would do, by name; changes nothing. Throws ClusterError, in
  // one line, where one of them is not allowed.
  virtual std::string plan(std::span<const Scenario>);

  // Whether people must agree to the plan, and what they must type for it besides.
  virtual bool asks_first() const { return false; }
  virtual std::string to_be_typed() const { return {}; }

  // Before the first run: locks others out, and heals what killed runs left.
  // Throws ClusterError.
  virtual void begin(const Message&, const std::function<bool()>& /*cancelled*/) {}

  // Why runs must end before their time (RunOptions::abort).
  virtual std::string abort_reason(const ProgressFigures&) { return {}; }
};

// What --keep, --reuse and the like say.
struct ProviderOptions {
  std::string name = "local";    // local, kind or kubernetes
  std::string cluster;           // its name; empty: a new one
  std::string node_image;        // of kind; empty: kind's own
  std::string broker_image;      // on kind; empty: the product's, of the broker's version
  std::string metadata_image;    // on kind, beside Memphis; empty: the official PostgreSQL's
  bool keep = false;             // the cluster stays after the suite
  bool reuse = false;            // one that was kept is used, and stays
  std::filesystem::path target;  // of kubernetes: the target file
};

std::unique_ptr<Provider> make_provider(const ProviderOptions&);

// What the user chose and the scenario sets go together, as far as can be told
// without installing anything. Throws ClusterError.
void check_broker_choice(const Scenario&, const RunOptions&);

// The program that the user names as the broker, by an option or the environment; empty: none,
// it is fetched by its version.
std::filesystem::path named_broker_binary(const Scenario&, const RunOptions&);

// What this machine lacks of the product; empty if nothing. One line each.
std::vector<std::string> missing_of_broker(const Scenario&, const RunOptions&, const Provider&);

Deployment deploy(Provider&, const Scenario&, const RunOptions&, Journal&, const Message&);

bool interrupted(const RunOptions&);  // Ctrl-C was pressed

}  // namespace faultline
