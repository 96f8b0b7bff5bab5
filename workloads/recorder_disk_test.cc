// The disk under the results breaks while they are written.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "checkers/history_file.h"
#include "harness/cluster/agent/mount_namespace_testing.h"
#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"
#include "harness/cluster/volume.h"
#include "workloads/recorder.h"

namespace faultline {
namespace {

using testing::eventually;

class RecorderOnADisk : public ::testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("root", ::geteuid() == 0);
    testing::enter_own_mount_namespace();
    disk_ = {{"this machine", {}}, folder_.path() / "image", folder_.path() / "disk", 32 << 20};
    disk_.make();
    disk_.attach();
    recorder_ = std::make_unique<Recorder>(file(), Header{});
  }

  void TearDown() override {
    recorder_.reset();
    if (!disk_.image.empty()) disk_.detach();
  }

  std::filesystem::path file() const { return disk_.mount_point + "/history.flt"; }

  void record(std::uint64_t operations) {
    for (std::uint64_t n = 0; n < operations; ++n) {
      Invocation publish;
      publish.value = {1, ++recorded_};
      const auto id = recorder_->invoke(publish);
      Completion ok;
      ok.outcome = Outcome::ok;
      ok.sequence = recorded_;
      recorder_->complete(id, ok);
    }
  }

  std::uint64_t readable() const { return read_history(file()).operations.size(); }

  testing::TemporaryFolder folder_;
  Volume disk_;
  std::unique_ptr<Recorder> recorder_;
  std::uint64_t recorded_ = 0;
};

TEST_F(RecorderOnADisk, ThatIsFullKeepsWhatWasRecordedBefore) {
  record(1000);
  recorder_->flush();
  disk_.fill();
  record(1'000'000);
  recorder_->flush();
  ASSERT_TRUE(recorder_->error());
  EXPECT_NE(recorder_->error()->find("No space left on device"), std::string::npos);
  recorder_->close();
  EXPECT_GE(readable(), 1000u);
}

TEST_F(RecorderOnADisk, ThatHangsIsGivenUpAndCostsNothingThatWasRecorded) {
  record(1000);
  recorder_->flush();
  output_of({"fsfreeze", "--freeze", disk_.mount_point});
  record(1000);
  const bool given_up = eventually([&] { return recorder_->error().has_value(); });
  const auto last = recorded_;
  record(1000);  // returns, though nobody takes it any more
  output_of({"fsfreeze", "--unfreeze", disk_.mount_point});
  ASSERT_TRUE(given_up);
  EXPECT_NE(recorder_->error()->find("took no write"), std::string::npos) << *recorder_->error();
  recorder_->close();
  EXPECT_EQ(readable(), last);
}

TEST_F(RecorderOnADisk, ThatVanishesKeepsWhatWasRecordedBefore) {
  record(1000);
  recorder_->flush();
  disk_.shut_down(Shutdown::keep);
  record(1'000'000);
  recorder_->flush();
  ASSERT_TRUE(recorder_->error());
  EXPECT_NE(recorder_->error()->find("Input/output error"), std::string::npos);
  recorder_.reset();
  disk_.attach();  // unmounts it first
  EXPECT_GE(readable(), 1000u);
}

}  // namespace
}  // namespace faultline
