// The history: every operation of a run and every change of the cluster around
// it. It is the only thing that passes from running to judging.
//
// Times are monotonic nanoseconds of one clock, the harness's. Sequences are
// the broker's, of one partition, from 1; 0 means none is known. Partitions count from 1;
// an operation is of its process's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace faultline {

using Time = std::int64_t;      // monotonic nanoseconds
using Duration = std::int64_t;  // nanoseconds

inline constexpr Time never = std::numeric_limits<Time>::max();
inline constexpr Duration second = 1'000'000'000;
inline constexpr Duration millisecond = 1'000'000;

// What a producer writes. Producer and counter together are unique in a run.
struct Value {
  std::uint32_t producer = 0;
  std::uint64_t counter = 0;  // from 1; 0 means no value

  auto operator<=>(const Value&) const = default;
};

enum class OperationKind : std::uint8_t {
  publish,      // append with acknowledgement
  read,         // by sequence, through the stream's leader
  direct_read,  // by sequence, any replica may answer: measured, never judged
  deliver,      // from a durable consumer
  ack,          // of a delivered message, confirmed by the broker
  drain_read,   // by sequence, through the stream's leader, in the final drain
};

enum class Outcome : std::uint8_t {
  ok,
  fail,     // certainly did not happen
  unknown,  // may have happened, may still
};

// What an `ok` read, direct_read, deliver or drain_read brought; or that a
// failed operation never left the client.
enum class Answer : std::uint8_t {
  none,     // not a read, or unanswered
  message,  // intact, of this run: `value` is set
  absent,   // "no message at this sequence"; for deliver: "nothing pending"
  corrupt,  // the checksum does not match
  foreign,  // intact, but not written by this run
  unsent,   // of a `fail`: the client was not connected, so nobody was asked
};

struct Operation {
  OperationKind kind = OperationKind::publish;
  Outcome outcome = Outcome::unknown;
  Answer answer = Answer::none;
  bool duplicate = false;        // publish: the acknowledgement says "duplicate"
  std::uint32_t process = 0;     // a client; one that is rebuilt gets a new id
  std::uint32_t size = 0;        // publish: bytes of payload
  std::uint32_t deliveries = 0;  // deliver: how often the broker says it delivered this
  Value value;
  std::uint64_t sequence = 0;
  Time intended = 0;  // publish: when the schedule wanted it; else = invoked
  Time invoked = 0;
  Time completed = never;  // never: no completion was recorded (outcome unknown)

  bool operator==(const Operation&) const = default;
};

// What happened around the operations.

struct PhaseStarted {  // steady, fault, recovery, drain
  std::string phase;
  bool operator==(const PhaseStarted&) const = default;
};

struct ProcessStarted {
  std::uint32_t process = 0;
  std::string role;   // producer, reader, rereader, direct, durable, lagging, refusing, drain
  std::string group;  // durable, lagging, refusing: the consumer group; else empty
  std::uint32_t partition = 1;  // that it works on
  bool operator==(const ProcessStarted&) const = default;
};

enum class FaultStage : std::uint8_t {
  striking,  // about to be injected
  proven,    // seen in effect, with evidence
  unproven,  // injected, but no evidence that it is in effect
  healing,   // about to be undone; once per step, `servers` are that step's
  healed,    // seen undone, with evidence; once per step
  unhealed,  // undone, but what it hit did not come back
  held,      // still in effect right before it is undone, with evidence
  lapsed,    // no longer: it ended by itself, or somebody else undid it
};

struct FaultChanged {
  std::uint32_t fault = 0;  // which strike, each repetition by itself (docs/history-format.md)
  FaultStage stage = FaultStage::striking;
  std::string name;                  // broker-kill
  std::string target;                // the role: follower:1
  std::vector<std::string> servers;  // whom it was resolved to
  std::string evidence;
  bool operator==(const FaultChanged&) const = default;
};

struct LeadersSeen {
  std::string stream;                            // server name; empty: nobody leads
  std::string meta;                              // leader of the metadata group
  std::map<std::string, std::string> consumers;  // group -> server name
  std::uint32_t partition = 1;                   // of the stream and the consumers
  bool operator==(const LeadersSeen&) const = default;
};

// What one replica says of itself after the drain (its own monitoring endpoint).
struct ReplicaState {
  std::string server;
  bool reachable = false;
  bool has_stream = false;
  std::uint64_t messages = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t deleted = 0;  // holes the broker admits
  std::uint64_t lost = 0;     // messages the broker says it lost
  std::uint32_t partition = 1;
  bool operator==(const ReplicaState&) const = default;
};

enum class BrokerStage : std::uint8_t {
  started,  // the process runs
  ready,    // it answers
  exited,   // it is gone
};

struct BrokerChanged {
  std::string server;
  BrokerStage stage = BrokerStage::started;
  bool expected = true;  // false: exited by itself, no fault did it
  std::string detail;    // "signal 9", "exit status 1; last log line ..."
  bool operator==(const BrokerChanged&) const = default;
};

// How many replicas of the stream stand, of all its partitions alike: a server that
// holds one of several holds them all. Recorded once a fault is proven and once a
// healed broker answers.
struct QuorumChanged {
  std::uint32_t standing = 0;
  std::uint32_t replicas = 0;
  bool quorum() const { return 2 * standing > replicas; }
  bool operator==(const QuorumChanged&) const = default;
};

struct DrainFinished {
  bool complete = false;       // all of first..last was read
  bool stream_absent = false;  // "stream not found" for 60 s while the metadata group led
                               // and every broker was up: a finished, empty drain
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::string reason;                            // why it is not complete, or what was seen
  std::vector<std::string> lagging_groups = {};  // consumer groups that did not catch up
  std::vector<std::string> absent_groups = {};   // "consumer not found" for 60 s: gone for good
  std::uint32_t partition = 1;

  bool lags(const std::string& group) const {
    return std::ranges::find(lagging_groups, group) != lagging_groups.end();
  }
  bool lost(const std::string& group) const {
    return std::ranges::find(absent_groups, group) != absent_groups.end();
  }
  bool operator==(const DrainFinished&) const = default;
};

// Which messages of a group that never acknowledges the product keeps as dead letters, once the
// group had nothing more to get.
struct DeadLettersSeen {
  std::string group;
  std::uint32_t most_deliveries = 0;  // of a message to the group; then it is a dead letter
  bool complete = false;              // the group had got everything, and the product answered
  std::vector<std::uint64_t> sequences;
  std::string reason;  // why it is not complete
  std::uint32_t partition = 1;
  bool operator==(const DeadLettersSeen&) const = default;
};

struct Interrupted {  // by the user, or by an error of the harness
  std::string reason;
  bool operator==(const Interrupted&) const = default;
};

struct Note {  // anything a reader of the history should know
  std::string text;
  bool operator==(const Note&) const = default;
};

struct Event {
  Time time = 0;
  std::variant<PhaseStarted, ProcessStarted, FaultChanged, LeadersSeen, ReplicaState, BrokerChanged,
               QuorumChanged, DrainFinished, Interrupted, Note, DeadLettersSeen>
      what;
  bool operator==(const Event&) const = default;
};

// What the scenario promises; exact meaning in docs/scenarios.md.

enum class Promise : std::uint8_t {
  not_promised,  // measured and shown, not judged
  keeps_on,      // `continue`: no gap longer than max_gap between strike and heal
  pause,         // a gap up to pause_gap, and back before heal
  stop,          // nothing while no quorum stands
};

enum class Resume : std::uint8_t {
  not_promised,
  healed,  // within recover_within of the last heal
  quorum,  // stopped below a quorum, back within recover_within of the quorum
};

enum class LossPromise : std::uint8_t { not_promised, none };

enum class LinearizabilityPromise : std::uint8_t { report, required };

// Whether what was delivered as often as allowed, and never acknowledged, is a dead letter.
enum class DeadLetterPromise : std::uint8_t { not_promised, all };

// Whether a struck broker stays away until somebody restarts it by hand.
enum class ManualRestart : std::uint8_t { not_promised, required };

struct Expectations {
  Promise writes = Promise::not_promised;
  Promise reads = Promise::not_promised;
  Resume resume = Resume::not_promised;
  LossPromise loss = LossPromise::none;
  LinearizabilityPromise linearizability = LinearizabilityPromise::report;
  Duration max_gap = 5 * second;
  Duration pause_gap = 15 * second;
  Duration settle = 25 * second;
  Duration recover_within = 30 * second;
  ManualRestart manual_restart = ManualRestart::not_promised;
  DeadLetterPromise dead_letters = DeadLetterPromise::not_promised;
  bool operator==(const Expectations&) const = default;
};

inline constexpr std::uint32_t most_partitions = 10'000;

struct Header {
  std::string run_id;
  std::string faultline_version;
  std::string scenario_name;
  std::string scenario_text;  // the scenario file, byte for byte
  std::string provider;
  std::string broker_product;
  std::string broker_version;
  std::string stream;
  std::uint32_t replicas = 0;
  std::uint64_t seed = 0;
  std::int64_t wall_clock = 0;  // nanoseconds since 1970 UTC, at the same moment as `monotonic`
  Time monotonic = 0;
  Expectations expectations;
  std::uint32_t partitions = 1;  // of the stream: each is a log of its own, with its own sequences
  bool operator==(const Header&) const = default;
};

struct History {
  Header header;
  std::vector<Operation> operations;  // in order of invocation
  std::vector<Event> events;          // in order of time
  bool closed = false;                // the recorder ended it properly
  std::string damage;                 // what is missing or unreadable; empty if nothing
};

}  // namespace faultline
