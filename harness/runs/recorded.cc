#include "harness/runs/recorded.h"

namespace faultline {

RunResult run_of(const History& history, const std::filesystem::path& file) {
  RunResult run;
  const Header& header = history.header;
  run.scenario = parse_scenario(header.scenario_text, file).scenario;
  run.scenario.name = header.scenario_name;
  run.scenario.expectations = header.expectations;
  run.status = RunStatus::judged;
  run.judgement = judge(history);
  run.interrupted = run.judgement.interrupted;
  run.folder = file.parent_path();
  run.broker_product = header.broker_product;
  run.broker_version = header.broker_version;
  run.provider = header.provider;
  run.seed = header.seed;
  run.wall_clock = header.wall_clock;
  return run;
}

}  // namespace faultline
