// Runs the real program with real brokers, as a user would: for the tests.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace faultline::end_to_end {

struct Finished {
  int exit_code = 0;
  std::string output;  // standard output and standard error
};

// A results folder that is removed at the end.
class Results {
 public:
  Results();
  ~Results();
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path run(const std::string& scenario) const;  // of the newest suite
  nlohmann::json run_json(const std::string& scenario) const;

 private:
  std::filesystem::path path_;
};

// Runs of a test keep their journals below its results: `heal` of somebody else's run does not
// meet them, nor theirs the runs of others. What is left at the end is healed.
class OwnJournals {
 public:
  explicit OwnJournals(const Results&);
  ~OwnJournals();
  OwnJournals(const OwnJournals&) = delete;
  OwnJournals& operator=(const OwnJournals&) = delete;

 private:
  const std::optional<std::string> before_;  // the variable of the environment
};

// The program, under way. Killed if it still runs at the end.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // True once its output has `text`; false if it ends before.
  bool wait_for_output(const std::string& text);
  void signal(int number);
  Finished wait();
  std::string output() const;
  int pid() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

Finished faultline(const std::vector<std::string>& arguments);
std::filesystem::path program();
std::filesystem::path scenario(const std::string& below_scenarios);

// Processes whose command line names the folder.
std::vector<int> processes_of(const std::filesystem::path& folder);
bool become_none(const std::function<std::vector<int>()>& processes);  // within 10 s

// The check of that name in a run.json; fails the test if there is none.
nlohmann::json check(const nlohmann::json& run, const std::string& name);

}  // namespace faultline::end_to_end
