// The container image of kind-config/cronjob, and its CronJob in a real cluster that tests the
// brokers that are there.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"
#include "harness/end_to_end_kind.h"
#include "harness/end_to_end_staging.h"
#include "harness/kubernetes/manifests.h"

namespace faultline::end_to_end {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr unsigned user_of_image = 65532;
constexpr const char* image = "faultline/container-test:1";
constexpr const char* home = "messaging";
constexpr const char* volume_folder = "/var/lib/messaging-faultline";  // on the control plane

const KindTestCluster cluster{FAULTLINE_KIND_CLUSTER};

fs::path source(const std::string& path) { return fs::path(FAULTLINE_SOURCE_FOLDER) / path; }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string read(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const ProgramOptions patient{.limit = 10min};

// Of the program as it was built here. What Docker has of it already is not built again, so
// the package is the same to the byte.
void build_image() {
  const Results package;
  ProgramOptions same_each_time = patient;
  same_each_time.environment = {{"SOURCE_DATE_EPOCH", "0"}};
  output_of({"cpack", "--config", FAULTLINE_BUILD_FOLDER "/CPackConfig.cmake", "-B",
             package.path().string()},
            same_each_time);
  fs::remove_all(package.path() / "_CPack_Packages");
  const auto base = output_of({source("kind-config/node-image/base-image").string()}, patient);
  output_of({"docker", "build", "--quiet", "--network", "host", "--build-arg",
             "BASE=" + first_line(base), "--tag", image, "--file",
             source("kind-config/cronjob/Dockerfile").string(), package.path().string()},
            patient);
}

class Container : public ::testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("kind", missing_for_kind().empty());
    build_image();
    if (::geteuid() == 0) fs::permissions(data_.path(), fs::perms::all);
  }

  // As tight as the CronJob's pod.
  std::vector<std::string> command(const std::vector<std::string>& of_docker,
                                   const std::vector<std::string>& arguments) const {
    const auto nats = first_line(output_of({source("tools/install-nats").string()}, patient));
    std::vector<std::string> words{"docker", "run"};
    words.insert(words.end(), of_docker.begin(), of_docker.end());
    words.insert(words.end(),
                 {"--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
                  "--volume", data_.path().string() + ":/var/lib/faultline", "--volume",
                  nats + ":/usr/local/bin/nats-server:ro"});
    if (::geteuid() != 0) words.insert(words.end(), {"--user", std::to_string(::geteuid()) + ":0"});
    words.push_back(image);
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  ProgramEnd run(const std::vector<std::string>& arguments) const {
    return run_program(command({"--rm"}, arguments), patient);
  }

  const std::vector<std::string> leader_down_{"run", "1.3", "--broker-binary",
                                              "/usr/local/bin/nats-server"};
  const Results data_;
};

TEST_F(Container, RunsAsNobodySpecialOnAReadOnlyRoot) {
  EXPECT_EQ(output_of({"docker", "inspect", "--format", "{{.Config.User}}", image}),
            "65532:65532\n");
  EXPECT_TRUE(run({"--version"}).output.starts_with("faultline "));
  EXPECT_TRUE(says(run({"list"}).output, "broker-leader")) << "the catalogue is in it";
  EXPECT_TRUE(says(run({"doctor"}).output, "root                absent"));

  const ProgramEnd end = run(leader_down_);
  EXPECT_EQ(end.status, 0) << end.output << end.errors;
  const fs::path run_folder = data_.path() / "results" / "latest" / "broker-leader";
  EXPECT_TRUE(says(read(run_folder / "report.html"), "broker-leader"));
  const Finished again = faultline({"check", run_folder.string()});
  EXPECT_EQ(again.exit_code, 0) << again.output;
  struct stat history {};
  ASSERT_EQ(::stat((run_folder / "history.flt").c_str(), &history), 0);
  EXPECT_EQ(history.st_uid, ::geteuid() == 0 ? user_of_image : ::geteuid());
}

// As the kubelet ends it, at the Job's deadline for one.
TEST_F(Container, HealsWhenItIsStopped) {
  const auto id = first_line(output_of(command({"--detach"}, leader_down_)));
  const auto log = [&] { return run_program({"docker", "logs", id}).output; };
  EXPECT_TRUE(testing::eventually([&] { return says(log(), "broker-kill leader"); }));
  output_of({"docker", "stop", "--time", "50", id});
  EXPECT_EQ(output_of({"docker", "inspect", "--format", "{{.State.ExitCode}}", id}), "130\n");
  EXPECT_TRUE(says(log(), "interrupted: healed")) << log();
  output_of({"docker", "rm", id});
}

TEST_F(Container, WhatCannotBeIsOneLine) {
  const ProgramEnd no_volume = run_program({"docker", "run", "--rm", "--read-only", image, "run"});
  EXPECT_EQ(no_volume.status, 254);
  EXPECT_EQ(std::ranges::count(no_volume.errors, '\n'), 1) << no_volume.errors;
  EXPECT_TRUE(says(no_volume.errors, "choose a folder")) << no_volume.errors;

  const fs::path target = source("kind-config/cronjob/target.yaml");
  fs::copy_file(target, data_.path() / "target.yaml");
  const ProgramEnd no_pod = run(
      {"plan", "1.3", "--provider", "kubernetes", "--target", "/var/lib/faultline/target.yaml"});
  EXPECT_EQ(no_pod.status, 254);
  EXPECT_EQ(std::ranges::count(no_pod.errors, '\n'), 1) << no_pod.errors;
  EXPECT_TRUE(says(no_pod.errors, "this is no pod")) << no_pod.errors;
}

// kind-config/cronjob in the cluster of SomebodysBrokers. Each worker has a broker of theirs, so
// its pods go to the control plane.
class CronJob {
 public:
  explicit CronJob(const fs::path& folder)
      : api_(read_kubeconfig(kind_files(folder, cluster.name()).kubeconfig)) {
    output_of({"kind", "load", "docker-image", image, "--name", cluster.name(), "--nodes",
               cluster.name() + "-control-plane"},
              patient);
    make_volume();
    api_.create_from_manifest(target());
    api_.create_from_manifest(secret(folder));
    for (json object : read_manifests(source("kind-config/cronjob/cronjob.yaml"), {}))
      create(std::move(object));
  }

  ~CronJob() {
    try {
      cluster.kubectl("delete --namespace messaging --ignore-not-found cronjob/faultline");
      cluster.kubectl("delete --namespace messaging --ignore-not-found jobs --all");
      // A busy kubelet may take minutes to say that it is gone; the cluster itself goes soon.
      cluster.kubectl(
          "delete --namespace messaging --ignore-not-found --force --grace-period 0 "
          "pod/faultline-results");
      cluster.kubectl("delete --namespace messaging --ignore-not-found pvc/faultline");
      remove_volume();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "left in the cluster: " << error.what();
    }
  }

  CronJob(const CronJob&) = delete;
  CronJob& operator=(const CronJob&) = delete;

  // Its end: "Complete", "Failed", or nothing within three minutes.
  std::string run(const std::string& name, const std::vector<std::string>& arguments) {
    json job =
        api_.get(resource_path(version_, home, "cronjobs", "faultline"))["spec"]["jobTemplate"];
    job["apiVersion"] = "batch/v1";
    job["kind"] = "Job";
    job["metadata"] = {{"name", name}, {"namespace", home}};
    job["spec"]["template"]["spec"]["containers"][0]["args"] = arguments;
    api_.create_from_manifest(job);
    std::string end;
    const auto deadline = std::chrono::steady_clock::now() + 3min;
    while (end.empty() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1s);
      end = first_line(cluster.kubectl(
          "get job/" + name + " --namespace messaging -o jsonpath='{.status.conditions[*].type}'"));
    }
    return end;
  }

  std::string log(const std::string& job, const std::string& container = "faultline") const {
    return cluster.kubectl("logs --namespace messaging --container " + container + " job/" + job);
  }

  // What Kubernetes itself keeps of how it ended.
  std::string message(const std::string& job) const {
    return cluster.kubectl("get pods --namespace messaging --selector job-name=" + job +
                           " -o jsonpath='{.items[*].status.containerStatuses[*].state.terminated."
                           "message}'");
  }

  // As docs/cronjob.md says: a command in the pod that reads the results.
  std::string in_results(const std::string& command) {
    if (!std::exchange(reader_is_there_, true)) {
      for (json object : read_manifests(source("kind-config/cronjob/results.yaml"), {}))
        create(std::move(object));
      cluster.kubectl(
          "wait --namespace messaging --for=condition=Ready pod/faultline-results --timeout=55s");
    }
    return cluster.kubectl("exec --namespace messaging faultline-results -- " + command);
  }

  // Of the files that are copied out of it, what this pattern finds.
  std::string copied_results(const std::string& pattern) {
    const std::string copy = "/tmp/faultline-results";
    cluster.kubectl("cp messaging/faultline-results:results " + copy);
    return cluster.in_node(cluster.name() + "-control-plane",
                           "cat " + copy + "/" + pattern + " && rm -rf " + copy);
  }

 private:
  // Where the volume's driver does not do it, as this one: what fsGroup says.
  void make_volume() {
    remove_volume();
    const auto node = cluster.name() + "-control-plane";
    cluster.in_node(
        node, std::string("mkdir ") + volume_folder + " && chown 65532:65532 " + volume_folder);
    api_.create_from_manifest({{"apiVersion", "v1"},
                               {"kind", "PersistentVolume"},
                               {"metadata", {{"name", "messaging-faultline"}}},
                               {"spec",
                                {{"capacity", {{"storage", "5Gi"}}},
                                 {"accessModes", {"ReadWriteOnce"}},
                                 {"claimRef", {{"namespace", home}, {"name", "faultline"}}},
                                 {"storageClassName", "messaging"},
                                 {"hostPath", {{"path", volume_folder}, {"type", "Directory"}}}}}});
  }

  static void remove_volume() {
    cluster.kubectl("delete --ignore-not-found persistentvolume/messaging-faultline");
    cluster.in_node(cluster.name() + "-control-plane", std::string("rm -rf ") + volume_folder);
  }

  static json target() {
    json file = read_manifests(source("kind-config/cronjob/target.yaml"), {}).at(0);
    const auto address = first_line(cluster.kubectl(
        "get service/kubernetes --namespace default -o jsonpath='{.spec.clusterIP}'"));
    file["spec"]["cluster"]["server"] = "https://" + address + ":443";
    json& client = file["spec"]["brokers"]["client"];
    for (auto& [pod, url] : client["urls"].items())
      url = "tls" + url.get<std::string>().substr(std::string("nats").size());
    client["ca_file"] = "ca.pem";
    client["user"] = "app";
    client["password_file"] = "password";
    file["spec"]["allow"].erase("times");
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", "faultline-target"}, {"namespace", home}}},
            {"data", {{"target.yaml", file.dump(2)}}}};
  }

  static json secret(const fs::path& folder) {
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata", {{"name", "faultline-broker"}, {"namespace", home}}},
            {"stringData",
             {{"ca.pem", read(folder / "ca.pem")}, {"password", read(folder / "password")}}}};
  }

  // With what differs in this cluster.
  void create(json object) {
    if (object["kind"] == "PersistentVolumeClaim") object["spec"]["storageClassName"] = "messaging";
    if (object["kind"] == "CronJob") {
      object["apiVersion"] = version_ =
          api_.serves("batch/v1", "cronjobs") ? "batch/v1" : "batch/v1beta1";
      adapt(object["spec"]["jobTemplate"]["spec"]["template"]["spec"]);
    }
    if (object["kind"] == "Pod") adapt(object["spec"]);
    api_.create_from_manifest(object);
  }

  static void adapt(json& pod) {
    for (const char* kind : {"initContainers", "containers"})
      if (pod.contains(kind)) pod[kind][0]["image"] = image;
    pod["nodeSelector"] = {{"kubernetes.io/hostname", cluster.name() + "-control-plane"}};
    pod["tolerations"] = {{{"operator", "Exists"}, {"effect", "NoSchedule"}}};
  }

  Kubernetes api_;  // as the cluster's administrator
  std::string version_;
  bool reader_is_there_ = false;
};

TEST_F(Container, CronJobTestsTheBrokersThatAreThere) {
  const Results files;
  SomebodysBrokers brokers(cluster, files.path());
  CronJob cron_job(files.path());
  const std::vector<std::string> of_this_cluster{"--provider=kubernetes",
                                                 "--target=/etc/faultline/target.yaml"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), of_this_cluster.begin(), of_this_cluster.end());
    return words;
  };

  EXPECT_EQ(cron_job.run("refused", with({"run", "1.3"})), "Failed") << "nobody agreed";
  EXPECT_TRUE(says(cron_job.message("refused"), "--yes")) << cron_job.log("refused");

  const auto pods = brokers.pods();
  ASSERT_EQ(cron_job.run("nightly", with({"run", "1.3", "--yes"})), "Complete")
      << cron_job.log("nightly");
  EXPECT_TRUE(says(cron_job.log("nightly"), "PASS  1.3 broker-leader")) << cron_job.log("nightly");
  EXPECT_TRUE(says(cron_job.log("nightly", "prune"), "there are no results in"))
      << "and the run went on: " << cron_job.log("nightly", "prune");
  EXPECT_NE(brokers.pods(), pods) << "a broker was killed";
  EXPECT_TRUE(brokers.become_clean()) << brokers.leftovers();

  EXPECT_EQ(cron_job.in_results("id -u"), "65532\n");
  EXPECT_TRUE(says(cron_job.in_results("faultline check results/latest"), "pass"));
  const auto run = json::parse(cron_job.in_results("cat results/latest/broker-leader/run.json"));
  EXPECT_EQ(run["outcome"], "pass");
  EXPECT_EQ(run["provider"], "kubernetes");
  EXPECT_TRUE(says(cron_job.in_results("faultline trends"), "broker-leader"));
  EXPECT_NO_THROW(cron_job.in_results("faultline prune --keep 20 --failing-too"));
  EXPECT_TRUE(says(cron_job.copied_results("*/index.html"), "<html"));
}

}  // namespace
}  // namespace faultline::end_to_end
