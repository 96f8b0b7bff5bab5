#include "harness/runs/prune.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/exit_code.h"
#include "harness/runs/text.h"

namespace faultline {
namespace {

struct Arguments {
  std::filesystem::path results = "results";
  std::optional<std::string> older_than, keep, max_size;
  bool failing_too = false, dry_run = false;
};

PruneLimits limits_of(const Arguments& arguments) {
  PruneLimits limits;
  if (arguments.older_than) limits.older_than = parse_age(*arguments.older_than);
  if (arguments.keep) limits.keep = parse_count(*arguments.keep, "--keep");
  if (arguments.max_size) limits.max_size = parse_size(*arguments.max_size);
  limits.failing_too = arguments.failing_too;
  if (!limits.older_than && !limits.max_size && !limits.keep)
    throw UsageError("say what may go: --older-than AGE, --keep N or --max-size SIZE");
  return limits;
}

int execute(const Arguments& arguments) {
  const auto now =
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  const Pruned pruned = prune(arguments.results, limits_of(arguments), now, arguments.dry_run,
                              [](const std::string& line) { std::cout << line << std::endl; });
  std::cout << fmt::format("{}{} run{}, {}\n", arguments.dry_run ? "would remove " : "removed ",
                           pruned.runs, pruned.runs == 1 ? "" : "s", format_size(pruned.bytes));
  if (!pruned.short_of.empty()) std::cout << pruned.short_of << "\n";
  for (const std::string& line : pruned.failed)
    std::cerr << "faultline: not removed: " << line << "\n";
  return pruned.failed.empty() ? exit_passed : exit_broken;
}

}  // namespace

Subcommand prune_command(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "prune", "Remove old runs",
      "  faultline prune --older-than 90d --dry-run\n"
      "  faultline prune --older-than 90d --keep 100 --max-size 20G\n"
      "  faultline prune --keep 10 --failing-too\n"
      "\n"
      "What one of the limits asks for goes, the oldest first. Failing runs stay\n"
      "unless --failing-too says otherwise, and go last. The latest suite and what\n"
      "is under way always stay.\n"
      "\n"
      "Exit codes: 0 done, 254 bad usage or input, 255 something could not be removed");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("--older-than", arguments->older_than, "What began so long ago: 12h, 90d, 8w")
      ->type_name("AGE");
  app->add_option("--keep", arguments->keep, "So many runs may stay")->type_name("N");
  app->add_option("--max-size", arguments->max_size, "They may take so much: 500M, 20G")
      ->type_name("SIZE");
  app->add_flag("--failing-too", arguments->failing_too, "Failing runs as well, last");
  app->add_flag("--dry-run", arguments->dry_run, "Only say what would go");
  app->add_option("--results", arguments->results, "The results folder (results)")
      ->type_name("DIR");
  return {app, [arguments] { return execute(*arguments); }};
}

}  // namespace faultline
