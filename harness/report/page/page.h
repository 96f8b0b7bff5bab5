// The page of one run: what broke, why it is believed, whether it is new, how to see it again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "checkers/history.h"
#include "harness/runner.h"

namespace faultline {

inline constexpr std::size_t most_page_bytes = 3 << 20;

struct BrokerFiles {
  std::string server;
  std::string configuration;  // its text; empty if there is none
  std::vector<std::filesystem::path> logs;
};

struct PageContent {
  RunResult run;
  const History* history = nullptr;   // null: there is none that can be read
  std::vector<std::string> problems;  // what is missing or unreadable, a sentence each
  std::string novelty;                // of a failure, since when (runs/trends.h); empty: unknown
  std::string faultline_version;      // that ran it
  std::vector<std::pair<std::string, std::string>> machine;  // "cpus", "2"
  std::vector<BrokerFiles> brokers;
};

// A whole HTML document that asks for nothing outside of itself, in at most most_page_bytes:
// where a run needs more, less of its logs and fewer dots are shown, and the page says so.
// Complexity: linear in the operations and the logs.
std::string run_page(const PageContent&);

// The command that runs it again, for a shell.
std::string rerun_command(const RunResult&);

}  // namespace faultline
