#include "harness/cli/kind_cluster.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/exit_code.h"
#include "harness/kubernetes/kind.h"

namespace faultline {

void add_cluster_option(CLI::App& app, std::string& name, const std::string& otherwise) {
  app.add_option("--cluster", name, fmt::format("The kind cluster's name ({})", otherwise))
      ->type_name("NAME")
      ->check(CLI::Validator(problem_of_kind_name, ""));
}

void add_image_options(CLI::App& app, ProviderOptions& options) {
  app.add_option("--node-image", options.node_image, "Of kind (kind's own)")
      ->type_name("IMAGE")
      ->envname("FAULTLINE_NODE_IMAGE");
  app.add_option("--broker-image", options.broker_image, "On kind (the product's, of its version)")
      ->type_name("IMAGE")
      ->envname("FAULTLINE_BROKER_IMAGE");
  app.add_option("--metadata-image", options.metadata_image,
                 "On kind, Memphis's PostgreSQL (postgres:15)")
      ->type_name("IMAGE")
      ->envname("FAULTLINE_METADATA_IMAGE");
}

int exit_code_unless_kind_works() {
  const auto missing = missing_for_kind();
  if (missing.empty()) return exit_passed;
  std::cerr << "faultline: " << missing << "\n";
  return exit_unknown;
}

}  // namespace faultline
