// The fields of the header and of each event, in the order in which the file
// holds them: one list, for the writer and for the reader. `io` is called with
// every field; what is an enumeration comes with its last value, a partition by a name of
// its own. `io.since(n)`: the file is of format n or later.
#pragma once

#include <concepts>

#include "checkers/history.h"

namespace faultline {

template <typename T, typename Record>
concept Is = std::same_as<std::remove_const_t<T>, Record>;

void fields(auto& io, Is<Expectations> auto& e) {
  io(e.writes, Promise::stop);
  io(e.reads, Promise::stop);
  io(e.resume, Resume::quorum);
  io(e.loss, LossPromise::none);
  io(e.linearizability, LinearizabilityPromise::required);
  io(e.max_gap);
  io(e.pause_gap);
  io(e.settle);
  io(e.recover_within);
  if (io.since(2)) io(e.manual_restart, ManualRestart::required);
  if (io.since(3)) io(e.dead_letters, DeadLetterPromise::all);
}

void fields(auto& io, Is<Header> auto& h) {
  io(h.run_id);
  io(h.faultline_version);
  io(h.scenario_name);
  io(h.scenario_text);
  io(h.provider);
  io(h.broker_product);
  io(h.broker_version);
  io(h.stream);
  io(h.replicas);
  io(h.seed);
  io(h.wall_clock);
  io(h.monotonic);
  fields(io, h.expectations);
  if (io.since(3)) io(h.partitions);
}

void fields(auto& io, Is<PhaseStarted> auto& e) { io(e.phase); }

void fields(auto& io, Is<ProcessStarted> auto& e) {
  io(e.process);
  io(e.role);
  io(e.group);
  io.partition(e.partition);
}

void fields(auto& io, Is<FaultChanged> auto& e) {
  io(e.fault);
  io(e.stage, FaultStage::lapsed);
  io(e.name);
  io(e.target);
  io(e.servers);
  io(e.evidence);
}

void fields(auto& io, Is<LeadersSeen> auto& e) {
  io(e.stream);
  io(e.meta);
  io(e.consumers);
  io.partition(e.partition);
}

void fields(auto& io, Is<ReplicaState> auto& e) {
  io(e.server);
  io(e.reachable);
  io(e.has_stream);
  io(e.messages);
  io(e.first_sequence);
  io(e.last_sequence);
  io(e.deleted);
  io(e.lost);
  io.partition(e.partition);
}

void fields(auto& io, Is<BrokerChanged> auto& e) {
  io(e.server);
  io(e.stage, BrokerStage::exited);
  io(e.expected);
  io(e.detail);
}

void fields(auto& io, Is<QuorumChanged> auto& e) {
  io(e.standing);
  io(e.replicas);
}

void fields(auto& io, Is<DrainFinished> auto& e) {
  io(e.complete);
  io(e.stream_absent);
  io(e.first_sequence);
  io(e.last_sequence);
  io(e.reason);
  io(e.lagging_groups);
  io(e.absent_groups);
  io.partition(e.partition);
}

void fields(auto& io, Is<Interrupted> auto& e) { io(e.reason); }

void fields(auto& io, Is<Note> auto& e) { io(e.text); }

void fields(auto& io, Is<DeadLettersSeen> auto& e) {
  io(e.group);
  io(e.most_deliveries);
  io(e.complete);
  io(e.sequences);
  io(e.reason);
  io.partition(e.partition);
}

}  // namespace faultline
