#include "harness/cli/nightly.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <random>
#include <set>

#include "harness/cli/command.h"
#include "harness/report/page/index.h"
#include "harness/report/results.h"
#include "harness/resume.h"
#include "harness/runs/record.h"
#include "harness/runs/text.h"
#include "harness/scenario_age.h"
#include "harness/webhook.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto webhook_limit = 10s;
constexpr std::uint64_t most_repetitions = 1000, most_retries = 10;

// Now, and not after hours of runs.
fs::path checked_file(const fs::path& file, Writing writing, const char* option) try {
  return file.empty() ? file : writable_file(file, writing);
} catch (const ResultsError& error) {
  throw UsageError(fmt::format("{} {}", option, plain(error.what())));
}

std::chrono::nanoseconds duration_of(const std::string& text) {
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
  try {
    return std::min(std::chrono::nanoseconds(parse_age(text)), longest);
  } catch (const RunsError&) {
    throw UsageError(fmt::format(
        "--time-limit: '{}' is no duration: write a whole number and s, m, h, d or w, such as "
        "90m",
        plain(text)));
  }
}

// Empty, and "a,b,a".
void check_list(const std::vector<std::string>& list, const char* option) {
  std::set<std::string> seen;
  for (const std::string& one : list) {
    if (one.empty()) throw UsageError(fmt::format("{} is empty", option));
    if (!seen.insert(one).second)
      throw UsageError(fmt::format("{} has {} twice", option, plain(one)));
  }
}

// As jobs on GitHub share the file of their summary: what stands there stays.
void append(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::app | std::ios::binary);
  out << text << "\n";
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category());
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void add_nightly_options(CLI::App& app, NightlyOptions& options) {
  app.add_option("--junit", options.junit, "Also write junit.xml there")->type_name("PATH")->check(not_empty());
  app.add_option("--summary", options.summary,
                 "Also append the table there, as Markdown:\n"
                 "\"$GITHUB_STEP_SUMMARY\"")
      ->type_name("PATH")->check(not_empty());
  app.add_option("--repeat", options.repeat, "Each scenario so often, seeds counted up (1)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, most_repetitions).description(""));
  app.add_option("--versions", options.versions, "Each on each of these brokers: 2.10.22,2.12.1")
      ->type_name("A,B")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes("--broker-version")
      ->excludes("--broker-binary");
  app.add_option("--steady", options.ages, "Strike at this age of the stream: 2s,120s")
      ->type_name("A,B")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--resume", options.resume, "Go on with the last suite of the same command");
  app.add_option("--retries", options.retries, "Again where the harness broke, never a verdict (0)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, most_retries).description(""));
  app.add_option("--time-limit", options.time_limit,
                 "90m: begin no run after it; the rest is not run")
      ->type_name("TIME")->check(not_empty());
  app.add_option("--webhook", options.webhook_url,
                 "POST the outcome there, signed by\n"
                 "FAULTLINE_WEBHOOK_SECRET")
      ->type_name("URL")
      ->check(not_empty())
      ->envname("FAULTLINE_WEBHOOK_URL");
}

SuitePlan plan_of(const NightlyOptions& options) {
  check_list(options.versions, "--versions");
  check_list(options.ages, "--steady");
  checked_file(options.summary, Writing::appended, "--summary");
  if (!options.webhook_url.empty())
    if (const auto problem = webhook_url_problem(options.webhook_url); !problem.empty())
      throw UsageError(problem);
  SuitePlan plan;
  plan.versions = options.versions;
  plan.repeat = options.repeat;
  plan.retries = options.retries;
  plan.junit = checked_file(options.junit, Writing::replaced, "--junit");
  plan.time_limit = options.time_limit;
  if (!options.time_limit.empty())
    plan.deadline = std::chrono::steady_clock::now() + duration_of(options.time_limit);
  return plan;
}

std::vector<Scenario> at_ages(std::vector<Scenario> scenarios,
                              const std::vector<std::string>& ages) {
  if (ages.empty()) return scenarios;
  std::vector<Scenario> all;
  for (const std::string& age : ages)
    for (const Scenario& scenario : scenarios) {
      LoadedScenario aged = at_age(scenario, age);
      if (!aged.problems.empty())
        throw UsageError(fmt::format("--steady {}: {}", plain(age), to_string(aged.problems[0])));
      aged.scenario.broker_product = scenario.broker_product;
      aged.scenario.broker_version = scenario.broker_version;
      all.push_back(std::move(aged.scenario));
    }
  return all;
}

SuiteFolder suite_folder(const fs::path& results, std::span<const Scenario> scenarios,
                         const NightlyOptions& nightly, std::optional<std::uint64_t> seed,
                         RunOptions& options, SuitePlan& plan) try {
  options.seed = seed ? *seed : std::random_device{}();
  if (!nightly.resume) return SuiteFolder(results);
  std::set<std::string> names;
  for (const Scenario& scenario : scenarios)
    if (!names.insert(scenario.name).second)
      throw UsageError(
          fmt::format("--resume: there are two scenarios of the name {}", plain(scenario.name)));
  const auto earlier = find_earlier_suite(results, suite_request(scenarios, options, plan), seed);
  if (!earlier) return SuiteFolder(results);
  plan.resume = true;
  options.seed = earlier->seed;
  return SuiteFolder::existing(earlier->folder);
} catch (const ResultsError& error) {
  throw UsageError(error.what());
}

ExitCode tell_others(const SuiteResult& suite, const NightlyOptions& options,
                     const std::string& faultline_version, ExitCode code,
                     std::ostream& complaints) {
  if (!options.summary.empty()) try {
      append(options.summary, suite_markdown(suite, Links::none));
    } catch (const std::exception& error) {
      complaints << "faultline: --summary " << plain(options.summary.string()) << ": "
                 << error.what() << "\n";
      code = worse(code, exit_broken);
    }
  if (options.webhook_url.empty()) return code;
  const std::string problem =
      post_webhook(options.webhook_url, variable("FAULTLINE_WEBHOOK_SECRET"),
                   webhook_body(suite, faultline_version, code), faultline_version, webhook_limit);
  if (!problem.empty()) complaints << "faultline: " << plain(problem) << "\n";
  return code;
}

}  // namespace faultline
