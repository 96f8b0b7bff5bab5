// The faults of a disk against a real file system; of the broker on it only the files.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <regex>

#include "faults/fault.h"
#include "faults/testing.h"
#include "harness/cluster/agent/freeze.h"
#include "harness/cluster/agent/testing.h"
#include "harness/cluster/program.h"
#include "harness/cluster/testing.h"
#include "harness/cluster/volume.h"
#include "harness/cluster/worker.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

class Here : public testing::IdleWorker {
 public:
  explicit Here(Journal& journal) : IdleWorker({"here", {}}), journal_(journal) {}
  void undo_first(const Undo& undo) override { journal_.undo_first(undo); }

 private:
  Journal& journal_;
};

class OneServer : public testing::IdleCluster {
 public:
  OneServer(Volume volume, Journal& journal)
      : IdleCluster({{"n1", "nats://127.0.0.1:1", "http://127.0.0.1:1"}}),
        volume_(std::move(volume)),
        worker_(journal) {}

  void start(const std::string&) override { runs_ = true; }
  void kill(const std::string&) override { runs_ = false; }
  void stop(const std::string&, std::chrono::seconds) override { runs_ = false; }
  bool running(const std::string&) override { return runs_; }
  Worker* worker_of(const std::string&) override { return &worker_; }
  const Volume* volume_of(const std::string&) override { return &volume_; }

 private:
  const Volume volume_;
  Here worker_;
  bool runs_ = true;
};

class OnlyFiles : public Broker {
 public:
  std::string product() const override { return "files"; }
  std::string version() override { return "1"; }
  void wait_until_ready(std::chrono::seconds, const Waiting&) override {}
  bool answers(const std::string&) override { return true; }
  bool all_healthy() override { return true; }
  void create_stream(const StreamSettings&, const Waiting&) override {}
  std::vector<LeadersSeen> all_leaders() override { return {{}}; }
  std::vector<std::string> replica_servers() override { return {"n1"}; }
  bool stream_absent(std::uint32_t) override { return false; }
  std::vector<ReplicaState> replica_states() override { return {}; }
  bool step_down(std::chrono::milliseconds) override { return false; }
  bool gather_leaders(std::chrono::seconds, const Waiting&) override { return true; }
  DataFiles data_files(DataFile kind) const override {
    if (kind != DataFile::block) return {};
    return {.patterns = {"stream/*.blk"}, .last_is_open = true};
  }
};

class DiskFaultTest : public agent::AttachedImage {
 protected:
  void SetUp() override {
    AttachedImage::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ::setenv("PATH", (FAULTLINE_AGENT_FOLDER ":" + path_).c_str(), 1);
    fs::create_directories(data() / "stream");
    cluster_ = std::make_unique<OneServer>(Volume{Place{"here", {}}, image, point}, journal_);
  }

  void TearDown() override {
    if (!folder.empty()) agent::thaw(point);
    AttachedImage::TearDown();
  }

  fs::path data() const { return fs::path(point) / "data"; }

  std::string write_block(const std::string& name, std::size_t size) {
    std::string bytes(size, ' ');
    for (auto& byte : bytes) byte = static_cast<char>(random_());
    std::ofstream(data() / "stream" / name, std::ios::binary) << bytes;
    return bytes;
  }

  std::string block(const std::string& name) const {
    std::ifstream file(data() / "stream" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::unique_ptr<Fault> strike(const std::string& fault, const FaultOptions& options = {}) {
    auto one = make_fault(fault, {*cluster_, broker_, journal_, seed_}, options);
    one->inject(std::vector<std::string>{"n1"});
    return one;
  }

  const std::string path_ = std::getenv("PATH");
  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  testing::TemporaryFolder state_;
  Journal journal_{state_.path(), "run"};
  OnlyFiles broker_;
  std::unique_ptr<OneServer> cluster_;
};
FAULTLINE_ON_EACH_FILE_SYSTEM(DiskFaultTest);

unsigned in_hex(const std::string& digits) {
  return static_cast<unsigned>(std::stoul(digits, nullptr, 16));
}

// "byte 17 a0 -> a8", as often as it stands there.
std::string changed_as_told(std::string bytes, const std::string& evidence) {
  const std::regex change("byte ([0-9]+) ([0-9a-f]{2}) -> ([0-9a-f]{2})");
  for (std::sregex_iterator one(evidence.begin(), evidence.end(), change), end; one != end; ++one) {
    auto& byte = bytes.at(std::stoul((*one)[1]));
    EXPECT_EQ(static_cast<unsigned char>(byte), in_hex((*one)[2])) << evidence;
    byte = static_cast<char>(in_hex((*one)[3]));
  }
  return bytes;
}

TEST_P(DiskFaultTest, FlippedAreTheBytesThatTheEvidenceNames) {
  SCOPED_TRACE(seed_);
  const auto before = write_block("1.blk", 100'000);
  const auto open = write_block("2.blk", 5'000);
  const auto fault = strike("bit-flip", {.flips = 30});
  const auto seen = fault->verify();
  EXPECT_TRUE(seen.holds) << seen.text;
  EXPECT_NE(seen.text.find("n1: stream/1.blk (100000 bytes): byte "), std::string::npos)
      << seen.text;
  EXPECT_NE(seen.text.find("port 1: Connection refused"), std::string::npos) << seen.text;
  EXPECT_NE(block("1.blk"), before);
  EXPECT_EQ(block("1.blk"), changed_as_told(before, seen.text));
  EXPECT_EQ(block("2.blk"), open);
  const auto later = fault->verify();
  EXPECT_TRUE(later.holds);
  EXPECT_EQ(later.text, "n1: stream/1.blk is damaged still, port 1: Connection refused");
  EXPECT_FALSE(cluster_->running("n1"));
  EXPECT_TRUE(fault->heal("n1").holds);
  EXPECT_TRUE(cluster_->running("n1"));
}

TEST_P(DiskFaultTest, CutIsWhatTheEvidenceNames) {
  SCOPED_TRACE(seed_);
  const auto before = write_block("1.blk", 100);
  const auto fault = strike("truncate");
  const auto seen = fault->verify();
  EXPECT_TRUE(seen.holds) << seen.text;
  const auto left = block("1.blk");
  ASSERT_LT(left.size(), before.size());
  std::string lost;
  for (std::size_t i = left.size(); i < before.size(); ++i)
    lost += fmt::format("{:02x}", static_cast<unsigned char>(before[i]));
  EXPECT_EQ(seen.text, fmt::format("n1: stream/1.blk (100 bytes): now {}, cut off {}: {}, port 1: "
                                   "Connection refused",
                                   left.size(), before.size() - left.size(), lost));
  EXPECT_TRUE(before.starts_with(left));
}

TEST_P(DiskFaultTest, TheSameSeedDamagesTheSame) {
  const auto before = write_block("1.blk", 100'000);
  strike("bit-flip");
  const auto damaged = block("1.blk");
  std::ofstream(data() / "stream/1.blk", std::ios::binary) << before;
  strike("bit-flip");
  EXPECT_EQ(block("1.blk"), damaged);
}

TEST_P(DiskFaultTest, WithoutAFileOfTheKindNothingIsProven) {
  write_block("1.blk", 0);
  auto seen = strike("truncate")->verify();
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: no message block with anything in it is on its volume");
  write_block("1.blk", 10);
  seen = strike("bit-flip", {.files = DataFile::snapshot})->verify();
  EXPECT_FALSE(seen.holds);
  EXPECT_EQ(seen.text, "n1: no snapshot with anything in it is on its volume");
}

TEST_P(DiskFaultTest, DamageThatIsGoneHasLapsed) {
  const auto before = write_block("1.blk", 100);
  const auto fault = strike("bit-flip");
  EXPECT_TRUE(fault->verify().holds);
  std::ofstream(data() / "stream/1.blk", std::ios::binary) << before;
  const auto seen = fault->verify();
  EXPECT_FALSE(seen.holds);
  EXPECT_NE(seen.text.find("but that is not so"), std::string::npos) << seen.text;
}

TEST_P(DiskFaultTest, AFrozenDiskAnswersNoWriteAndIsHealed) {
  const auto fault = strike("disk-frozen");
  EXPECT_TRUE(agent::frozen(point));
  const auto seen = fault->verify();
  EXPECT_TRUE(seen.holds) << seen.text;
  EXPECT_EQ(seen.text, "n1: a write to its volume hangs");
  EXPECT_TRUE(fault->heal("n1").holds);
  EXPECT_FALSE(agent::frozen(point));
  EXPECT_FALSE(fault->verify().holds);
}

// It sleeps in the kernel, where not even SIGKILL wakes it.
TEST_P(DiskFaultTest, AProgramThatAFrozenDiskHoldsIsLeftBehind) {
  const auto fault = strike("disk-frozen");
  ProgramOptions options;
  options.limit = std::chrono::milliseconds(500);
  EXPECT_THROW(run_program({"touch", (data() / "one-more").string()}, options), ClusterError);
  EXPECT_TRUE(agent::frozen(point)) << "it did not wait for the thaw";
  EXPECT_TRUE(fault->heal("n1").holds);
}

// The second of two strikes was proven by what the first had done.
TEST_P(DiskFaultTest, WhatWasSoAlreadyIsNoEvidence) {
  for (const auto& [name, state] :
       {std::pair{"disk-full", "with a full disk"}, std::pair{"disk-frozen", "with a frozen disk"},
        std::pair{"volume-wipe", "without data"},
        std::pair{"volume-detach", "without its volume"}}) {
    SCOPED_TRACE(name);
    const auto fault = strike(name);
    auto seen = fault->verify();
    EXPECT_TRUE(seen.holds) << seen.text;
    seen = strike(name)->verify();
    EXPECT_FALSE(seen.holds);
    EXPECT_EQ(seen.text, fmt::format("n1: was already {} before the strike", state));
    EXPECT_TRUE(fault->heal("n1").holds);
    fs::create_directories(data() / "stream");
  }
}

TEST_P(DiskFaultTest, AFrozenDiskIsThawedFromTheJournalAlone) {
  strike("disk-frozen");
  EXPECT_EQ(journal_.undo_all(), std::vector<std::string>{});
  EXPECT_FALSE(agent::frozen(point));
  EXPECT_EQ(journal_.undo_all(), std::vector<std::string>{});
}

// It was attached again for ever: what was undone once had no image any more.
TEST_P(DiskFaultTest, AVolumeThatIsRemovedAlreadyIsNotMissed) {
  journal_.undo_first({.what = "removed", .steps = {cluster_->volume_of("n1")->undo_make()}});
  strike("volume-detach");
  EXPECT_EQ(journal_.undo_all(), std::vector<std::string>{});
  EXPECT_EQ(journal_.undo_all(), std::vector<std::string>{});
  EXPECT_FALSE(fs::exists(image));
  EXPECT_FALSE(fs::exists(point));
}

TEST_P(DiskFaultTest, AWipeThatWasCutShortIsUndone) {
  journal_.undo_first({.what = "removed", .steps = {cluster_->volume_of("n1")->undo_make()}});
  strike("volume-wipe");
  agent::detach(image);
  fs::remove(image);  // and no new one made
  EXPECT_EQ(journal_.undo_all(), std::vector<std::string>{});
  EXPECT_FALSE(fs::exists(point));
}

}  // namespace
}  // namespace faultline
