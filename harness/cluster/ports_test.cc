#include "harness/cluster/ports.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <set>

#include "harness/cluster/process_table.h"

namespace faultline {
namespace {

using boost::asio::ip::tcp;

tcp::endpoint loopback(std::uint16_t port) {
  return {boost::asio::ip::address_v4::loopback(), port};
}

TEST(Ports, AreDifferentAsLongAsTheyAreHeld) {
  const auto ports = reserve_ports(200);
  std::set<std::uint16_t> numbers;
  for (const auto& port : ports) numbers.insert(port.number());
  EXPECT_EQ(numbers.size(), ports.size());
}

TEST(Ports, AreFreeForABroker) {
  boost::asio::io_context context;
  for (const auto& port : reserve_ports(20))
    EXPECT_NO_THROW(tcp::acceptor(context, loopback(port.number()))) << port.number();
}

TEST(Ports, AreNotThoseOfOutgoingConnections) {
  int low = 0, high = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  ASSERT_GT(low, 0);
  if (low <= 12'000 && high >= 63'535) GTEST_SKIP() << "the kernel uses nearly all ports";
  for (const auto& port : reserve_ports(50))
    EXPECT_TRUE(port.number() < low || port.number() > high) << port.number();
}

TEST(ProcessTable, SeesWhoListens) {
  boost::asio::io_context context;
  const auto port = ReservedPort::any();
  EXPECT_FALSE(listens(::getpid(), port.number()));
  const tcp::acceptor acceptor(context, loopback(port.number()));
  EXPECT_TRUE(listens(::getpid(), port.number()));
  EXPECT_FALSE(listens(1, port.number())) << "another process's socket";
  EXPECT_FALSE(listens(::getpid(), 1));
}

}  // namespace
}  // namespace faultline
