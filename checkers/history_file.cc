#include "checkers/history_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "checkers/history_codec.h"
#include "checkers/history_fields.h"

namespace faultline {
namespace {

class FieldReader {
 public:
  FieldReader(ByteCursor& in, std::uint32_t version, std::uint32_t partitions)
      : in_(in), version_(version), partitions_(partitions) {}

  bool since(std::uint32_t version) const { return version_ >= version; }

  void operator()(bool& b) { b = at_most(1) != 0; }
  void operator()(std::uint32_t& n) { n = in_.varint32(); }
  void operator()(std::uint64_t& n) { n = in_.varint(); }
  void operator()(std::int64_t& n) { n = unzigzag(in_.varint()); }
  void operator()(std::string& s) { s = in_.string(); }
  void operator()(std::vector<std::string>& list) {
    for (std::uint64_t n = in_.varint(); n > 0 && in_.ok(); --n) list.emplace_back(in_.string());
  }
  void operator()(std::vector<std::uint64_t>& list) {
    std::uint64_t before = 0;
    for (std::uint64_t n = in_.varint(); n > 0 && in_.ok(); --n)
      list.push_back(before = apply_delta(before, in_.varint()));
    if (!in_.ok()) list.clear();
  }
  void operator()(std::map<std::string, std::string>& map) {
    for (std::uint64_t n = in_.varint(); n > 0 && in_.ok(); --n) {
      std::string key{in_.string()};
      if (!map.emplace(std::move(key), in_.string()).second) in_.fail();
    }
  }
  template <typename Enum>
  void operator()(Enum& e, Enum last) {
    e = static_cast<Enum>(at_most(static_cast<std::uint8_t>(last)));
  }
  void partition(std::uint32_t& p) {
    p = since(3) ? in_.varint32() : 1;
    if (p == 0 || p > partitions_) in_.fail();
  }

 private:
  std::uint8_t at_most(std::uint8_t last) {
    const std::uint8_t byte = in_.byte();
    if (byte <= last) return byte;
    in_.fail();
    return 0;
  }

  ByteCursor& in_;
  const std::uint32_t version_;
  const std::uint32_t partitions_;  // of the stream
};

using What = decltype(Event::what);

template <std::size_t I = 0>
What read_event(std::size_t type, FieldReader& reader, ByteCursor& in) {
  if constexpr (I < std::variant_size_v<What>) {
    if (type != I) return read_event<I + 1>(type, reader, in);
    std::variant_alternative_t<I, What> what;
    fields(reader, what);
    return what;
  } else {
    in.fail();
    return {};
  }
}

struct Result {
  std::uint64_t operation = 0;
  Operation fields;  // kind, and what a completion tells
};

struct Records {
  std::vector<Operation> invoked;
  std::vector<Result> results;
  std::vector<Event> events;
};

// Decodes one records block, which needs nothing of the blocks before it but
// to be their continuation. `ok` of the cursor tells whether it is well formed.
class RecordDecoder {
 public:
  RecordDecoder(ByteCursor& in, FieldReader fields, Records& out)
      : in_(in), fields_(fields), out_(out) {
    out.invoked.clear();
    out.results.clear();
    out.events.clear();
    first_time_ = bases_.time = unzigzag(in.varint());
    first_operation = in.varint();
    first_event = in.varint();
    while (!in.at_end()) record();
  }

  Time first_time() const { return first_time_; }
  Time last_time() const { return bases_.time; }

  std::uint64_t first_operation = 0;
  std::uint64_t first_event = 0;

 private:
  void record() {
    const unsigned tag = in_.byte();
    advance_time();
    if (tag == record_tag::event) return event();
    const unsigned kind = tag & record_tag::kind_mask;
    if (kind == 0 || kind > DeltaBases::kinds) return in_.fail();
    if (tag & record_tag::completion) {
      completion(static_cast<OperationKind>(kind - 1), tag);
    } else {
      invocation(static_cast<OperationKind>(kind - 1), tag);
    }
  }

  void advance_time() {
    const std::uint64_t step = in_.varint();
    if (step >= static_cast<std::uint64_t>(never) - static_cast<std::uint64_t>(bases_.time)) {
      return in_.fail();
    }
    bases_.time = static_cast<Time>(static_cast<std::uint64_t>(bases_.time) + step);
  }

  void event() {
    const std::size_t type = in_.byte();
    out_.events.push_back({bases_.time, read_event(type, fields_, in_)});
  }

  Value value(OperationKind kind) {
    const std::uint32_t producer = in_.varint32();
    std::uint64_t& counter = bases_.counter_of_producer(kind, producer);
    counter = apply_delta(counter, in_.varint());
    return {producer, counter};
  }

  void invocation(OperationKind kind, unsigned tag) {
    Operation& op = out_.invoked.emplace_back();
    op.kind = kind;
    op.invoked = op.intended = bases_.time;
    op.process = in_.varint32();
    if (tag & record_tag::has_value) op.value = value(kind);
    if (tag & record_tag::has_sequence) {
      std::uint64_t& base = bases_.sequence_of_process(kind, op.process);
      op.sequence = base = apply_delta(base, in_.varint());
    }
    if (tag & record_tag::has_size) op.size = in_.varint32();
    if (tag & record_tag::has_intended) {
      op.intended = static_cast<Time>(static_cast<std::uint64_t>(op.invoked) -
                                      static_cast<std::uint64_t>(unzigzag(in_.varint())));
    }
  }

  void completion(OperationKind kind, unsigned tag) {
    Result& result = out_.results.emplace_back();
    Operation& op = result.fields;
    op.kind = kind;
    op.completed = bases_.time;
    const std::uint64_t invoked = first_operation + out_.invoked.size();
    const std::uint64_t distance = in_.varint();
    if (distance == 0 || distance > invoked) return in_.fail();
    result.operation = invoked - distance;
    const unsigned outcome_and_answer = in_.byte();
    const unsigned outcome = outcome_and_answer & 3;
    const unsigned answer = outcome_and_answer >> 2;
    if (outcome > static_cast<unsigned>(Outcome::unknown) ||
        answer > static_cast<unsigned>(Answer::unsent)) {
      return in_.fail();
    }
    op.outcome = static_cast<Outcome>(outcome);
    op.answer = static_cast<Answer>(answer);
    op.duplicate = tag & record_tag::duplicate;
    if (tag & record_tag::has_value) op.value = value(kind);
    if (tag & record_tag::has_sequence) {
      std::uint64_t& base = bases_.sequence_of_kind(kind);
      op.sequence = base = apply_delta(base, in_.varint());
    }
    if (tag & record_tag::has_deliveries) op.deliveries = in_.varint32();
  }

  ByteCursor& in_;
  FieldReader fields_;
  Records& out_;
  DeltaBases bases_;
  Time first_time_ = 0;
};

void apply(Operation& op, const Operation& result) {
  op.outcome = result.outcome;
  op.answer = result.answer;
  op.duplicate = result.duplicate;
  op.deliveries = result.deliveries;
  op.completed = result.completed;
  if (result.value != Value{}) op.value = result.value;
  if (result.sequence != 0) op.sequence = result.sequence;
}

}  // namespace

class GrowingHistory::Decoder {
 public:
  void append(std::string_view bytes) {
    size_ += bytes.size();
    if (!is_over()) read(bytes);
    tell_damage();
  }

  bool has_header() const { return has_header_; }
  bool is_over() const { return history_.closed || !problem_.empty(); }
  const History& history() const { return history_; }

  History take() {
    if (size_ == 0) throw HistoryError("is empty: nothing was recorded");
    if (!has_header_)
      throw HistoryError("ends within its header: nothing was recorded, or the file was cut");
    return std::move(history_);
  }

 private:
  struct Block {
    std::uint8_t type = 0;
    std::string_view payload;
  };

  void read(std::string_view bytes) {
    if (pending_.empty()) {
      rest_ = bytes;
      read_blocks();
      pending_ = rest_;
    } else {
      rest_ = pending_ += bytes;
      read_blocks();
      pending_.erase(0, pending_.size() - rest_.size());
    }
    if (is_over()) pending_ = {};
  }

  void read_blocks() {
    if (version_ == 0) read_preamble();
    while (version_ != 0 && !is_over()) {
      const std::optional<Block> block = next_block();
      if (!block) return;
      if (!has_header_) {
        read_header(*block);
      } else if (!read_block(*block)) {
        problem_ = "malformed";
        return;
      }
      skip(block_head_size + block->payload.size());
    }
  }

  void read_preamble() {
    const std::string_view magic = rest_.substr(0, history_magic.size());
    if (magic != history_magic.substr(0, magic.size())) {
      throw HistoryError("is not a faultline history: name the file that a run wrote");
    }
    if (rest_.size() < preamble_size) return;
    if (load_fixed32(&rest_[12]) != crc32c(rest_.substr(0, 12))) throw unreadable_header();
    version_ = load_fixed32(&rest_[8]);
    if (version_ > history_format_version) {
      throw HistoryError("written by a newer faultline (format " + std::to_string(version_) +
                         "; this one reads " + std::to_string(history_format_version) +
                         "): upgrade");
    }
    if (version_ == 0) throw unreadable_header();
    skip(preamble_size);
  }

  void read_header(const Block& block) {
    ByteCursor in(block.payload);
    FieldReader reader(in, version_, 1);
    fields(reader, history_.header);
    const std::uint32_t partitions = history_.header.partitions;
    if (partitions == 0 || partitions > most_partitions) in.fail();
    if (block.type != static_cast<std::uint8_t>(BlockType::header) || !in.ok() || !in.at_end()) {
      throw unreadable_header();
    }
    has_header_ = true;
  }

  bool read_block(const Block& block) {
    if (block.type == static_cast<std::uint8_t>(BlockType::records))
      return read_records(block.payload);
    return block.type == static_cast<std::uint8_t>(BlockType::end) && read_end(block.payload);
  }

  // The block that the rest begins with; nothing if it is not all there yet, or if its
  // checksum is wrong, which is a problem.
  std::optional<Block> next_block() {
    if (rest_.size() < block_head_size) return std::nullopt;
    const std::size_t size = load_fixed32(&rest_[4]);
    if (size > rest_.size() - block_head_size) return std::nullopt;
    const std::string_view checked = rest_.substr(4, block_head_size - 4 + size);
    if (load_fixed32(&rest_[0]) != crc32c(checked)) {
      if (!has_header_) throw unreadable_header();
      problem_ = "damaged";
      return std::nullopt;
    }
    return Block{static_cast<std::uint8_t>(rest_[8]), rest_.substr(block_head_size, size)};
  }

  void skip(std::size_t bytes) {
    rest_.remove_prefix(bytes);
    offset_ += bytes;
  }

  void tell_damage() {
    const std::uint64_t left = size_ - offset_;
    if (history_.closed) {
      history_.damage = left == 0 ? ""
                                  : std::to_string(left) +
                                        " bytes follow the end of the history; they are ignored";
    } else if (left == 0) {
      history_.damage =
          "not closed: the file ends after a complete block; what was recorded later is missing";
    } else {
      history_.damage = (problem_.empty() ? "torn" : problem_) + " at byte " +
                        std::to_string(offset_) + ": the last " + std::to_string(left) +
                        " bytes cannot be read; all before them is complete";
    }
  }

  // All records of a block or none.
  bool read_records(std::string_view payload) {
    ByteCursor in(payload);
    const FieldReader fields(in, version_, history_.header.partitions);
    const RecordDecoder block(in, fields, records_);
    auto& [header, operations, events, closed, damage] = history_;
    if (!in.ok() || block.first_operation != operations.size() ||
        block.first_event != events.size() || block.first_time() < last_time_) {
      return false;
    }
    const std::size_t before = operations.size();
    operations.insert(operations.end(), records_.invoked.begin(), records_.invoked.end());
    if (!completes_each_once()) {
      operations.resize(before);
      return false;
    }
    for (const Result& result : records_.results) {
      apply(operations[result.operation], result.fields);
    }
    std::move(records_.events.begin(), records_.events.end(), std::back_inserter(events));
    last_time_ = block.last_time();
    return true;
  }

  // Whether each result is of an operation of its kind that had none; marks
  // them on the way.
  bool completes_each_once() {
    for (std::size_t i = 0; i < records_.results.size(); ++i) {
      Operation& op = history_.operations[records_.results[i].operation];
      if (op.completed == never && op.kind == records_.results[i].fields.kind) {
        op.completed = records_.results[i].fields.completed;
        continue;
      }
      while (i-- > 0) history_.operations[records_.results[i].operation].completed = never;
      return false;
    }
    return true;
  }

  bool read_end(std::string_view payload) {
    ByteCursor in(payload);
    const std::uint64_t operations = in.varint();
    const std::uint64_t events = in.varint();
    const Time time = unzigzag(in.varint());
    history_.closed = in.ok() && in.at_end() && operations == history_.operations.size() &&
                      events == history_.events.size() && time >= last_time_;
    return history_.closed;
  }

  static HistoryError unreadable_header() {
    return HistoryError("has a damaged header: take another copy of the file, or run again");
  }

  std::string pending_;       // begins with an incomplete block
  std::string_view rest_;     // what is not read yet of the bytes at hand
  std::uint64_t size_ = 0;    // of all bytes so far
  std::uint64_t offset_ = 0;  // of the rest in them
  std::uint32_t version_ = 0;
  bool has_header_ = false;
  std::string problem_;  // why no block to come can be read
  Time last_time_ = std::numeric_limits<Time>::min();
  Records records_;  // of the block being read, kept for its capacity
  History history_;
};

GrowingHistory::GrowingHistory() : decoder_(std::make_unique<Decoder>()) {}
GrowingHistory::~GrowingHistory() = default;
GrowingHistory::GrowingHistory(GrowingHistory&&) noexcept = default;
GrowingHistory& GrowingHistory::operator=(GrowingHistory&&) noexcept = default;

void GrowingHistory::append(std::string_view bytes) { decoder_->append(bytes); }
bool GrowingHistory::has_header() const { return decoder_->has_header(); }
bool GrowingHistory::is_over() const { return decoder_->is_over(); }
const History& GrowingHistory::history() const { return decoder_->history(); }

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    if (error && error != std::errc::no_such_file_or_directory) {
      throw HistoryError("cannot be read: " + error.message());
    }
    throw HistoryError("does not exist");
  }
  if (std::filesystem::is_directory(status)) {
    throw HistoryError("is a directory: name the history file in it");
  }
  if (!std::filesystem::is_regular_file(status)) throw HistoryError("is not a regular file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string bytes;
  if (in) {
    bytes.resize(static_cast<std::size_t>(std::filesystem::file_size(path)));
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    throw HistoryError(std::string("cannot be read: ") + std::strerror(errno ? errno : EIO));
  }
  return bytes;
}

}  // namespace

History decode_history(std::string_view bytes) {
  GrowingHistory growing;
  growing.append(bytes);
  return growing.decoder_->take();
}

History read_history(const std::filesystem::path& path) {
  try {
    return decode_history(read_file(path));
  } catch (const HistoryError& error) {
    throw HistoryError(path.string() + ": " + error.what());
  }
}

}  // namespace faultline
