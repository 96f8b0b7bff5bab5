#include "harness/broker/memphis/memphis_config.h"

#include <gtest/gtest.h>

#include <vector>

namespace faultline {
namespace {

TEST(MemphisConfigTest, IsThatOfNatsWithTwoFurtherPorts) {
  Layout self;
  self.name = "n1";
  self.data = "/run/n1";
  self.client_port = 1;
  self.ui_port = 9001;
  self.websocket_port = 7771;
  const auto text = memphis_configuration(self, std::vector{self}, "always");
  for (const auto* part : {"server_name: \"n1\"", "listen: \"127.0.0.1:1\"", "ui_port: 9001",
                           "listen: \"127.0.0.1:7771\"", "sync_interval: \"always\""})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
}

TEST(MemphisConfigTest, EnvironmentNamesTheDatabase) {
  const auto environment = memphis_environment({"10.0.0.1", 5005, "u", "p", "d"});
  EXPECT_EQ(environment.at("METADATA_DB_HOST"), "10.0.0.1");
  EXPECT_EQ(environment.at("METADATA_DB_PORT"), "5005");
  EXPECT_EQ(environment.at("METADATA_DB_USER"), "u");
  EXPECT_EQ(environment.at("METADATA_DB_PASS"), "p");
  EXPECT_EQ(environment.at("METADATA_DB_DBNAME"), "d");
  EXPECT_EQ(environment.at("ENV"), "dev");  // else it asks a server on the internet
}

TEST(MemphisConfigTest, ClientsAreOfTheFirstAccount) {
  const auto access = memphis_access();
  EXPECT_EQ(access.user, "root$1");
  EXPECT_EQ(access.user_in_name, "root");
  EXPECT_EQ(access.password, memphis_environment({}).at("ROOT_PASSWORD"));
}

}  // namespace
}  // namespace faultline
