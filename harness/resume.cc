#include "harness/resume.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"
#include "harness/provider.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"
#include "harness/report/stored_run.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* schema = "faultline/suite/v1";

Json read(const fs::path& file) {
  std::ifstream in(file);
  return Json::parse(in, nullptr, false);
}

// Empty where there is none, or none that may be read.
std::string digest(const fs::path& binary) try {
  return binary.empty() ? "" : sha256(binary);
} catch (const ClusterError&) {
  return "";
}

}  // namespace

std::string suite_request(std::span<const Scenario> scenarios, const RunOptions& options,
                          const SuitePlan& plan) {
  Json request{{"schema", schema},
               {"seed", options.seed},
               {"faultline", options.faultline_version},
               {"provider", options.provider},
               {"broker_version", options.broker_version},
               {"versions", plan.versions},
               {"repeat", plan.repeat},
               {"scenarios", Json::array()}};
  if (!plan.place.empty()) request["place"] = plan.place;
  std::map<fs::path, std::string> digests;
  for (const Scenario& scenario : scenarios) {
    const auto binary = named_broker_binary(scenario, options);
    const auto [known, first] = digests.try_emplace(binary);
    if (first) known->second = digest(binary);
    request["scenarios"].push_back({{"name", scenario.name},
                                    {"broker", scenario.broker_product},
                                    {"binary", known->second},
                                    {"text", scenario.text}});
  }
  return request.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<EarlierSuite> find_earlier_suite(const fs::path& root, const std::string& request,
                                               std::optional<std::uint64_t> seed) {
  const Json wanted = Json::parse(request);
  std::error_code error;
  const std::vector<fs::path> suites = folders_in(root, error);  // the names begin with the time
  for (auto suite = suites.rbegin(); suite != suites.rend(); ++suite) {
    Json there = read(*suite / suite_request_name);
    if (!there.is_object() || !there.contains("seed") || !there["seed"].is_number_unsigned())
      continue;
    const auto its_seed = there["seed"].get<std::uint64_t>();
    there["seed"] = wanted["seed"];
    if (there == wanted && (!seed || *seed == its_seed)) return EarlierSuite{*suite, its_seed};
  }
  return {};
}

std::optional<RunResult> earlier_run(const fs::path& folder, const RunResult& fallback) {
  std::error_code error;
  const std::size_t folders = folders_in(folder.parent_path(), error).size();
  std::optional<RunResult> run;
  std::vector<BrokenRun> before;
  for (fs::path at = folder; fs::is_directory(at, error) && before.size() < folders;
       at = folder.parent_path() / fs::path(run->retried_as).filename()) {
    run = is_run(at) ? read_stored_run(at).run : fallback;
    run->folder = at;
    run->retried = before;
    run->interrupted |= !fs::exists(at / run_json_name, error);  // killed
    if (!was_retried(*run)) break;
    before.push_back({at.filename().string(), reason_line(*run)});
  }
  return run;
}

bool is_final(const RunResult& run) {
  return run.status == RunStatus::judged &&
         (!run.interrupted || run.judgement.verdict == Verdict::fail);
}

bool did_not_run(const RunResult& run) {
  return run.status == RunStatus::skipped || run.status == RunStatus::not_run;
}

}  // namespace faultline
