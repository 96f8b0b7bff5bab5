#include "harness/cluster/packet_chain.h"

#include <gtest/gtest.h>

#include "harness/cluster/traffic_control.h"

namespace faultline {
namespace {

const PacketChain chain{"LOSS-FAULTLINE", "raw", {"PREROUTING", "OUTPUT"}};

TEST(PacketChain, IsCalledOnceItIsWhole) {
  const auto script = make_chain(chain, {"-p tcp -j RETURN", "-j DROP"}).back();
  const auto first = script.find("iptables -w -t raw -A LOSS-FAULTLINE -p tcp -j RETURN; ");
  const auto second = script.find("iptables -w -t raw -A LOSS-FAULTLINE -j DROP; ");
  const auto called = script.find("for hook in PREROUTING OUTPUT; do iptables -w -t raw -I $hook");
  EXPECT_LT(script.find("-N LOSS-FAULTLINE"), first) << script;
  EXPECT_LT(first, second) << script;
  EXPECT_LT(second, called) << script;
  EXPECT_NE(called, std::string::npos) << script;
}

TEST(PacketChain, OnlyWhatARuleWithThisTargetTookIsCounted) {
  const std::string listing =
      "Chain LOSS-FAULTLINE (2 references)\n"
      "    pkts      bytes target     prot opt in     out     source               destination\n"
      "       7      420 RETURN     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0\n"
      "      35     2100 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0\n"
      "       7      420 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0\n";
  EXPECT_EQ(packets_taken(listing, "DROP"), 42u);
  EXPECT_EQ(packets_taken(listing, "RETURN"), 7u);
  EXPECT_EQ(packets_taken("", "DROP"), 0u);
}

TEST(TrafficControl, OnlyWhatOurLimitHoldsBackWaits) {
  const auto listed = [](const std::string& id, int packets) {
    return "class htb " + id +
           " root prio 0 rate 1Mbit ceil 1Mbit burst 5000b cburst 5000b \n"
           " Sent 1 bytes 1 pkt (dropped 0, overlimits 9 requeues 0) \n"
           " backlog 66b " +
           std::to_string(packets) + "p requeues 0\n";
  };
  EXPECT_EQ(packets_waiting(listed("77:1", 3)), std::nullopt);
  EXPECT_EQ(packets_waiting(listed("fa01:2", 3)), std::nullopt) << "monitoring";
  EXPECT_EQ(packets_waiting(listed("fa01:2", 3) + listed("fa01:1", 42)), 42u);
  EXPECT_EQ(packets_waiting(listed("fa01:1", 0)), 0u);
  EXPECT_EQ(packets_waiting(""), std::nullopt);
}

}  // namespace
}  // namespace faultline
