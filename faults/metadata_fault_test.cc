// Real PostgreSQL, no brokers. Skipped where there is none, unless FAULTLINE_REQUIRE names memphis.
#include "faults/metadata_fault.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "faults/testing.h"
#include "harness/broker/memphis/memphis.h"
#include "harness/broker/memphis/metadata_database.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

class MetadataFaultTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("memphis", why_no_metadata_database().empty());
    database_->start("127.0.0.1");
  }

  std::unique_ptr<Fault> make(const char* name) {
    return make_fault(name, {cluster_, broker_, journal_}, {.delay = 1s});
  }

  testing::TemporaryFolder folder_;
  Journal journal_{folder_.path() / "state", "metadata"};
  std::set<int> told_;
  std::shared_ptr<MetadataDatabase> database_ = std::make_shared<MetadataDatabase>(
      MetadataDatabaseOptions{folder_.path() / "metadata", {}, [this](int pid, const std::string&) {
                                told_.insert(pid);
                              }});
  testing::IdleCluster cluster_;
  MemphisBroker broker_{cluster_, "1.4.4", database_};
  const std::vector<std::string> servers_{"n1", "n2", "n3"};
};

TEST_P(MetadataFaultTest, IsProvenHoldsAndIsHealed) {
  const auto fault = make(GetParam());
  fault->inject(servers_);
  for (int look = 0; look < 2; ++look) {
    const auto seen = fault->verify();
    EXPECT_TRUE(seen.holds) << seen.text;
    RecordProperty("seen", seen.text);
    std::cout << seen.text << "\n";
  }
  for (const auto& server : servers_) {
    const auto healed = fault->heal(server);
    EXPECT_TRUE(healed.holds) << healed.text;
    std::cout << healed.text << "\n";
  }
  EXPECT_FALSE(fault->verify().holds);
  EXPECT_FALSE(database_->frozen());
}

TEST_P(MetadataFaultTest, OfADatabaseThatIsDownIsNotProven) {
  database_->kill();
  const auto fault = make(GetParam());
  fault->inject(servers_);
  EXPECT_EQ(fault->verify().text, "the database did not answer before the strike");
  EXPECT_TRUE(fault->lift("n1").holds);
  EXPECT_EQ(database_->processes(), "");
}

INSTANTIATE_TEST_SUITE_P(Faults, MetadataFaultTest,
                         ::testing::Values("metadata-down", "metadata-frozen", "metadata-slow"));

// With the harness only the first process ends: what it started would be left, stopped. One that
// ended as its parent was stopped (a worker of the start-up) waits for the parent, as a zombie.
TEST_F(MetadataFaultTest, EveryProcessIsToldOfBeforeItIsStopped) {
  database_->freeze();
  std::set<int> stopped;
  for (const int pid : told_) {
    const char state = process_state(pid).value_or('?');
    EXPECT_TRUE(state == 'T' || state == 'Z') << pid << " is in state " << state;
    if (state == 'T') stopped.insert(pid);
  }
  EXPECT_GT(stopped.size(), 2U);
  database_ = {};
  EXPECT_NE(broker_.metadata(), nullptr);
}

}  // namespace
}  // namespace faultline
