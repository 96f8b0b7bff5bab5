#include "harness/read_target_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <random>
#include <sstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono;

const std::string good = R"(apiVersion: faultline/v1
kind: Target
metadata:
  name: staging
spec:
  cluster:
    context: staging
    server: https://10.0.0.1:6443
  brokers:
    namespace: messaging
    selector: {app: nats}
    client:
      url: nats://nats.example.com:4222
      user: faultline
      password_env: NATS_PASSWORD
  allow:
    faults: [broker-kill]
    pods:
      - {namespace: messaging, labels: {app: nats}}
    pods_at_once: 3
    nodes_at_once: 3
    times: ["mon-fri 08:00-18:00"]
  abort:
    unavailable: 2m
)";

std::string problems(const std::string& text) {
  std::string all;
  for (const auto& problem : parse_target_file(text, "t.yaml").problems)
    all += to_string(problem) + "\n";
  return all;
}

std::string with(std::string text, const std::string& before, const std::string& after) {
  const auto at = text.find(before);
  EXPECT_NE(at, text.npos) << before;
  return text.replace(at, before.size(), after);
}

void expect_problem(const std::string& before, const std::string& after,
                    const std::string& expected) {
  const auto found = problems(with(good, before, after));
  EXPECT_NE(found.find(expected), std::string::npos) << found;
}

TEST(TargetFile, IsRead) {
  const auto loaded = parse_target_file(good, "t.yaml");
  ASSERT_TRUE(loaded.problems.empty()) << to_string(loaded.problems[0]);
  const auto& target = loaded.target;
  EXPECT_EQ(target.context, "staging");
  EXPECT_EQ(target.brokers.selector, (Labels{{"app", "nats"}}));
  EXPECT_EQ(target.brokers.monitor_port, 8222);
  EXPECT_EQ(target.pods.at(0).namespace_name, "messaging");
  EXPECT_EQ(target.pods_at_once, 3u);
  EXPECT_EQ(target.times.at(0).days, (std::vector<unsigned>{1, 2, 3, 4, 5}));
  EXPECT_EQ(target.abort.unavailable, 120s);
}

TEST(TargetFile, TheExamplesAreGood) {
  for (const auto* file : {"kind-config/target.example.yaml", "kind-config/cronjob/target.yaml"}) {
    const auto loaded = load_target_file(file);
    for (const auto& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
  }
}

TEST(TargetFile, MissingEmptyAndGarbage) {
  const testing::TemporaryFolder folder;
  const auto only = [](const LoadedTargetFile& loaded) {
    return loaded.problems.empty() ? "" : to_string(loaded.problems.at(0));
  };
  EXPECT_EQ(only(load_target_file("nowhere.yaml")), "nowhere.yaml: does not exist");
  EXPECT_NE(only(load_target_file(folder.path())).find("is not a file"), std::string::npos);
  EXPECT_NE(problems("").find("t.yaml: is empty"), std::string::npos);
  EXPECT_NE(problems("\x01\x02").find("not a text file"), std::string::npos);
  EXPECT_NE(problems(std::string(70'000, 'x')).find("larger than"), std::string::npos);
  EXPECT_NE(problems("a: [").find("t.yaml:1:"), std::string::npos);
  EXPECT_NE(problems("just a text").find("t.yaml:1:1: a target file: expected keys"),
            std::string::npos);
  EXPECT_NE(problems("spec: {}").find("'cluster' is missing in spec"), std::string::npos);
}

TEST(TargetFile, TheAgentIsOptedIn) {
  EXPECT_FALSE(parse_target_file(good, "t.yaml").target.agent);
  const auto loaded = parse_target_file(
      with(good, "  abort:", "  agent: {image: \"agent:1\", namespace: tools}\n  abort:"),
      "t.yaml");
  EXPECT_TRUE(loaded.problems.empty());
  ASSERT_TRUE(loaded.target.agent);
  EXPECT_EQ(loaded.target.agent->image, "agent:1");
  EXPECT_EQ(loaded.target.agent->namespace_name, "tools");
  expect_problem("  abort:", "  agent: {image: x}\n  abort:", "'namespace' is missing in agent");
  expect_problem("  abort:", "  agent: {namespace: x}\n  abort:", "'image' is missing in agent");
  expect_problem("  abort:", "  agent: {image: \"a b;c\", namespace: tools}\n  abort:",
                 "'a b;c' is no reference of an image");
  expect_problem("  abort:", "  agent: {image: a, namespace: messaging}\n  abort:",
                 "it must be the agent's own");
}

TEST(TargetFile, ProblemsSayWhere) {
  expect_problem("broker-kill", "disk-full", "t.yaml:17:14: 'disk-full' cannot be allowed");
  expect_problem(
      "context:", "contxt:", "t.yaml:7:5: unknown key 'contxt'; did you mean 'context'?");
  expect_problem("pods_at_once: 3", "pods_at_once: 0", "expected a whole number from 1 to 9");
  expect_problem("pods_at_once: 3", "pods_at_once: many", "expected a whole number");
  expect_problem("labels: {app: nats}", "labels: {}", "labels: expected at least one label");
  expect_problem("selector: {app: nats}", "selector: {}", "selector: expected at least one label");
  expect_problem("faults: [broker-kill]", "faults: []", "at least one fault");
  expect_problem("{namespace: messaging, l", "{namespace: other, l",
                 "spec.allow.pods names no pods in 'messaging'");
  expect_problem("namespace: messaging\n", "namespace: \"../x\"\n", "is no name of Kubernetes");
  expect_problem("unavailable: 2m", "unavailable: soon", "expected a duration");
  expect_problem("kind: Target", "kind: Scenario", "expected Target");
  expect_problem("    server: https://10.0.0.1:6443\n", "", "'server' is missing in cluster");
}

TEST(TargetFile, Times) {
  const auto bad = [](const std::string& time, const std::string& expected) {
    expect_problem("mon-fri 08:00-18:00", time, expected);
  };
  bad("always", "expected days and times of day");
  bad("mon-fry 08:00-18:00", "expected days and times of day");
  bad("mon 08:60-18:00", "expected days and times of day");
  bad("mon 08:00-25:00", "expected days and times of day");
  bad("mon 18:00-08:00", "ends before it begins");
  const auto target =
      parse_target_file(with(good, "mon-fri 08:00", "sat-mon 00:00"), "t.yaml").target;
  EXPECT_EQ(target.times.at(0).days, (std::vector<unsigned>{6, 0, 1}));
}

TEST(TargetFile, ASecretStandsInNoFile) {
  expect_problem("nats://nats.", "nats://u:p@nats.", "a URL with a user in it");
  expect_problem("password_env: NATS_PASSWORD", "password: x", "unknown key 'password'");
  expect_problem("user: faultline\n", "token_env: X\n", "a user and a password belong together");
  EXPECT_EQ(problems(with(good, "nats://nats.", "nats://u:topsecret@nats.")).find("topsecret"),
            std::string::npos);
}

TEST(TargetFile, SecretsComeFromFilesAndVariables) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "password") << "hidden\n";
  ClientPlaces places;
  places.user = "u";
  places.password.file = folder.path() / "password";
  ::setenv("FAULTLINE_TEST_TOKEN", "t", 1);
  places.token.variable = "FAULTLINE_TEST_TOKEN";
  const auto access = read_client_access(places);
  EXPECT_EQ(access.password, "hidden");
  EXPECT_EQ(access.token, "t");
  places.token.variable = "FAULTLINE_TEST_NOT_SET";
  EXPECT_THROW(read_client_access(places), ClusterError);
  places.token = {};
  places.password.file = folder.path() / "none";
  EXPECT_THROW(read_client_access(places), ClusterError);
}

TEST(TargetFile, Hours) {
  const std::vector<AllowedTime> times{{{1, 2, 3, 4, 5}, 8h, 18h}};
  const system_clock::time_point wednesday = sys_days{2026y / November / 25};
  EXPECT_TRUE(is_allowed(times, wednesday + 8h, wednesday + 18h));
  EXPECT_FALSE(is_allowed(times, wednesday + 7h, wednesday + 9h));
  EXPECT_FALSE(is_allowed(times, wednesday + 17h + 59min, wednesday + 18h + 1min));
  EXPECT_FALSE(is_allowed(times, wednesday + 72h + 9h, wednesday + 72h + 10h));
  EXPECT_TRUE(is_allowed({}, wednesday, wednesday + 1h));
}

TEST(TargetFile, ProductionIsSuspected) {
  for (const char* name : {"prod", "eu-prod-1", "PRODUCTION", "gke_acme_europe_prod2", "live",
                           "preprod", "https://api.prod.example.com"})
    EXPECT_TRUE(looks_like_production(name)) << name;
  for (const char* name : {"staging", "kind-staging-trial", "https://10.0.0.1:6443", "deliver"})
    EXPECT_FALSE(looks_like_production(name)) << name;
}

// Whatever is in the file: problems or a target, nothing else.
TEST(TargetFile, Mutations) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    auto text = good;
    for (int n = 0; n < 3; ++n) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(32 + random() % 95);
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, 1, ":-{}[]\"'#\n "[random() % 11]);
      }
    }
    const auto loaded = parse_target_file(text, "t.yaml");
    if (!loaded.problems.empty()) continue;
    EXPECT_FALSE(loaded.target.pods.empty()) << text;
    EXPECT_FALSE(loaded.target.faults.empty()) << text;
    EXPECT_GE(loaded.target.pods_at_once, 1u) << text;
    for (const auto& pods : loaded.target.pods) EXPECT_FALSE(pods.labels.empty()) << text;
  }
}

}  // namespace
}  // namespace faultline
