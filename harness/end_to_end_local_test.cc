// Workers and volumes on this machine: one scenario per family.
#include "harness/end_to_end_local.h"

#include <gtest/gtest.h>
namespace faultline::end_to_end {
namespace {

TEST_F(Local, WorkerOfTheLeaderDown) { expect_run("workers/3-leader-down.yaml", 0); }

TEST_F(Local, VolumeOfTheLeaderGone) { expect_run("volumes/3-leader-gone.yaml", 0); }

TEST_F(Local, WorkerOfTheLeaderDrained) { expect_run("drains/2-leader.yaml", 0); }

TEST_F(Local, NothingIsFoundWhereNothingIsBroken) { expect_run("controls/1-no-fault.yaml", 0); }

TEST_F(Local, NothingIsFoundAfterASingleKill) { expect_run("controls/2-single-kill.yaml", 0); }

}  // namespace
}  // namespace faultline::end_to_end
