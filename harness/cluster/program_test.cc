#include "harness/cluster/program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/cluster/process_table.h"
#include "harness/cluster/testing.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(Program, KeepsBothStreamsAndTheExitStatus) {
  const auto end = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(end.status, 3);
  EXPECT_EQ(end.output, "out\n");
  EXPECT_EQ(end.errors, "err\n");
}

TEST(Program, ASignalIsAStatusAsInTheShell) {
  EXPECT_EQ(run_program({"sh", "-c", "kill -TERM $$"}).status, 128 + SIGTERM);
}

TEST(Program, HandsOnLinesAsTheyCome) {
  std::vector<std::string> lines;
  ProgramOptions options;
  options.line = [&](const std::string& line) { lines.push_back(line); };
  run_program({"printf", "one\\ntwo\\nthree"}, options);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(Program, VariablesWhoseNamesAreLongerThanOthersEntries) {
  ProgramOptions options;
  options.environment = {{std::string(2'000, 'N'), "long"}, {"A", "1"}, {"PWD", "replaced"}};
  const auto end = run_program({"env"}, options);
  EXPECT_NE(end.output.find("NNN=long\n"), std::string::npos);
  EXPECT_NE(end.output.find("\nA=1\n"), std::string::npos);
  EXPECT_NE(end.output.find("PWD=replaced\n"), std::string::npos);
}

TEST(Program, ReadsMoreThanAPipeHolds) {
  const auto end = run_program({"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"});
  EXPECT_EQ(end.output.size(), 1'000'001u);  // its last line gets a newline
}

TEST(Program, TakesTooLong_ItsWholeGroupIsKilled) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("faultline-program-test." + std::to_string(::getpid()));
  ProgramOptions options;
  options.limit = 300ms;
  try {
    run_program({"sh", "-c", "sleep 1000 & echo $! > " + file.string() + "; wait"}, options);
    FAIL() << "it ended";
  } catch (const ClusterError& error) {
    EXPECT_NE(std::string(error.what()).find("not finished within"), std::string::npos);
  }
  int grandchild = 0;
  std::ifstream(file) >> grandchild;
  std::filesystem::remove(file);
  ASSERT_GT(grandchild, 0);
  while (process_start_time(grandchild)) std::this_thread::sleep_for(10ms);
}

TEST(Program, ClosesItsOutputAndTakesTooLong) {
  ProgramOptions options;
  options.limit = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(run_program({"sh", "-c", "exec >&- 2>&-; exec sleep 30"}, options), ClusterError);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST(Program, ClosesItsOutputBeforeItsEnd) {
  EXPECT_EQ(run_program({"sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 3"}).status, 3);
}

TEST(Program, IsCancelled) {
  ProgramOptions options;
  options.cancelled = [] { return true; };
  try {
    run_program({"sleep", "1000"}, options);
    FAIL() << "it ended";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "interrupted");
  }
}

TEST(Program, WhatItListsIsEnumerated) {
  EXPECT_EQ(enumerated(""), "");
  EXPECT_EQ(enumerated("nats-server (pid 7)\n"), "nats-server (pid 7)");
  EXPECT_EQ(enumerated("a\nb\nc"), "a, b, c");
}

TEST(Program, Sha256IsOfWhatTheFileHolds) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"-abc", "a\\b"}) {
    std::ofstream(folder.path() / name) << "abc";  // FIPS 180-2, appendix B.1
    EXPECT_EQ(sha256(folder.path() / name),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
  EXPECT_THROW(sha256(folder.path() / "none"), ClusterError);
}

TEST(Program, ThereIsNone) {
  try {
    run_program({"no-such-program-of-faultline"});
    FAIL() << "it ran";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "the program 'no-such-program-of-faultline' is not installed");
  }
}

TEST(Program, OutputOf_AFailureSaysWhatItComplainedOf) {
  EXPECT_EQ(output_of({"echo", "hello"}), "hello\n");
  try {
    output_of({"sh", "-c", "echo 'disk on fire' >&2; exit 1"});
    FAIL() << "it ended";
  } catch (const ClusterError& error) {
    EXPECT_STREQ(error.what(), "sh -c 'echo '\\''disk on fire'\\'' >&2; exit 1': disk on fire");
  }
}

}  // namespace
}  // namespace faultline
