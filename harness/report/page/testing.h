// Runs with histories made by hand, for the tests of pages.
#pragma once

#include <random>
#include <string>

#include "checkers/judge.h"
#include "checkers/testing_run.h"
#include "harness/report/page/page.h"
#include "harness/report/testing.h"

namespace faultline::testing {

// A page's content that owns its history.
struct MadeRun {
  History history;
  PageContent content;

  explicit MadeRun(History made) : history(std::move(made)) {
    content.run = make_passed();
    content.run.judgement = judge(history);
    content.run.interrupted = content.run.judgement.interrupted;
    content.history = &history;
    content.faultline_version = "0.1.0";
    content.machine = {{"cpus", "2"}};
  }
  MadeRun(const MadeRun&) = delete;
};

inline RunBuilder common_run() {
  RunBuilder run;
  run.builder.header().run_id = "1b2222bc75c48c47";
  run.builder.header().stream = "faultline";
  run.expect().loss = LossPromise::none;
  run.fault(1);
  run.serve_all(0, RunBuilder::strike);
  run.attempt(Service::writes, RunBuilder::strike, RunBuilder::strike + 2 * second);
  run.serve_all(RunBuilder::strike + 2 * second, RunBuilder::drain);
  return run;
}

inline History passing_history() {
  RunBuilder run = common_run();
  run.finish();
  return run.build();
}

// The last three messages that were acknowledged are in no replica.
inline History failing_history() {
  RunBuilder run = common_run();
  run.log.resize(run.log.size() - 3);
  run.finish();
  return run.build();
}

// No final read.
inline History unknown_history() { return common_run().build(); }

}  // namespace faultline::testing
