#include "harness/end_to_end.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <boost/process.hpp>
#include <fstream>
#include <sstream>
#include <thread>

namespace faultline::end_to_end {
namespace {

namespace bp = boost::process;
namespace fs = std::filesystem;

constexpr std::chrono::milliseconds look_interval{50};
constexpr const char* state_variable = "FAULTLINE_STATE_DIR";

std::string read_file(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

fs::path new_folder() {
  std::string pattern = (fs::temp_directory_path() / "faultline-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category());
  return pattern;
}

}  // namespace

Results::Results() : path_(new_folder()) {}

Results::~Results() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

OwnJournals::OwnJournals(const Results& results) : before_(environment(state_variable)) {
  ::setenv(state_variable, (results.path() / "journals").c_str(), 1);
}

OwnJournals::~OwnJournals() {
  faultline({"heal"});
  before_ ? ::setenv(state_variable, before_->c_str(), 1) : ::unsetenv(state_variable);
}

fs::path Results::run(const std::string& scenario) const { return path_ / "latest" / scenario; }

nlohmann::json Results::run_json(const std::string& scenario) const {
  return nlohmann::json::parse(read_file(run(scenario) / "run.json"));
}

struct Program::Implementation {
  Results folder;
  fs::path output = folder.path() / "output";
  bp::child child;
};

Program::Program(const std::vector<std::string>& arguments)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->child =
      bp::child(bp::exe = FAULTLINE_PROGRAM, bp::args = arguments,
                bp::std_in<bp::null, (bp::std_out & bp::std_err)> implementation_->output.string());
}

Program::~Program() {
  if (!implementation_->child.running()) return;
  ::kill(pid(), SIGKILL);
  implementation_->child.wait();
}

bool Program::wait_for_output(const std::string& text) {
  for (;;) {
    const bool running = implementation_->child.running();
    if (output().find(text) != std::string::npos) return true;
    if (!running) return false;
    std::this_thread::sleep_for(look_interval);
  }
}

void Program::signal(int number) { ::kill(pid(), number); }

Finished Program::wait() {
  implementation_->child.wait();
  return {implementation_->child.exit_code(), output()};
}

std::string Program::output() const { return read_file(implementation_->output); }

int Program::pid() const { return implementation_->child.id(); }

Finished faultline(const std::vector<std::string>& arguments) { return Program(arguments).wait(); }

fs::path program() { return FAULTLINE_PROGRAM; }

fs::path scenario(const std::string& below_scenarios) {
  return fs::path(FAULTLINE_SOURCE_FOLDER) / "scenarios" / below_scenarios;
}

std::vector<int> processes_of(const fs::path& folder) {
  std::vector<int> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_file(entry.path() / "cmdline").find(fs::canonical(folder).string()) !=
        std::string::npos)
      found.push_back(std::stoi(name));
  }
  return found;
}

bool become_none(const std::function<std::vector<int>()>& processes) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!processes().empty()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(look_interval);
  }
  return true;
}

nlohmann::json check(const nlohmann::json& run, const std::string& name) {
  for (const auto& check : run.at("judgement").at("checks"))
    if (check.at("check") == name) return check;
  ADD_FAILURE() << "no check " << name;
  return nlohmann::json{{"verdict", ""}, {"counts", nlohmann::json::object()}};
}

}  // namespace faultline::end_to_end
