// Runs with workers and volumes on this machine, and what they may leave on it.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "harness/end_to_end.h"

namespace faultline::end_to_end {

// What this machine has of Faultline's kind, a line each: namespaces, links, mounts and their
// folders, loop devices, images and processes below `results`, journals.
std::set<std::string> traces(const Results& results);

// The traces of a results folder that were not there when this was made.
class Leftovers {
 public:
  explicit Leftovers(const Results& results) : results_(results), before_(traces(results)) {}

  std::string now() const;              // a line each; empty: none
  std::string after_some_time() const;  // the kernel takes links away some time later

 private:
  const Results& results_;
  const std::set<std::string> before_;
};

// Needs root.
class Local : public ::testing::Test {
 protected:
  void SetUp() override;

  std::vector<std::string> run(const std::string& file) const;  // arguments

  // Ends as it should, judged alike from the history alone, and leaves nothing.
  void expect_run(const std::string& file, int exit_code);

  const Results results_;
  const Leftovers left_{results_};
};

}  // namespace faultline::end_to_end
