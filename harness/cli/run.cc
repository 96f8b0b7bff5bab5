#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>

#include "harness/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/consent.h"
#include "harness/cli/kind_cluster.h"
#include "harness/cli/nightly.h"
#include "harness/cli/scenarios.h"
#include "harness/exit_code.h"
#include "harness/interrupt.h"
#include "harness/metrics/publisher.h"
#include "harness/provider.h"
#include "harness/report/figure_table.h"
#include "harness/report/run_json.h"
#include "harness/report/words.h"
#include "harness/suite.h"

namespace faultline {
namespace {

struct Arguments {
  std::vector<std::string> scenarios;
  std::string broker;  // the product; empty: each scenario's
  RunOptions run;
  ProviderOptions provider;
  std::optional<std::uint64_t> seed;
  std::filesystem::path results = "results";
  NightlyOptions nightly;
  ExitPolicy policy;
  Consent consent;
  MetricsOptions metrics;
  bool json = false;
};

// Null where no metrics are asked for. Before anything is made, as they may be bad input.
std::unique_ptr<MetricsPublisher> metrics_publisher(const Arguments& arguments,
                                                    const std::vector<Scenario>& scenarios) try {
  if (!arguments.metrics.any()) return nullptr;
  const std::string& provider = arguments.provider.name;
  LastSuccesses last = last_successes(scenarios, arguments.results, provider);
  if (!last.problem.empty())
    std::cerr << "faultline: metrics without the last success: " << last.problem << "\n";
  auto metrics = std::make_shared<Metrics>(std::string(program_version()), std::move(last.times));
  return std::make_unique<MetricsPublisher>(arguments.metrics, std::move(metrics), provider);
} catch (const MetricsError& error) {
  throw UsageError(error.what());
}

// Before anything is made: what is wrong with the choice is the user's to repair.
void check_choice(const std::vector<Scenario>& scenarios, RunOptions options,
                  std::vector<std::string> versions) {
  if (options.provider == "kubernetes" &&
      !(options.broker_binary.empty() && options.broker_version.empty() && versions.empty()))
    throw UsageError(
        "--provider kubernetes takes the brokers as they are: leave --broker-version, "
        "--versions and --broker-binary out");
  const bool memphis = std::ranges::any_of(
      scenarios, [](const Scenario& scenario) { return scenario.broker_product == "memphis"; });
  if (memphis && !versions.empty())
    throw UsageError(
        "--versions chooses released versions of nats-server: choose a Memphis with "
        "--broker-binary");
  if (versions.empty()) versions.push_back(options.broker_version);
  for (const std::string& version : versions)
    for (const Scenario& scenario : scenarios) try {
        options.broker_version = version;
        check_broker_choice(scenario, options);
      } catch (const ClusterError& error) {
        throw UsageError(fmt::format("{} (chosen for {})", error.what(), scenario.name));
      }
}

// Of what was chosen; the name of a kind cluster changes nothing.
std::vector<std::string> place_of(const ProviderOptions& provider) {
  std::vector<std::string> place;
  if (!provider.target.empty())
    place.push_back(std::filesystem::absolute(provider.target).string());
  for (const std::string* image :
       {&provider.node_image, &provider.broker_image, &provider.metadata_image})
    if (!image->empty()) place.push_back(*image);
  return place;
}

// The version that a scenario names is one of its own product.
void choose_broker(Scenario& scenario, const std::string& product) {
  if (product.empty() || product == scenario.broker_product) return;
  scenario.broker_product = product;
  scenario.broker_version.clear();
}

void show_end(const SuiteResult& suite, std::ostream& out) {
  out << figure_table(suite) << "\n";
  const bool judged = std::ranges::any_of(suite.runs, [](const RunResult& run) {
    return run.interrupted && run.status == RunStatus::judged;
  });
  const bool left =
      std::ranges::any_of(suite.runs, [](const RunResult& run) { return !run.not_undone.empty(); });
  if (left)
    out << "not everything was undone: try 'faultline heal'\n";
  else if (suite.interrupted)
    out << (judged ? "interrupted: healed, and judged what was recorded\n"
                   : "interrupted: nothing is left running\n");
  out << fmt::format("results: {}\n", near_path(suite.folder));
}

int execute(Arguments arguments) {
  std::vector<Scenario> scenarios = scenarios_to_run(arguments.scenarios, scenarios_folder());
  for (Scenario& scenario : scenarios) choose_broker(scenario, arguments.broker);
  SuitePlan plan = plan_of(arguments.nightly);
  scenarios = at_ages(std::move(scenarios), arguments.nightly.ages);
  plan.policy = arguments.policy;
  plan.place = place_of(arguments.provider);
  RunOptions& options = arguments.run;
  options.provider = arguments.provider.name;
  check_choice(scenarios, options, plan.versions);
  options.interrupts = &count_interrupts();
  std::ostream& out = arguments.json ? std::cerr : std::cout;
  const std::unique_ptr<MetricsPublisher> metrics = metrics_publisher(arguments, scenarios);
  if (metrics && !metrics->url().empty())
    out << fmt::format("metrics: {}\n", metrics->url()) << std::flush;
  const std::unique_ptr<Provider> provider = agreed_provider(
      arguments.provider, scenarios, arguments.consent, out, [&] { return interrupted(options); });
  options.abort = [&](const ProgressFigures& figures) { return provider->abort_reason(figures); };
  options.faultline_version = program_version();
  const SuiteFolder folder =
      suite_folder(arguments.results, scenarios, arguments.nightly, arguments.seed, options, plan);
  if (plan.resume) out << fmt::format("going on with {}\n", near_path(folder.path()));

  Terminal terminal(out, detect_style(arguments.json ? STDERR_FILENO : STDOUT_FILENO));
  SuiteSteps steps = real_steps(*provider);
  if (metrics) steps = metrics->watching(std::move(steps));
  const SuiteResult suite = run_suite(scenarios, options, folder, terminal, steps, plan);
  show_end(suite, out);
  if (!suite.problem.empty()) std::cerr << "faultline: " << suite.problem << "\n";
  const ExitCode code = tell_others(suite, arguments.nightly, options.faultline_version,
                                    exit_code(suite, arguments.policy), std::cerr);
  if (metrics) metrics->finish(suite, code, arguments.policy, terminal);
  if (arguments.json) std::cout << suite_json(suite, options.faultline_version, code);
  return code;
}

// CLI11 takes -1 for 2^64 - 1.
CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& text) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc{} && end == text.data() + text.size()
                   ? std::string()
                   : "'" + text + "' is no whole number from 0 to 2^64 - 1";
      },
      "");
}

}  // namespace

Subcommand run_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "run", "Run scenarios on a real cluster and judge them",
      "  faultline run                               # the catalogue of the page\n"
      "  faultline run scenarios/brokers             # a folder\n"
      "  faultline run 1.3                           # a figure, or a name: see list\n"
      "  faultline run my.yaml --broker-version 2.10.22\n"
      "  faultline run --broker memphis              # docs/memphis.md\n"
      "  faultline run scenarios/known-issues --fail-on unexpected\n"
      "  faultline run 1.3 --provider kubernetes --target staging.yaml\n"
      "  faultline run 1.3 --repeat 10 --seed 7      # seeds 7 to 16\n"
      "  faultline run 1.6 --versions 2.10.22,2.12.1 --steady 2s,120s\n"
      "  faultline run --repeat 10 --resume          # again, until all are there\n"
      "  faultline run --retries 1 --time-limit 90m --junit junit.xml\n"
      "  faultline run --metrics 9464                # for Prometheus, while it runs\n"
      "\n"
      "Exit codes: 0 all passed, 1 violation, 2 unknown, skipped or not run,\n"
      "  130 interrupted, 254 bad usage or input, 255 the harness broke");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("scenario", arguments->scenarios, "Files, folders, figures or names")
      ->type_name("SCENARIO|FOLDER")
      ->check(not_empty());
  add_provider_options(*app, arguments->provider);
  add_consent_options(*app, arguments->consent);
  add_cluster_option(*app, arguments->provider.cluster, "a new one");
  add_image_options(*app, arguments->provider);
  app->add_flag("--keep", arguments->provider.keep, "The kind cluster stays for later runs");
  app->add_flag("--reuse", arguments->provider.reuse, "Use the kind cluster that was kept");
  app->add_option("--broker", arguments->broker, "The product, instead of each scenario's own")
      ->type_name("PRODUCT")
      ->check(CLI::IsMember({"nats", "memphis"}));
  app->add_option("--broker-version", arguments->run.broker_version, "A released version")
      ->type_name("V")
      ->check(not_empty());
  app->add_option("--broker-binary", arguments->run.broker_binary, "The broker's program itself")
      ->type_name("PATH")
      ->check(CLI::ExistingFile)
      ->excludes("--broker-version");
  app->add_option("--results", arguments->results, "Folder to write to (results)")
      ->type_name("DIR");
  app->add_option("--seed", arguments->seed, "What the workload draws from (random)")
      ->type_name("N")
      ->check(whole_number());
  add_nightly_options(*app, arguments->nightly);
  add_exit_policy(*app, arguments->policy);
  app->add_option("--metrics", arguments->metrics.address, "Serve metrics for Prometheus here")
      ->type_name("[ADDRESS:]PORT")
      ->check(not_empty());
  app->add_option("--metrics-file", arguments->metrics.file, "Write them, for node_exporter")
      ->type_name("PATH")
      ->check(not_empty());
  app->add_option("--pushgateway", arguments->metrics.gateway, "Push them when all is over")
      ->type_name("URL")
      ->check(not_empty());
  app->add_flag("--json", arguments->json, "Results on standard output as JSON");
  return {app, [app, arguments] {
            check_provider_options(*app, arguments->provider);
            return execute(*arguments);
          }};
}

}  // namespace faultline
