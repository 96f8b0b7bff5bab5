// The faults that need a worker and a volume of one's own, against real brokers on this
// machine: each seen biting, healed, and nothing left of it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <regex>

#include "faults/fault.h"
#include "faults/target.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"
#include "harness/cluster/volume.h"
#include "harness/local_provider.h"
#include "workloads/nats_client.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

struct Case {
  const char* fault;
  const char* target;
  const char* evidence = "";  // a regular expression
  FaultOptions options = {};
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.fault << " " << one.target; }

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  std::string name;
  bool upper = true;
  for (const char c : std::string(info.param.fault) + "-" + info.param.target) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = std::isalnum(static_cast<unsigned char>(c)) == 0;
  }
  return name;
}

class LocalFault : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("root", ::geteuid() == 0);
    scenario_.faults = {{GetParam().fault, GetParam().target, 0ms, GetParam().options}};
    for (const auto& lack : provider_.missing(scenario_)) {
      if (is_required("root")) FAIL() << lack;
      GTEST_SKIP() << lack;
    }
    // Where 'faultline heal' finds what a test that is killed leaves.
    std::random_device random;
    journal_ =
        std::make_unique<Journal>(state_folder(), fmt::format("{:08x}{:08x}", random(), random()));
    RunOptions options;
    options.folder = folder_.path();
    deployment_ = deploy(provider_, scenario_, options, *journal_, [](const std::string&) {});
    broker().wait_until_ready(120s, [](const std::string&) {});
    StreamSettings stream;
    stream.name = "log";
    stream.subject = "log.values";
    broker().create_stream(stream, {});
    if (fault_kind(GetParam().fault).needs == Needs::volume) write_to_every_replica();
  }

  void TearDown() override {
    if (!journal_) return;
    deployment_.broker.reset();
    deployment_.cluster.reset();
    const auto problems = journal_->undo_all();
    for (const auto& problem : problems) ADD_FAILURE() << problem;
    if (problems.empty()) journal_->finish();
    EXPECT_EQ(left_of_it(), "");
  }

  Broker& broker() { return *deployment_.broker; }
  Cluster& cluster() { return *deployment_.cluster; }

  std::vector<std::string> targets() {
    return resolve_target(GetParam().target, broker().leaders().stream, broker().replica_servers());
  }

  // A message block with something in it.
  void write_to_every_replica() {
    std::atomic<bool> written = false;
    NatsAddress address;
    for (const auto& server : cluster().servers()) address.urls.push_back(server.client_url);
    address.stream = "log";
    address.subject = "log.values";
    NatsClient client(address, "test", 0);
    ASSERT_TRUE(eventually([&] {
      client.publish("value", "", 5s, [&](const PublishReply& reply) {
        if (reply.outcome == Outcome::ok) written = true;
      });
      return written.load();
    }));
    for (const auto& server : cluster().servers())
      ASSERT_TRUE(eventually([&] { return has_a_block(server.name); })) << server.name;
  }

  bool has_a_block(const std::string& server) {
    return std::ranges::any_of(cluster().volume_of(server)->files(), [](const StoredFile& file) {
      return file.path.ends_with(".blk") && file.bytes > 0 &&
             file.path.find("/streams/log/") != std::string::npos;
    });
  }

  // Lines about namespaces, links, mounts, loop devices and images that are named after the
  // run or its folder. The kernel takes links away some time later.
  std::string left_of_it() const {
    constexpr const char* look = R"sh(
{ ls /run/netns /sys/class/net /run; cat /proc/self/mountinfo
  losetup --list --noheadings --output NAME,BACK-FILE; find "$3" -name volume.img; } |
grep -F -e "$1" -e "$2" -e "$3"
)sh";
    const auto& run = journal_->run();
    std::string text;
    eventually(
        [&] {
          text = run_program({"sh", "-c", look, "sh", "faultline-" + run, "fl-" + run.substr(0, 8),
                              folder_.path().string()})
                     .output;
          return text.empty();
        },
        10s);
    return text;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Journal> journal_;
  LocalProvider provider_;
  Scenario scenario_;
  Deployment deployment_;
};

TEST_P(LocalFault, BitesIsHealedAndLeavesNothing) {
  const auto fault =
      make_fault(GetParam().fault, {cluster(), broker(), *journal_}, GetParam().options);
  const auto struck = fault->aim(targets());
  ASSERT_FALSE(struck.empty());
  fault->inject(struck);
  const auto proven = fault->verify();
  EXPECT_TRUE(proven.holds) << proven.text;
  EXPECT_TRUE(std::regex_search(proven.text, std::regex(GetParam().evidence))) << proven.text;
  for (const auto& exit : cluster().exits()) EXPECT_TRUE(exit.expected) << exit.detail;
  for (const auto& server : struck) {
    const auto healed = fault->heal(server);
    EXPECT_TRUE(healed.holds) << healed.text;
  }
  EXPECT_EQ(fault->verify().holds, fault_kind(GetParam().fault).passing);
  EXPECT_TRUE(eventually([&] { return broker().all_healthy(); }));
}

INSTANTIATE_TEST_SUITE_P(
    Each, LocalFault,
    ::testing::Values(
        Case{"worker-stop", "leader", R"(exited \(its link is cut\), port 4222: )"},
        Case{"worker-stop", "all", R"(exited \(its link is cut\), port 4222: )"},
        Case{"worker-pause", "leader", "paused, port 4222: "},
        Case{"worker-drain", "leader", R"(asked to leave by signal 12, gone after [0-9.]+ s)"},
        Case{"partition", "leader", "dropped [0-9]+ packets"},
        Case{
            "volume-detach", "leader",
            R"(gave "Input/output error", the volume is detached.*not started: its volume is not there)"},
        Case{"power-loss", "follower:1", R"(gave "Input/output error", the volume is detached)"},
        Case{"volume-wipe", "follower:1", "nothing is on its volume"},
        Case{"disk-full", "follower:1", R"(gave "No space left on device")"},
        Case{"disk-frozen", "follower:1", "write"}, Case{"clients-cut", "leader", "dropped"},
        Case{"packet-delay", "follower:1", "ms"},
        Case{"packet-loss", "leader", "dropped [0-9]+ packets", {.percent = 30}},
        Case{"rate-limit", "leader", "[0-9]+ packets of worker .* wait", {.rate = "10kbit"}},
        Case{"bit-flip", "follower:1", R"(\.blk \([0-9]+ bytes\): byte )"},
        Case{"truncate", "follower:1", R"(\.blk \([0-9]+ bytes\): now [0-9]+, cut off )"},
        Case{"broker-crash", "leader", R"(pid [0-9]+ killed, pid [0-9]+ took over)"}),
    name_of);

class LocalWorkerPause : public LocalFault {};
INSTANTIATE_TEST_SUITE_P(Each, LocalWorkerPause,
                         ::testing::Values(Case{"worker-pause", "server:1"}), name_of);

// It was expected for the rest of the run.
TEST_P(LocalWorkerPause, AnExitAfterwardsIsTheBrokersOwn) {
  const auto fault = make_fault("worker-pause", {cluster(), broker(), *journal_});
  fault->inject(targets());
  EXPECT_TRUE(fault->verify().holds);
  EXPECT_TRUE(fault->heal("n1").holds);
  ::kill(std::stoi(cluster().process("n1").substr(4)), SIGABRT);
  ASSERT_TRUE(eventually([&] { return !cluster().running("n1"); }));
  const auto exits = cluster().exits();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_FALSE(exits[0].expected) << exits[0].detail;
}

}  // namespace
}  // namespace faultline
