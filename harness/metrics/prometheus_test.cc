// A real Prometheus that scrapes a real run, with a real Pushgateway beside it: every query of
// the dashboard is answered, and what it counts is what the run's history holds.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <boost/process.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/broker/http.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"
#include "harness/end_to_end.h"

namespace faultline {
namespace {

namespace bp = boost::process;
namespace fs = std::filesystem;
using end_to_end::Finished;
using nlohmann::json;
using namespace std::chrono_literals;

const fs::path monitoring = fs::path(FAULTLINE_SOURCE_FOLDER) / "kind-config/monitoring";

std::string content(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return std::move(out).str();
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

// On the path, or where tools/install-prometheus puts it; empty if it is not here.
fs::path find_program(const std::string& name) {
  const auto on_path = bp::search_path(name);
  if (!on_path.empty()) return on_path.string();
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder =
      cache && *cache ? fs::path(cache) : fs::path(home ? home : "/") / ".cache";
  const fs::path program = folder / "faultline/prometheus/bin" / name;
  return fs::exists(program) ? program : fs::path();
}

bool prometheus_is_here() {
  return !find_program("prometheus").empty() && !find_program("promtool").empty() &&
         !find_program("prometheus-pushgateway").empty();
}

// A server that says in its log, "Listening on", which free port it took.
class Server {
 public:
  Server(const std::string& program, std::vector<std::string> arguments, const fs::path& folder)
      : log_(folder / (program + ".log")) {
    arguments.push_back("--web.listen-address=127.0.0.1:0");
    child_ = bp::child(bp::exe = find_program(program).string(), bp::args = arguments,
                       bp::start_dir = folder.string(),
                       bp::std_in<bp::null, (bp::std_out & bp::std_err)> log_.string());
    EXPECT_TRUE(testing::eventually([&] { return !address().empty() || !child_.running(); }));
    EXPECT_TRUE(child_.running()) << content(log_);
  }
  ~Server() {
    ::kill(child_.id(), SIGTERM);
    child_.wait();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string address() const {
    const std::string log = content(log_);
    const std::string before = "msg=\"Listening on\" address=";
    const auto at = log.find(before);
    const auto end = log.find_first_of(" \n", at + before.size());
    if (at == log.npos || end == log.npos) return "";
    return log.substr(at + before.size(), end - at - before.size());
  }

 private:
  const fs::path log_;
  bp::child child_;
};

Finished promtool(const std::vector<std::string>& arguments, const fs::path& input = "/dev/null") {
  bp::ipstream out;
  bp::child child(bp::exe = find_program("promtool").string(), bp::args = arguments,
                  (bp::std_out & bp::std_err) > out, bp::std_in < input.string());
  std::ostringstream output;
  output << out.rdbuf();
  child.wait();
  return {child.exit_code(), output.str()};
}

// Of the format and of the names, by the rules of Prometheus. What prometheus-cpp says of
// itself (exposer_...) is not ours.
void expect_good_metrics(const std::string& text, const fs::path& folder) {
  std::istringstream lines(text);
  std::ostringstream own;
  for (std::string line; std::getline(lines, line);)
    if (line.find("exposer_") == std::string::npos) own << line << "\n";
  write(folder / "metrics", own.str());
  const Finished checked = promtool({"check", "metrics"}, folder / "metrics");
  EXPECT_EQ(checked.exit_code, 0) << checked.output << own.str();
  EXPECT_EQ(checked.output, "");
}

std::string encoded(const std::string& text) {
  const std::unique_ptr<char, decltype(&curl_free)> escaped(
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), curl_free);
  return escaped.get();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_NE(text.find(from), text.npos) << from;
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// Asks as Grafana asks, from the beginning of the run on.
class Prometheus {
 public:
  Prometheus(const std::string& scraped, const std::string& gateway, const fs::path& folder)
      : begin_(std::time(nullptr)),
        server_("prometheus", arguments(scraped, gateway, folder), folder) {}

  // The example of kind-config/monitoring, with other ports and faster.
  static std::vector<std::string> arguments(const std::string& scraped, const std::string& gateway,
                                            const fs::path& folder) {
    std::string config = content(monitoring / "prometheus.yml");
    config = replaced(config, "127.0.0.1:9464", scraped);
    config = replaced(config, "127.0.0.1:9091", gateway);
    config = replaced(config, "scrape_interval: 5s", "scrape_interval: 1s");
    config = replaced(config, "evaluation_interval: 30s", "evaluation_interval: 1s");
    write(folder / "prometheus.yml", config);
    fs::copy(monitoring / "faultline.rules.yaml", folder);
    return {"--config.file=prometheus.yml", "--storage.tsdb.path=data"};
  }

  json get(const std::string& path) const {
    const auto answer = http_get("http://" + server_.address() + "/api/v1/" + path, 30s);
    if (!answer) return {};
    const json body = json::parse(answer->body);
    EXPECT_EQ(body.value("status", ""), "success") << path << "\n" << answer->body;
    return body.value("data", json());
  }

  // Every value that the expression had, not a number left out.
  std::vector<double> values(const std::string& expression) const {
    const json data = get("query_range?step=1&start=" + std::to_string(begin_) + "&end=" +
                          std::to_string(std::time(nullptr)) + "&query=" + encoded(expression));
    std::vector<double> all;
    for (const json& series : data.value("result", json::array()))
      for (const json& point : series.at("values")) {
        const double value = std::stod(point.at(1).get<std::string>());
        if (!std::isnan(value)) all.push_back(value);
      }
    return all;
  }

 private:
  const std::time_t begin_;
  const Server server_;
};

// Wherever they stand in the dashboard, so that none is left out.
void gather_expressions(const json& node, std::vector<std::string>& found) {
  if (node.is_object() && node.contains("expr")) found.push_back(node.at("expr"));
  if (node.is_structured())
    for (const json& child : node) gather_expressions(child, found);
}

std::vector<std::string> expressions_of_the_dashboard() {
  std::vector<std::string> found;
  gather_expressions(json::parse(content(monitoring / "faultline.dashboard.json")), found);
  EXPECT_GE(found.size(), 15u);
  return found;
}

std::string as_grafana_fills_in(std::string expression) {
  for (const auto& [from, to] :
       {std::pair{"$__rate_interval", "4s"}, {"$operation", "publish|read"}})
    if (expression.find(from) != expression.npos) expression = replaced(expression, from, to);
  EXPECT_EQ(expression.find('$'), expression.npos) << expression;
  return expression;
}

bool has(const std::vector<double>& values, double wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

class PrometheusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("prometheus", prometheus_is_here());  // tools/install-prometheus
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(PrometheusTest, RulesAndTheExampleAreGood) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"check", "rules", (monitoring / "faultline.rules.yaml").string()},
        {"test", "rules", (monitoring / "faultline.rules.test.yaml").string()},
        {"check", "config", (monitoring / "prometheus.yml").string()}}) {
    const Finished checked = promtool(arguments);
    EXPECT_EQ(checked.exit_code, 0) << checked.output;
  }
}

TEST_F(PrometheusTest, EveryQueryOfTheDashboardIsAnsweredOfARealRun) {
  const end_to_end::Results results;
  const Server gateway("prometheus-pushgateway", {}, folder_.path());
  const fs::path file = folder_.path() / "faultline.prom";
  end_to_end::Program run({"run", end_to_end::scenario("brokers/3-leader-down.yaml").string(),
                           "--results", results.path().string(), "--metrics", "0", "--metrics-file",
                           file.string(), "--pushgateway", "http://" + gateway.address()});
  ASSERT_TRUE(run.wait_for_output("/metrics\n")) << run.output();
  const std::string url = run.output().substr(9, run.output().find('\n') - 9);
  ASSERT_TRUE(url.starts_with("http://127.0.0.1:")) << run.output();
  const Prometheus prometheus(url.substr(7, url.rfind('/') - 7), gateway.address(), folder_.path());

  ASSERT_TRUE(run.wait_for_output(" fault ")) << run.output();
  const auto scraped = http_get(url, 30s);
  ASSERT_TRUE(scraped);
  expect_good_metrics(scraped->body, folder_.path());
  const Finished finished = run.wait();
  ASSERT_EQ(finished.exit_code, 0) << finished.output;
  EXPECT_EQ(finished.output.find("not pushed"), std::string::npos) << finished.output;
  ASSERT_TRUE(
      testing::eventually([&] { return has(prometheus.values("faultline_suite_exit_code"), 0); }));

  for (const std::string& expression : expressions_of_the_dashboard())
    EXPECT_FALSE(prometheus.values(as_grafana_fills_in(expression)).empty()) << expression;

  const std::string killed =
      "faultline_fault_active{scenario=\"broker-leader\",fault=\"broker-kill\",target=\"leader\"}";
  EXPECT_TRUE(has(prometheus.values(killed), 0));
  EXPECT_TRUE(has(prometheus.values(killed), 1));
  EXPECT_TRUE(
      has(prometheus.values("count(count_over_time((faultline_broker_leader == 1)[10m:1s]))"), 2))
      << "another broker leads after the leader's death";
  EXPECT_TRUE(has(prometheus.values("faultline_verdict{checker=\"lost\"}"), 1));
  EXPECT_EQ(prometheus.get("label/operation/values?match[]=faultline_operations_total").size(), 6u);
  for (const json& group : prometheus.get("rules").at("groups"))
    for (const json& rule : group.at("rules")) {
      EXPECT_EQ(rule.at("health"), "ok") << rule;
      EXPECT_EQ(rule.at("state"), "inactive") << rule;
    }

  const std::string text = content(file);
  expect_good_metrics(text, folder_.path());
  const json judged = results.run_json("broker-leader");
  const auto acknowledged =
      end_to_end::check(judged, "lost")["counts"]["acknowledged"].get<std::uint64_t>();
  EXPECT_NE(text.find("faultline_operations_total{operation=\"publish\",outcome=\"ok\"} " +
                      std::to_string(acknowledged) + "\n"),
            std::string::npos)
      << acknowledged << "\n"
      << text;
  EXPECT_EQ(text.find("faultline_fault_active"), std::string::npos) << "nothing is broken any more";
  for (const json& check : judged.at("judgement").at("checks"))
    if (check.at("judged")) {
      EXPECT_NE(text.find("faultline_verdict{scenario=\"broker-leader\",checker=\"" +
                          check.at("check").get<std::string>() + "\"}"),
                std::string::npos)
          << check;
    }
}

}  // namespace
}  // namespace faultline
