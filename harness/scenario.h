// A scenario: one experiment, one YAML file. docs/scenarios.md says what each
// key means, scenarios/schema.json is the same for editors.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "checkers/history.h"
#include "faults/fault.h"
#include "workloads/log_workload.h"

namespace faultline {

struct FaultStep {
  std::string fault;
  std::string target;
  std::chrono::milliseconds at{0};  // after the fault phase begins
  FaultOptions options = {};
  std::chrono::milliseconds lasts{0};  // from each strike; 0: until the heal
  std::uint32_t times = 1;             // it strikes
  std::chrono::milliseconds every{0};  // from one strike to the next
};

// A bug that somebody reported, and that makes the scenario fail where the broker has it.
struct KnownIssue {
  std::string id;        // "nats-server#6888"; empty: none
  std::string url;       // where it is reported
  std::string versions;  // that have it: harness/known_issue.h
  std::vector<std::string> checks;  // that fail by it; one more that fails is news
};

enum class HealOrder { together, one_by_one };

struct Scenario {
  std::filesystem::path file;
  std::string text;  // the file, byte for byte

  std::string name;            // of the file's metadata; letters, digits and dashes
  std::string title;           // one line
  std::string figure;          // of the page: "1.3"; empty for what is no figure
  std::string cites;           // the page's sentence that is tested
  std::string set = "custom";  // page, beyond-page, known-issue, built-to-fail or custom
  KnownIssue known_issue;

  std::vector<std::string> needs;  // capabilities: "root"

  std::string broker_product = "nats";
  std::string broker_version;   // empty: the default
  std::string sync_interval;    // as the broker writes it; empty: its default
  bool shared_volumes = false;  // every worker reaches each broker's volume
  std::string file_system = "ext4";
  std::uint32_t volume_size = 512;  // MiB
  std::uint32_t brokers = 3;

  std::uint32_t partitions = 1;
  std::uint32_t replicas = 3;  // of each partition
  bool memory_storage = false;
  bool gather_leaders = false;  // the groups' leaders are moved to the stream's before the strike

  LogSettings workload;

  std::chrono::milliseconds steady{10'000};  // the stream's age when the fault strikes
  std::chrono::milliseconds fault{30'000};   // from strike to heal
  std::vector<FaultStep> faults;
  HealOrder heal_order = HealOrder::together;
  std::chrono::milliseconds heal_interval{0};  // one_by_one: between two steps
  std::chrono::milliseconds recovery{35'000};  // at most, after the last heal step
  std::chrono::milliseconds drain{120'000};    // at most

  Expectations expectations;
};

struct ScenarioProblem {
  std::filesystem::path file;
  int line = 0, column = 0;  // from 1; 0: the whole file
  std::string message;       // one line, with a suggestion where there is one
};

struct LoadedScenario {
  Scenario scenario;                      // meaningful only if problems is empty
  std::vector<ScenarioProblem> problems;  // all of the file at once
};

// Never throws for what is in the file; an unreadable file is a problem too.
LoadedScenario load_scenario(const std::filesystem::path&);

// The same for a text at hand; `file` is only what messages call it.
LoadedScenario parse_scenario(const std::string& text, const std::filesystem::path& file);

// "file:line:column: message"
std::string to_string(const ScenarioProblem&);

}  // namespace faultline
