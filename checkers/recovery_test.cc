#include "checkers/recovery.h"

#include <gtest/gtest.h>

#include "checkers/testing_run.h"

namespace faultline {
namespace {

using testing::count;
using testing::RunBuilder;

constexpr Time strike = RunBuilder::strike;
constexpr Time heal = RunBuilder::heal;
constexpr Time healed = RunBuilder::healed;
constexpr Time drain = RunBuilder::drain;
constexpr auto all = {Service::writes, Service::reads, Service::deliveries};

// Somebody writes all the time, more than is delivered: there is always a message that is due.
RunBuilder& something_due(RunBuilder& run) {
  return run.serve(Service::writes, 0, drain).serve(Service::writes, 0, drain);
}

RunBuilder back_at(Time time, Resume resume, std::size_t hit = 2,
                   Service service = Service::writes) {
  RunBuilder run;
  if (service == Service::deliveries) something_due(run);
  run.fault(hit).serve_all(0, strike).attempt_all(strike, time).serve_all(time, drain);
  run.expect().resume = resume;
  return run;
}

CheckResult check(const RunBuilder& run, Service service = Service::writes) {
  return check_recovery(run.build(), service);
}

TEST(Recovery, InTimeAndTooLate) {
  for (const Resume resume : {Resume::quorum, Resume::healed}) {
    for (const Service service : all) {
      const CheckResult in_time = check(back_at(healed + 29 * second, resume, 2, service), service);
      EXPECT_EQ(in_time.verdict, Verdict::pass) << in_time.reason;
      EXPECT_EQ(count(in_time.counts, "recovered_after_ns"), 29'001'000'000u);
      const CheckResult late = check(back_at(healed + 31 * second, resume, 2, service), service);
      EXPECT_EQ(late.verdict, Verdict::fail) << late.reason;
      EXPECT_EQ(late.reason.rfind("recovery: ", 0), 0u);
      EXPECT_EQ(count(late.counts, "recovered_after_ns"), 31'001'000'000u);
      ASSERT_EQ(late.samples.size(), 1u);
      EXPECT_EQ(late.samples[0].operations.size(), 2u);
    }
  }
}

TEST(Recovery, NeverBackIsAFail) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
  run.expect().resume = Resume::healed;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

TEST(Recovery, BackBeforeTheMomentCountsAsAtOnce) {
  const CheckResult result = check(back_at(heal + second, Resume::quorum));
  EXPECT_EQ(result.verdict, Verdict::pass);
  EXPECT_EQ(count(result.counts, "recovered_after_ns"), 0u);
}

TEST(Recovery, OneAnswerBeforeTheMomentAndNoneAfterIsNotBack) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
  run.serve_one(Service::writes, heal + second, heal + second + 1);
  run.expect().resume = Resume::quorum;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

// It passed, "back 1.00 s after the quorum".
TEST(Recovery, WhatIsServedForAMomentIsNotBack) {
  for (const Resume resume : {Resume::quorum, Resume::healed}) {
    for (const Service service : all) {
      RunBuilder run;
      if (service == Service::deliveries) something_due(run);
      run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
      run.serve_one(service, healed + second, healed + second + 1);
      run.expect().resume = resume;
      const CheckResult result = check(run, service);
      EXPECT_EQ(result.verdict, Verdict::fail) << result.reason;
    }
  }
}

TEST(Recovery, CountsFromAfterTheLastLongGap) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
  run.serve_one(Service::writes, healed + second, healed + second + 1);
  run.serve(Service::writes, healed + 9 * second, drain);
  run.serve_one(Service::reads, healed + second, healed + second + 1);
  run.serve(Service::reads, healed + 5 * second, drain);
  run.expect().resume = Resume::healed;
  EXPECT_EQ(check(run).verdict, Verdict::pass);
  EXPECT_EQ(count(check(run).counts, "recovered_after_ns"), 9'001'000'000u);
  EXPECT_EQ(count(check(run, Service::reads).counts, "recovered_after_ns"), 1'000'000'001u);
}

TEST(Recovery, WritesAndReadsAreJudgedApart) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, healed);
  run.serve(Service::writes, healed, drain).attempt(Service::reads, healed, drain);
  run.expect().resume = Resume::quorum;
  EXPECT_EQ(check(run, Service::writes).verdict, Verdict::pass);
  EXPECT_EQ(check(run, Service::reads).verdict, Verdict::fail);
}

TEST(Recovery, ARunThatEndsTooEarlyIsUnknown) {
  testing::HistoryBuilder b;
  b.event(0, FaultChanged{0, FaultStage::striking, "", "", {"n1"}, ""});
  b.event(second, FaultChanged{0, FaultStage::healing, "", "", {"n1"}, ""});
  b.event(2 * second, FaultChanged{0, FaultStage::healed, "", "", {"n1"}, ""});
  for (int i = 0; i < 100; ++i) {
    b.unknown_publish(1, static_cast<std::uint64_t>(i) + 1, i * second / 10, i * second / 10 + 1);
  }
  b.header().expectations.resume = Resume::healed;
  EXPECT_EQ(check_recovery(b.build(), Service::writes).verdict, Verdict::unknown);
}

TEST(Recovery, TheDrainEndsTheObservation) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
  run.expect().resume = Resume::healed;
  run.expect().recover_within = 60 * second;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

TEST(Recovery, AnInterruptedRunIsUnknown) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike).attempt_all(strike, drain);
  run.event(healed + second, Interrupted{"by the user"});
  run.expect().resume = Resume::healed;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

TEST(Recovery, WithoutClientsNothingIsProven) {
  RunBuilder run;
  run.fault(2).serve_all(0, strike);
  for (Time time = strike; time < drain; time += second) run.event(time, Note{});
  run.expect().resume = Resume::healed;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

TEST(Recovery, AQuorumThatWasNeverLostProvesNothing) {
  EXPECT_EQ(check(back_at(heal, Resume::quorum, 1)).verdict, Verdict::unknown);
  EXPECT_EQ(check(back_at(heal, Resume::healed, 1)).verdict, Verdict::pass);
}

TEST(Recovery, AQuorumThatNeverAnsweredAlthoughAllIsHealed) {
  RunBuilder run;
  run.change(strike, FaultStage::striking, {"n1", "n2"});
  run.change(strike + 1, FaultStage::proven, {"n1", "n2"}).event(strike + 1, QuorumChanged{1, 3});
  run.change(heal, FaultStage::healing, {"n1", "n2"});
  run.change(healed, FaultStage::healed, {"n1", "n2"});
  run.serve_all(0, strike).attempt_all(strike, drain);
  run.expect().resume = Resume::quorum;
  EXPECT_EQ(check(run).verdict, Verdict::fail);
}

TEST(Recovery, WhatCouldNotBeHealedIsUnknown) {
  RunBuilder run;
  run.change(strike, FaultStage::striking, {"n1"}).change(strike + 1, FaultStage::proven, {"n1"});
  run.change(heal, FaultStage::healing, {"n1"}).change(healed, FaultStage::unhealed, {"n1"});
  run.serve_all(0, strike).attempt_all(strike, drain);
  run.expect().resume = Resume::healed;
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
}

TEST(Recovery, NotPromisedIsMeasured) {
  const CheckResult result = check(back_at(healed + 31 * second, Resume::not_promised));
  EXPECT_FALSE(result.judged);
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_EQ(count(result.counts, "recovered_after_ns"), 31'001'000'000u);
}

// --- faults that end before the heal ---

RunBuilder short_faults(Resume resume) {
  RunBuilder run;
  run.short_fault(0, "n1", strike, strike + 5 * second, 1);
  run.short_fault(1, "n1", strike + 20 * second, strike + 25 * second, 1);
  run.expect().resume = resume;
  return run;
}

TEST(Recovery, CountsFromTheLastEndWhereAllEnded) {
  const Time end = strike + 25 * second;
  for (const Duration late : {29 * second, 31 * second}) {
    auto run = short_faults(Resume::healed);
    run.serve_all(0, strike).attempt_all(strike, end + late).serve_all(end + late, drain);
    EXPECT_EQ(check(run).verdict, late < 30 * second ? Verdict::pass : Verdict::fail)
        << check(run).reason;
  }
}

TEST(Recovery, OfAQuorumThatCameAndWentIsNotJudged) {
  auto run = short_faults(Resume::quorum);
  run.serve_all(0, strike).attempt_all(strike, drain);
  EXPECT_EQ(check(run).verdict, Verdict::unknown);
  EXPECT_NE(check(run).reason.find("which quorum"), std::string::npos) << check(run).reason;
}

TEST(Recovery, WhereNothingIsPromisedItIsMeasuredFromTheHeal) {
  auto run = short_faults(Resume::not_promised);
  const Time end = strike + 25 * second;
  run.serve_all(0, end).attempt_all(end, end + 3 * second).serve_all(end + 3 * second, drain);
  EXPECT_EQ(count(check(run).counts, "recovered_after_ns"),
            static_cast<std::uint64_t>(3 * second + millisecond - 1));
}

TEST(Recovery, OfDeliveriesCountsFromTheFirstMessageThatIsDue) {
  constexpr Time written = RunBuilder::healed + 5 * second;
  for (const Duration more : {5 * second, 7 * second}) {
    RunBuilder run;
    run.fault(1).serve_all(0, strike).attempt_all(strike, written);
    run.serve(Service::writes, written, drain);
    run.attempt(Service::deliveries, written, written + more);
    run.serve(Service::deliveries, written + more, drain);
    run.expect().resume = Resume::healed;
    run.expect().recover_within = 6 * second;
    const auto result = check_recovery(run.build(), Service::deliveries);
    EXPECT_EQ(result.verdict, more < 6 * second ? Verdict::pass : Verdict::fail) << result.reason;
  }
}

}  // namespace
}  // namespace faultline
