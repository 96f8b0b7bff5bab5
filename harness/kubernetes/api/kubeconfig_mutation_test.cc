// Whatever is done to a kubeconfig or to a watch, it is read or refused, and no
// refusal holds a secret.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include "harness/cluster/testing.h"
#include "harness/kubernetes/api/kubeconfig.h"
#include "harness/kubernetes/api/watch_lines.h"

namespace faultline {
namespace {

constexpr auto seed_config = R"(apiVersion: v1
current-context: x
contexts:
- name: x
  context: {cluster: c, user: u, namespace: n}
clusters:
- name: c
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority-data: UEVN
users:
- name: u
  user:
    client-certificate-data: UEVN
    client-key-data: SECRETSECRET
    token: SECRETSECRET
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      args: [SECRETSECRET]
      env: [{name: A, value: SECRETSECRET}]
)";

constexpr auto seed_watch =
    R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}}
{"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"3"}}}
{"type":"ERROR","object":{"code":410}}
)";

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  std::string mutate(std::string text) {
    for (auto times = 1 + below(3); times > 0; --times) once(text);
    return text;
  }

 private:
  void once(std::string& text) {
    static const std::vector<std::string> bits = {
        "&a ",  "*a",   "[",    "]",   "{",    "}",  ": ",        "- ",   "---\n", "'",
        "\"",   "|\n",  "\t",   "\n",  " ",    ",",  "~",         "null", "-1",    "!!binary ",
        "<<: ", "\xC3", "\x1b", "\\n", "true", "{}", "\"type\":", "%"};
    if (text.empty()) text = "x";
    const auto at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(20));
        break;
      case 2:
        text.insert(at, bits[below(bits.size())]);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(60)));
        break;
      case 4:
        if (below(4) == 0) text.resize(at);
        break;
    }
  }

  std::mt19937_64 random_;
};

std::uint64_t announced_seed() {
  const std::uint64_t seed = std::random_device()();
  fmt::print("seed {}\n", seed);
  return seed;
}

TEST(KubeconfigMutations, AreReadOrRefusedInOneLineWithoutSecrets) {
  const auto seed = announced_seed();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Mutator mutator(seed);
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "config";
  int read = 0, refused = 0;
  for (int i = 0; i < 4'000; ++i) {
    const auto text = mutator.mutate(seed_config);
    std::ofstream(path, std::ios::binary) << text;
    try {
      const auto access = read_kubeconfig(path);
      ++read;
      EXPECT_TRUE(access.server.starts_with("http"));
      EXPECT_FALSE(access.context.empty());
      EXPECT_EQ(access.client_certificate.empty(), access.client_key.empty());
      EXPECT_FALSE(access.exec && access.exec->command.front().empty());
    } catch (const KubeconfigError& error) {
      ++refused;
      const std::string problem = error.what();
      EXPECT_FALSE(problem.empty());
      EXPECT_TRUE(std::ranges::none_of(problem, [](unsigned char c) { return std::iscntrl(c); }))
          << problem;
      // A name of an entry or a file is no secret, and a mutation may make one of it.
      const bool names_one = std::ranges::any_of(
          std::array{"has no ", "cannot read", "choose one of"},
          [&](const char* words) { return problem.find(words) != problem.npos; });
      if (!names_one) {
        EXPECT_EQ(problem.find("SECRETSECRET"), problem.npos) << problem;
      }
      EXPECT_LT(problem.size(), 1'000u);
    }
    if (HasFailure()) FAIL() << "mutation " << i << ":\n" << text;
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 100);
}

TEST(WatchMutations, AreTheSameInWhateverPiecesTheyCome) {
  const auto seed = announced_seed();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Mutator mutator(seed);
  int broken = 0, whole = 0;
  for (int i = 0; i < 4'000; ++i) {
    const auto text = mutator.mutate(seed_watch);
    const auto lines_of = [](WatchLines& lines, std::vector<std::string>& seen) {
      while (const auto line = lines.next()) seen.push_back(line->object.dump(-1, ' ', true));
    };
    WatchLines at_once, in_pieces;
    std::vector<std::string> expected, seen;
    at_once.add(text);
    lines_of(at_once, expected);
    for (std::size_t begin = 0; begin < text.size();) {
      const auto size = 1 + mutator.below(20);
      in_pieces.add(std::string_view(text).substr(begin, size));
      lines_of(in_pieces, seen);
      begin += size;
    }
    EXPECT_EQ(expected, seen);
    EXPECT_EQ(at_once.broken(), in_pieces.broken());
    ++(at_once.broken() ? broken : whole);
    if (HasFailure()) FAIL() << "mutation " << i << ":\n" << text;
  }
  EXPECT_GT(broken, 100);
  EXPECT_GT(whole, 100);
}

}  // namespace
}  // namespace faultline
