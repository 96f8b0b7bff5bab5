#include "faults/metadata_fault.h"

#include <fmt/format.h>

#include <thread>

#include "harness/broker/memphis/metadata_database.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto query_limit = 5s;
constexpr auto heal_limit = 60s;

}  // namespace

MetadataFault::MetadataFault(std::string name, FaultContext context)
    : name_(std::move(name)), context_(context) {}

MetadataDatabase& MetadataFault::database() const {
  if (auto* database = context_.broker.metadata()) return *database;
  throw ClusterError("there is no database beside the brokers of " + context_.broker.product());
}

void MetadataFault::inject(std::span<const std::string> servers) {
  context_.journal.fault_striking(name_, {servers.begin(), servers.end()});
  before_ = database().ask(query_limit).took;
  if (before_) strike();
}

Evidence MetadataFault::verify() {
  if (!before_) return {false, "the database did not answer before the strike"};
  return look();
}

Evidence MetadataFault::lift(const std::string&) try {
  if (before_) undo();
  return {true, "undone"};
} catch (const ClusterError& error) {
  return {false, error.what()};
}

Evidence MetadataFault::see_healed(const std::string&) {
  std::string complaint;
  for (const auto deadline = Clock::now() + heal_limit; Clock::now() < deadline;
       std::this_thread::sleep_for(50ms)) {
    const auto answer = database().ask(query_limit);
    if (answer.took)
      return {true,
              fmt::format("{}, a query takes {} ms", database().processes(), answer.took->count())};
    complaint = answer.complaint;
  }
  return {false, "the database does not answer: " + complaint};
}

}  // namespace faultline
