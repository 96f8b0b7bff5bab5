#include "harness/cluster/packet_rules.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/cluster/packet_chain.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

// A machine whose iptables and systemd only write down what they are asked.
class PacketRulesTest : public ::testing::Test {
 protected:
  PacketRulesTest() {
    for (const char* program : {"iptables", "systemctl", "systemd-run"}) ends(program, 0);
  }

  void ends(const std::string& program, int status) const {
    const auto path = folder_.path() / program;
    std::ofstream(path) << "#!/bin/sh\necho " << program << " \"$@\" >> " << log().string()
                        << "\nexit " << status << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  std::filesystem::path log() const { return folder_.path() / "log"; }

  int run(const InsideCommand& command) const {
    return run_program(command,
                       {.environment = {{"PATH", folder_.path().string() + ":/usr/bin:/bin"}}})
        .status;
  }

  std::string asked() const {
    std::ostringstream text;
    text << std::ifstream(log()).rdbuf();
    return text.str();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PacketRulesTest, OnlyBetweenTheTwoSides) {
  EXPECT_EQ(run(drop_packets({"10.0.0.1"}, {"10.0.0.2"}, 0s)), 0);
  EXPECT_NE(asked().find("-A FAULTLINE -s 10.0.0.1 -d 10.0.0.2 -j DROP\n"), std::string::npos);
  EXPECT_NE(asked().find("-A FAULTLINE -s 10.0.0.2 -d 10.0.0.1 -j DROP\n"), std::string::npos);
  EXPECT_EQ(asked().find("systemd-run"), std::string::npos) << "without a limit, no timer";
}

TEST_F(PacketRulesTest, OneWayOnly) {
  EXPECT_EQ(run(drop_packets_to({"10.0.0.1"}, {"10.0.0.2"}, 0s)), 0);
  EXPECT_NE(asked().find("-A FAULTLINE -s 10.0.0.1 -d 10.0.0.2 -j DROP\n"), std::string::npos);
  EXPECT_EQ(asked().find("-s 10.0.0.2"), std::string::npos);
}

TEST_F(PacketRulesTest, TheTimerIsThereBeforeTheFirstRule) {
  EXPECT_EQ(run(drop_packets({"10.0.0.1"}, {"10.0.0.2"}, 330s)), 0);
  const auto stopped = asked().find("systemctl stop faultline-heal.timer\n");
  const auto timer = asked().find("systemd-run ");
  const auto rule = asked().find("\niptables ");
  EXPECT_LT(stopped, timer) << "one of an earlier partition would end this one too early";
  EXPECT_LT(timer, rule) << asked();
  EXPECT_NE(asked().find(" --on-active=330 /bin/sh -c for hook in"), std::string::npos) << asked();
}

TEST_F(PacketRulesTest, NoRuleWhereThereIsNoTimer) {
  ends("systemd-run", 1);
  EXPECT_NE(run(drop_packets({"10.0.0.1"}, {"10.0.0.2"}, 330s)), 0);
  EXPECT_EQ(asked().find("\niptables "), std::string::npos) << asked();
}

TEST_F(PacketRulesTest, TheChainIsRemovedThoughTheTimerCannotBe) {
  ends("systemctl", 5);
  EXPECT_EQ(run(drop_no_more()), 0);
  EXPECT_NE(asked().find("-X FAULTLINE\nsystemctl stop"), std::string::npos) << asked();
  ends("iptables", 1);
  EXPECT_NE(run(drop_no_more()), 0);
}

TEST_F(PacketRulesTest, OnlyAListWithoutTheChainIsNoChain) {
  EXPECT_EQ(run(drops_nothing()), 0);
  ends("iptables", 4);
  EXPECT_EQ(run(drops_nothing()), 3) << "an error is no answer";
  std::filesystem::remove(folder_.path() / "iptables");
  EXPECT_EQ(run_program({"/bin/sh", "-c", drops_nothing().back()},
                        {.environment = {{"PATH", folder_.path().string()}}})
                .status,
            3);
  std::ofstream(folder_.path() / "iptables")
      << "#!/bin/sh\nprintf -- '-P OUTPUT ACCEPT\\n-N FAULTLINE\\n-A OUTPUT -j FAULTLINE\\n'\n";
  std::filesystem::permissions(folder_.path() / "iptables", std::filesystem::perms::owner_all);
  EXPECT_EQ(run(drops_nothing()), 1);
}

TEST_F(PacketRulesTest, TellsWhereNoLimitCanBeKept) {
  const auto said = [&] {
    return run_program({"/bin/sh", "-c", drops_nothing().back()},
                       {.environment = {{"PATH", folder_.path().string()}}})
        .output;
  };
  EXPECT_EQ(said().find(no_timer), std::string::npos);
  std::filesystem::remove(folder_.path() / "systemd-run");
  EXPECT_NE(said().find(no_timer), std::string::npos);
}

TEST(PacketRules, AreReadBackOnlyAsTheyWereMade) {
  const auto drop = read_drop(drop_packets({"10.0.0.1", "10.0.0.2"}, {"10.0.0.3", "10.0.0.4"}, 9s));
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->own, (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(drop->others, (std::vector<std::string>{"10.0.0.3", "10.0.0.4"}));
  EXPECT_EQ(drop->limit, 9s);
  EXPECT_EQ(read_drop(drop_packets({"10.0.0.1"}, {"10.0.0.3"}, 0s))->limit, 0s);
  for (const std::string more :
       {"reboot", "iptables -w -t raw -A FAULTLINE -s 1.1.1.1 -d 2.2.2.2 -j DROP; "}) {
    auto command = drop_packets({"10.0.0.1"}, {"10.0.0.3"}, 9s);
    command.back() += more;
    EXPECT_FALSE(read_drop(command)) << more;
  }
  EXPECT_FALSE(read_drop({"sh", "-c", "true"}));
  EXPECT_FALSE(read_drop(list_rules()));
  EXPECT_FALSE(read_drop(drop_packets_to({"10.0.0.1"}, {"10.0.0.3"}, 9s)));
  EXPECT_FALSE(read_drop(drop_packets_to({"10.0.0.1"}, {"10.0.0.3", "10.0.0.4"}, 9s)));
  EXPECT_FALSE(read_drop(drop_packets({"10.0.0.1"}, {}, 9s)));
}

TEST(PacketRules, DroppedPacketsAreCounted) {
  EXPECT_EQ(packets_taken("", "DROP"), 0u);
  EXPECT_EQ(packets_taken("Chain FAULTLINE (2 references)\n"
                          "    pkts      bytes target     prot opt in     out\n"
                          "       7      420 DROP       all  --  *      *\n"
                          "      35     2100 DROP       all  --  *      *\n",
                          "DROP"),
            42u);
}

}  // namespace
}  // namespace faultline
