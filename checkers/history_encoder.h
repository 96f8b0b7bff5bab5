// Encodes a history into the blocks of docs/history-format.md. Pure: bytes in
// memory; writing them to a file is the recorder's business.
#pragma once

#include <cstdint>
#include <string>

#include "checkers/history.h"
#include "checkers/history_codec.h"

namespace faultline {

// Preamble and header block: how every file begins.
std::string encode_start(const Header&);

// The block of a proper close.
std::string encode_end(std::uint64_t operations, std::uint64_t events, Time closed);

// Gathers records into one block at a time. Times must not go back.
class RecordEncoder {
 public:
  // Takes kind, process, size, value, sequence, intended and invoked. Returns
  // the operation's index in the history.
  std::uint64_t invoke(const Operation&);

  // Takes kind, outcome, answer, duplicate, deliveries, completed, and value
  // and sequence where they are not zero: those replace the invocation's.
  void complete(std::uint64_t operation, const Operation& result);

  void event(const Event&);

  bool empty() const { return block_.empty(); }
  std::size_t size() const { return block_.size(); }  // bytes gathered for the next block
  std::uint64_t operations() const { return operations_; }
  std::uint64_t events() const { return events_; }

  // Hands out the block gathered so far, still to be sealed with seal_block
  // (so that the checksum need not be computed under the caller's lock), and
  // begins the next one in `reuse`, whose capacity is kept.
  std::string take(std::string reuse = {});

 private:
  void begin(Time);
  char* put_time(char*, Time);

  std::string block_;  // empty until there is a record
  std::uint64_t operations_ = 0;
  std::uint64_t events_ = 0;
  DeltaBases bases_;
};

}  // namespace faultline
