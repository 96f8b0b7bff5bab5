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

TEST(TrafficControl, OnlyOurQdiscIsCounted) {
  const std::string foreign =
      "qdisc htb 77: root refcnt 2 r2q 10 default 0x1 direct_packets_stat 0\n"
      " Sent 1 bytes 1 pkt (dropped 0, overlimits 9 requeues 0)\n";
  const std::string own =
      "qdisc htb fa01: root refcnt 2 r2q 10 default 0x1 direct_packets_stat 0\n"
      " Sent 1 bytes 1 pkt (dropped 0, overlimits 42 requeues 0)\n";
  EXPECT_EQ(times_over_limit(foreign), std::nullopt);
  EXPECT_EQ(times_over_limit(own), 42u);
  EXPECT_EQ(times_over_limit(""), std::nullopt);
}

}  // namespace
}  // namespace faultline
