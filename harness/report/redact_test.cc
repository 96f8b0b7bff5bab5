#include "harness/report/redact.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

constexpr const char* secret = "hunter2-Zq";

// What a broker, a user or a library may write around a secret.
class Redacted : public ::testing::TestWithParam<const char*> {};

TEST_P(Redacted, TheSecretIsGone) {
  std::string text = GetParam();
  text.replace(text.find("SECRET"), 6, secret);
  EXPECT_EQ(redact(text).find(secret), std::string::npos) << redact(text);
  EXPECT_EQ(redact_configuration(text).find(secret), std::string::npos);
  EXPECT_NE(redact(text).find(redacted_mark), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Redacted,
    ::testing::Values("password: SECRET", "password = \"SECRET\"", "{\"password\": \"SECRET\"}",
                      "users = [ {user: a, password: SECRET} ]", "PASSWORD=SECRET x",
                      "nats://user:SECRET@n1:4222", "nats://SECRET@n1:4222, nats://n2:4222",
                      "nats://user:p@SECRET@n1:4222", "token: 'SECRET'", "auth_token=SECRET&x=1",
                      "https://host/path?access_token=SECRET&x=1", "Authorization: Bearer SECRET",
                      "Authorization: Basic SECRET", "sent Bearer SECRET to it",
                      "\tpass : `SECRET`", "client_secret: SECRET", "tokens: [\"SECRET\", \"b\"]",
                      "api-key: SECRET", "--password SECRET", "--auth-token=SECRET",
                      "db_pass: SECRET",
                      "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----",
                      "-----BEGIN PRIVATE KEY-----\nSECRET cut off", "secret: \"a\\\"SECRET\"",
                      "password: \"SECRET"));

TEST(Redact, OfAConfigurationABlankSeparatesToo) {
  EXPECT_EQ(redact_configuration("authorization {\n  user admin\n  password hunter2\n}"),
            "authorization {\n  user admin\n  password [redacted]\n}");
  EXPECT_EQ(redact_configuration("tls { cert_file: \"/a\" }"), "tls { cert_file: \"/a\" }");
}

TEST(Redact, TokensThatSpeakForThemselves) {
  EXPECT_EQ(redact("resolver: eyJ0eXAiOiJqd3QiLCJhbGciOiJlZDI1.eyJqdGkiOi_a-b.c3 end"),
            "resolver: [redacted] end");
  EXPECT_EQ(redact("seed SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY end"),
            "seed [redacted] end");
}

TEST(Redact, LeavesTheRestAsItIs) {
  for (const char* text :
       {"", "Seed 42", "seed: 42", "nats-route://198.19.229.11:6222", "server_name: \"n1\"",
        "the token ring", "basic idea", "bearer", "a@b",
        "[8104] 2026/11/25 23:59:45.990760 [INF] x", "compass: north", "password",
        "password:", "passed: 3", "pass: writes continue (longest gap 4.23 s)", "://", "-----BEGIN", "at http://h/a@b"}) {
    EXPECT_EQ(redact(text), text);
  }
}

}  // namespace
}  // namespace faultline
