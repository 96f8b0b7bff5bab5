#include "workloads/recorder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <system_error>
#include <thread>

#include "checkers/history_file.h"

namespace faultline {
namespace {

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() { std::filesystem::create_directory(folder_); }
  ~RecorderTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "history"; }

  static Header header() {
    Header h;
    h.run_id = "run-1";
    h.scenario_text = "apiVersion: faultline/v1\n";
    h.seed = 42;
    h.monotonic = monotonic_now();
    h.expectations.writes = Promise::pause;
    return h;
  }

  // Runs `body` in a process of its own; returns its wait status.
  template <typename Body>
  static int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      int status = 99;
      try {
        status = body();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "child: %s\n", error.what());
      }
      ::_exit(status);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  static void limit_file_size(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("faultline-recorder-" + std::to_string(std::random_device{}()) + "-" +
       std::to_string(::getpid()));
};

Invocation publish(std::uint32_t process, std::uint64_t counter) {
  return {OperationKind::publish, process, 100, {process, counter}, 0, 0};
}

Completion acknowledged(std::uint64_t sequence) {
  Completion c;
  c.outcome = Outcome::ok;
  c.sequence = sequence;
  return c;
}

// Publishes 1, 2, 3, ... acknowledged as such: what any beginning must hold.
void expect_numbered_publishes(const History& h) {
  for (std::size_t i = 0; i < h.operations.size(); ++i) {
    const Operation& op = h.operations[i];
    ASSERT_EQ(op.value.counter, i + 1);
    ASSERT_EQ(op.size, 100u);
    if (op.completed == never) {
      ASSERT_EQ(op.outcome, Outcome::unknown);
      ASSERT_EQ(op.sequence, 0u);
    } else {
      ASSERT_EQ(op.outcome, Outcome::ok);
      ASSERT_EQ(op.sequence, i + 1);
      ASSERT_GE(op.completed, op.invoked);
    }
  }
}

TEST_F(RecorderTest, WhatIsRecordedIsRead) {
  const Header h = header();
  Time answered = 0, noted = 0;
  {
    Recorder recorder(file(), h);
    const std::uint32_t producer = recorder.new_process("producer", "");
    const std::uint32_t durable = recorder.new_process("durable", "group");
    EXPECT_NE(producer, durable);
    Invocation late = publish(producer, 1);
    late.intended = h.monotonic - 5;
    const OperationId first = recorder.invoke(late);
    const OperationId second = recorder.invoke({OperationKind::deliver, durable, 0, {}, 0, 0});
    recorder.invoke({OperationKind::read, durable, 0, {}, 7, 0});
    noted = recorder.event(Note{"between"});
    answered =
        recorder.complete(second, {Outcome::ok, Answer::message, false, 2, {producer, 1}, 1});
    recorder.complete(first, {Outcome::ok, Answer::none, true, 0, {}, 1});
    EXPECT_EQ(recorder.error(), std::nullopt);
  }
  const History read = read_history(file());
  EXPECT_TRUE(read.closed);
  EXPECT_EQ(read.damage, "");
  EXPECT_EQ(read.header, h);
  ASSERT_EQ(read.events.size(), 3u);
  EXPECT_EQ(read.events[0].what, decltype(Event::what)(ProcessStarted{1, "producer", ""}));
  EXPECT_EQ(read.events[1].what, decltype(Event::what)(ProcessStarted{2, "durable", "group"}));
  EXPECT_EQ(read.events[2], (Event{noted, Note{"between"}}));
  ASSERT_EQ(read.operations.size(), 3u);
  const Operation& published = read.operations[0];
  EXPECT_EQ(published.intended, h.monotonic - 5);
  EXPECT_EQ(published.value, (Value{1, 1}));
  EXPECT_EQ(published.sequence, 1u);
  EXPECT_EQ(published.size, 100u);
  EXPECT_TRUE(published.duplicate);
  EXPECT_GE(published.completed, answered);
  const Operation& delivered = read.operations[1];
  EXPECT_EQ(delivered.kind, OperationKind::deliver);
  EXPECT_EQ(delivered.intended, delivered.invoked);
  EXPECT_EQ(delivered.completed, answered);
  EXPECT_EQ(delivered.answer, Answer::message);
  EXPECT_EQ(delivered.deliveries, 2u);
  EXPECT_EQ(delivered.value, (Value{1, 1}));
  EXPECT_EQ(delivered.sequence, 1u);
  const Operation& unanswered = read.operations[2];
  EXPECT_EQ(unanswered.sequence, 7u);
  EXPECT_EQ(unanswered.outcome, Outcome::unknown);
  EXPECT_EQ(unanswered.completed, never);
}

TEST_F(RecorderTest, ThreadsDoNotDisturbEachOther) {
  constexpr std::uint64_t each = 20'000;
  {
    Recorder recorder(file(), header());
    std::vector<std::thread> clients;
    for (std::uint32_t t = 0; t < 4; ++t) {
      clients.emplace_back([&recorder, t] {
        const std::uint32_t process = recorder.new_process("producer", "");
        for (std::uint64_t n = 1; n <= each; ++n) {
          const OperationId id = recorder.invoke(publish(process, n));
          recorder.complete(id, acknowledged(4 * n + t));
          if (n % 1000 == 0) recorder.event(Note{"a thousand"});
          if (n % 5000 == 0) recorder.flush();
        }
      });
    }
    for (std::thread& client : clients) client.join();
  }
  const History read = read_history(file());
  EXPECT_TRUE(read.closed);
  EXPECT_EQ(read.damage, "");
  ASSERT_EQ(read.operations.size(), 4 * each);
  EXPECT_EQ(read.events.size(), 4 + 4 * each / 1000);
  std::map<std::uint32_t, std::uint64_t> last;
  std::map<std::uint32_t, std::uint64_t> remainder;
  Time before = 0;
  for (const Operation& op : read.operations) {
    ASSERT_EQ(op.value.counter, ++last[op.process]);
    ASSERT_EQ(op.sequence / 4, op.value.counter);
    remainder.try_emplace(op.process, op.sequence % 4);
    ASSERT_EQ(op.sequence % 4, remainder[op.process]);
    ASSERT_GE(op.invoked, before);
    before = op.invoked;
  }
}

TEST_F(RecorderTest, RecordsAfterCloseAreIgnored) {
  Recorder recorder(file(), header());
  const OperationId open = recorder.invoke(publish(1, 1));
  recorder.close();
  recorder.complete(open, acknowledged(1));
  recorder.complete(recorder.invoke(publish(1, 2)), acknowledged(2));
  recorder.event(Note{"late"});
  recorder.flush();
  recorder.close();
  const History read = read_history(file());
  EXPECT_TRUE(read.closed);
  EXPECT_EQ(read.events.size(), 0u);
  ASSERT_EQ(read.operations.size(), 1u);
  EXPECT_EQ(read.operations[0].completed, never);
}

TEST_F(RecorderTest, AnExistingFileIsNotOverwritten) {
  Recorder recorder(file(), header());
  try {
    Recorder again(file(), header());
    FAIL() << "overwrote";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::file_exists) << error.what();
  }
}

TEST_F(RecorderTest, AMissingFolderIsAnError) {
  EXPECT_THROW(Recorder(file() / "none" / "history", header()), std::system_error);
}

TEST_F(RecorderTest, IsFlushedWithinASecondWithoutBeingAsked) {
  Recorder recorder(file(), header());
  recorder.complete(recorder.invoke(publish(1, 1)), acknowledged(1));
  // However slow the machine: waits for it, and hangs (a failed test) if never.
  while (read_history(file()).operations.empty()) std::this_thread::yield();
  const History read = read_history(file());
  EXPECT_FALSE(read.closed);
  EXPECT_EQ(read.operations[0].sequence, 1u);
}

TEST_F(RecorderTest, AfterSigkillAllThatWasFlushedIsRead) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Recorder recorder(file(), header());
    for (std::uint64_t n = 1;; ++n) {
      recorder.complete(recorder.invoke(publish(1, n)), acknowledged(n));
      if (n == 5000) {
        recorder.flush();
        if (::write(pipe[1], "f", 1) != 1) ::_exit(1);
      }
    }
  }
  char flushed = 0;
  ASSERT_EQ(::read(pipe[0], &flushed, 1), 1);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe[0]);
  ::close(pipe[1]);
  ASSERT_TRUE(WIFSIGNALED(status));
  const History read = read_history(file());
  EXPECT_FALSE(read.closed);
  EXPECT_NE(read.damage, "");
  EXPECT_GE(read.operations.size(), 5000u);
  expect_numbered_publishes(read);
  for (std::size_t i = 0; i < 5000; ++i) ASSERT_NE(read.operations[i].completed, never);
}

TEST_F(RecorderTest, AFullDiskIsToldAndLeavesAReadableBeginning) {
  constexpr rlim_t limit = 300'000;
  const int status = in_child([&] {
    limit_file_size(limit);
    Recorder recorder(file(), header());
    for (std::uint64_t n = 1; n <= 50'000; ++n) {
      recorder.complete(recorder.invoke(publish(1, n)), acknowledged(n));
    }
    recorder.flush();
    const std::optional<std::string> error = recorder.error();
    if (!error || error->find("File too large") == std::string::npos) return 1;
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    for (std::uint64_t n = 1; n <= 500'000; ++n) {
      recorder.complete(recorder.invoke(publish(1, n)), acknowledged(n));
    }
    ::getrusage(RUSAGE_SELF, &after);
    if (after.ru_maxrss - before.ru_maxrss > 5 * 1024) return 2;  // KiB; the records are more
    recorder.close();
    return recorder.error() ? 0 : 3;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(std::filesystem::file_size(file()), limit);
  const History read = read_history(file());
  EXPECT_FALSE(read.closed);
  EXPECT_TRUE(read.damage.starts_with("torn at byte")) << read.damage;
  EXPECT_GT(read.operations.size(), 10'000u);
  expect_numbered_publishes(read);
}

TEST_F(RecorderTest, AHeaderThatCannotBeWrittenThrowsAndLeavesNoFile) {
  const int status = in_child([&] {
    limit_file_size(20);
    try {
      Recorder recorder(file(), header());
    } catch (const std::system_error& error) {
      return error.code() == std::errc::file_too_large ? 0 : 1;
    }
    return 2;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(RecorderTest, MemoryIsFlatWhateverTheLength) {
  const int status = in_child([&] {
    Recorder recorder(file(), header());
    const auto record = [&](std::uint64_t operations) {
      for (std::uint64_t n = 1; n <= operations; ++n) {
        const OperationId id = recorder.invoke(publish(1, n));
        if (n % 10 != 0) recorder.complete(id, acknowledged(n));  // some never complete
      }
      recorder.flush();
      rusage usage{};
      ::getrusage(RUSAGE_SELF, &usage);
      return usage.ru_maxrss;
    };
    const long before = record(50'000);
    return record(500'000) - before > 5 * 1024 ? 1 : 0;  // KiB; the records are more
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GT(std::filesystem::file_size(file()), 5u << 20);  // more than the memory allowed
}

// From what was read, not by the recorder: the tally of the operations that have an end.
Tally tally_of(const History& history) {
  Tally tally{};
  for (const Operation& op : history.operations) {
    if (op.completed == never) continue;
    OperationTally& own = tally[static_cast<std::size_t>(op.kind)];
    ++own.ends[static_cast<std::size_t>(op.outcome)];
    if (op.outcome != Outcome::ok) continue;
    const Duration took = op.completed - op.invoked;
    std::size_t bound = 0;
    while (bound < duration_bounds.size() && duration_bounds[bound] < took) ++bound;
    ++own.durations[bound];
    own.total += took;
  }
  return tally;
}

TEST_F(RecorderTest, TalliesWhatTheHistoryHolds) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Tally told;
  {
    Recorder recorder(file(), header());
    const auto client = [&](std::uint32_t process) {
      std::mt19937 random(seed + process);
      std::vector<OperationId> under_way;
      for (int i = 0; i < 2'000; ++i) {
        const auto kind = static_cast<OperationKind>(random() % 6);
        under_way.push_back(recorder.invoke({kind, process, 0, {}, 0, 0}));
        if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
        if (random() % 3 == 0) continue;
        const std::size_t chosen = random() % under_way.size();
        Completion completion;
        completion.outcome = static_cast<Outcome>(random() % 3);
        recorder.complete(under_way[chosen], completion);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(chosen));
      }
    };
    std::jthread other(client, 1);
    client(2);
    other.join();
    told = recorder.tally();
  }
  EXPECT_EQ(told, tally_of(read_history(file())));
}

TEST(TallyTest, ABoundBelongsToItsClass) {
  OperationTally tally;
  tally.count(Outcome::ok, duration_bounds[3]);
  tally.count(Outcome::ok, duration_bounds[3] + 1);
  tally.count(Outcome::ok, duration_bounds.back() + 1);
  tally.count(Outcome::unknown, 3 * second);
  EXPECT_EQ(tally.durations[3], 1u);
  EXPECT_EQ(tally.durations[4], 1u);
  EXPECT_EQ(tally.durations.back(), 1u);
  EXPECT_EQ(tally.ends, (std::array<std::uint64_t, 3>{3, 0, 1}));
  EXPECT_EQ(tally.total, 2 * duration_bounds[3] + duration_bounds.back() + 2);
}

}  // namespace
}  // namespace faultline
