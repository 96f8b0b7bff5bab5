#include "harness/jsonl.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

namespace faultline {
namespace {

Operation publish(std::uint32_t process, Value value, Time invoked, Time completed, Outcome outcome,
                  std::uint64_t sequence = 0) {
  Operation op;
  op.outcome = outcome;
  op.process = process;
  op.value = value;
  op.sequence = sequence;
  op.intended = op.invoked = invoked;
  op.completed = completed;
  return op;
}

Operation read(OperationKind kind, std::uint64_t sequence, Time invoked, Time completed,
               Answer answer, Value value = {}) {
  Operation op;
  op.kind = kind;
  op.outcome = Outcome::ok;
  op.answer = answer;
  op.process = 9;
  op.sequence = sequence;
  op.value = value;
  op.intended = op.invoked = invoked;
  op.completed = completed;
  return op;
}

std::string exported(const History& history) {
  std::ostringstream out;
  write_jsonl(history, out);
  return out.str();
}

TEST(Jsonl, AppendsAndReadsOfTheLog) {
  History h;
  h.header.run_id = "a \"run\"";
  h.operations = {
      publish(1, {1, 1}, 10, 30, Outcome::ok, 1),
      publish(2, {2, 1}, 20, 90, Outcome::unknown),
      read(OperationKind::read, 1, 30, 40, Answer::message, {1, 1}),
      read(OperationKind::drain_read, 3, 50, 60, Answer::absent),
  };
  EXPECT_EQ(exported(h),
            R"({"model":"log","ops":4,"clients":3,"keys":1,"run_id":"a \"run\"","left_out":0})"
            "\n"
            R"({"c":1,"f":"app","s":0,"e":3,"o":0,"v":1})"
            "\n"
            R"({"c":2,"f":"app","s":1,"e":-1,"v":2})"
            "\n"
            R"({"c":9,"f":"read","s":2,"e":4,"o":0,"v":1})"
            "\n"
            R"({"c":9,"f":"read","s":5,"e":6,"o":2,"v":-1})"
            "\n");
}

TEST(Jsonl, PartitionsAreKeys) {
  History h;
  h.header.partitions = 2;
  h.events = {{0, ProcessStarted{2, "producer", "", 2}}};
  h.operations = {publish(1, {1, 1}, 10, 20, Outcome::ok, 1),
                  publish(2, {2, 1}, 30, 40, Outcome::ok, 1)};
  EXPECT_EQ(exported(h), R"({"model":"log","ops":2,"clients":2,"keys":2,"run_id":"","left_out":0})"
                         "\n"
                         R"({"c":1,"f":"app","s":0,"e":1,"o":0,"v":1,"k":0})"
                         "\n"
                         R"({"c":2,"f":"app","s":2,"e":3,"o":0,"v":2,"k":1})"
                         "\n");
}

TEST(Jsonl, LeavesOutWhatSaysNothingAndCountsWhatCannotBeSaid) {
  History h;
  Operation unanswered = read(OperationKind::read, 1, 1, never, Answer::none);
  unanswered.outcome = Outcome::unknown;
  Operation refused_read = read(OperationKind::read, 1, 2, 3, Answer::none);
  refused_read.outcome = Outcome::fail;
  h.operations = {
      unanswered,
      refused_read,
      publish(1, {1, 1}, 4, 5, Outcome::fail),
      read(OperationKind::direct_read, 1, 6, 7, Answer::message, {1, 1}),
      read(OperationKind::deliver, 1, 6, 7, Answer::message, {1, 1}),
      read(OperationKind::ack, 1, 6, 7, Answer::none),
      read(OperationKind::read, 1, 8, 9, Answer::corrupt),
      read(OperationKind::read, 1, 8, 9, Answer::foreign),
      publish(1, {1, 2}, 10, 11, Outcome::ok, 0),
  };
  EXPECT_EQ(exported(h), R"({"model":"log","ops":0,"clients":0,"keys":1,"run_id":"","left_out":3})"
                         "\n");
}

// A read of what was refused, and of what nobody wrote, must stay visible.
TEST(Jsonl, AbortedAndPhantomReadsKeepTheirOwnNumbers) {
  History h;
  h.operations = {
      publish(1, {1, 1}, 1, 2, Outcome::fail),
      publish(1, {1, 2}, 3, 4, Outcome::ok, 1),
      read(OperationKind::read, 2, 5, 6, Answer::message, {1, 1}),
      read(OperationKind::read, 3, 7, 8, Answer::message, {7, 7}),
      read(OperationKind::read, 1, 9, 10, Answer::message, {1, 2}),
  };
  std::istringstream lines(exported(h));
  std::vector<int> values;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) values.push_back(nlohmann::json::parse(line).at("v"));
  EXPECT_EQ(values, (std::vector<int>{2, 1, 3, 2}));
}

TEST(Jsonl, RanksAreCompleteAndKeepRealTime) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    History h;
    Time now = 0;
    for (std::uint64_t i = 0; i < 30; ++i) {
      now += static_cast<Time>(random() % 3);
      const bool unknown = random() % 5 == 0;
      h.operations.push_back(publish(static_cast<std::uint32_t>(random() % 4), {1, i + 1}, now,
                                     now + static_cast<Time>(random() % 6),
                                     unknown ? Outcome::unknown : Outcome::ok, i + 1));
    }
    std::istringstream lines(exported(h));
    std::string line;
    std::getline(lines, line);
    std::set<std::int64_t> ranks;
    std::map<std::int64_t, std::pair<Time, bool>> moments;
    for (const Operation& op : h.operations) {
      ASSERT_TRUE(std::getline(lines, line));
      const auto json = nlohmann::json::parse(line);
      moments[json.at("s")] = {op.invoked, false};
      EXPECT_EQ(json.at("e") == -1, op.outcome == Outcome::unknown);
      if (json.at("e") != -1) moments[json.at("e")] = {op.completed, true};
    }
    std::int64_t expected = 0;
    std::pair<Time, bool> before{-1, false};
    for (const auto& [rank, moment] : moments) {
      ASSERT_EQ(rank, expected++);
      ASSERT_LE(before, moment);
      before = moment;
    }
  }
}

TEST(Jsonl, ARunIdThatIsNoUtf8IsNoError) {
  History h;
  h.header.run_id = "\xff";
  EXPECT_TRUE(nlohmann::json::accept(exported(h)));
}

}  // namespace
}  // namespace faultline
