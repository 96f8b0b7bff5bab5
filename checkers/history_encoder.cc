#include "checkers/history_encoder.h"

#include <utility>

#include "checkers/history_fields.h"

namespace faultline {
namespace {

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  bool since(std::uint32_t version) const { return version <= history_format_version; }

  void operator()(bool b) { out_.push_back(b ? 1 : 0); }
  void operator()(std::uint32_t n) { append_varint(out_, n); }
  void operator()(std::uint64_t n) { append_varint(out_, n); }
  void operator()(std::int64_t n) { append_varint(out_, zigzag(n)); }
  void operator()(const std::string& s) {
    append_varint(out_, s.size());
    out_ += s;
  }
  void operator()(const std::vector<std::string>& list) {
    append_varint(out_, list.size());
    for (const std::string& s : list) (*this)(s);
  }
  void operator()(const std::vector<std::uint64_t>& list) {
    append_varint(out_, list.size());
    std::uint64_t before = 0;
    for (const std::uint64_t n : list) append_varint(out_, delta(std::exchange(before, n), n));
  }
  void operator()(const std::map<std::string, std::string>& map) {
    append_varint(out_, map.size());
    for (const auto& [key, value] : map) {
      (*this)(key);
      (*this)(value);
    }
  }
  template <typename Enum>
  void operator()(Enum e, Enum /*last*/) {
    out_.push_back(static_cast<char>(e));
  }
  void partition(std::uint32_t p) { (*this)(p); }

 private:
  std::string& out_;
};

unsigned kind_code(OperationKind kind) { return static_cast<unsigned>(kind) + 1; }

}  // namespace

std::string encode_start(const Header& header) {
  std::string block = begin_block(BlockType::header);
  FieldWriter writer(block);
  fields(writer, header);
  seal_block(block);
  return encode_preamble() + block;
}

std::string encode_end(std::uint64_t operations, std::uint64_t events, Time closed) {
  std::string block = begin_block(BlockType::end);
  append_varint(block, operations);
  append_varint(block, events);
  append_varint(block, zigzag(closed));
  seal_block(block);
  return block;
}

void RecordEncoder::begin(Time time) {
  if (!block_.empty()) return;
  block_ += begin_block(BlockType::records);
  append_varint(block_, zigzag(time));
  append_varint(block_, operations_);
  append_varint(block_, events_);
  bases_ = {};
  bases_.time = time;
}

char* RecordEncoder::put_time(char* at, Time time) {
  at = put_varint(at, static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(bases_.time));
  bases_.time = time;
  return at;
}

std::uint64_t RecordEncoder::invoke(const Operation& op) {
  begin(op.invoked);
  const bool has_value = op.value != Value{};
  const bool has_intended = op.intended != op.invoked;
  const unsigned tag = kind_code(op.kind) | (has_value ? record_tag::has_value : 0) |
                       (op.sequence ? record_tag::has_sequence : 0) |
                       (op.size ? record_tag::has_size : 0) |
                       (has_intended ? record_tag::has_intended : 0);
  char bytes[1 + 7 * max_varint_size];
  char* at = bytes;
  *at++ = static_cast<char>(tag);
  at = put_time(at, op.invoked);
  at = put_varint(at, op.process);
  if (has_value) {
    std::uint64_t& base = bases_.counter_of_producer(op.kind, op.value.producer);
    at = put_varint(at, op.value.producer);
    at = put_varint(at, delta(base, op.value.counter));
    base = op.value.counter;
  }
  if (op.sequence) {
    std::uint64_t& base = bases_.sequence_of_process(op.kind, op.process);
    at = put_varint(at, delta(base, op.sequence));
    base = op.sequence;
  }
  if (op.size) at = put_varint(at, op.size);
  if (has_intended) {
    at = put_varint(
        at, delta(static_cast<std::uint64_t>(op.intended), static_cast<std::uint64_t>(op.invoked)));
  }
  block_.append(bytes, at);
  return operations_++;
}

void RecordEncoder::complete(std::uint64_t operation, const Operation& result) {
  begin(result.completed);
  const bool has_value = result.value != Value{};
  const unsigned tag = kind_code(result.kind) | record_tag::completion |
                       (has_value ? record_tag::has_value : 0) |
                       (result.sequence ? record_tag::has_sequence : 0) |
                       (result.deliveries ? record_tag::has_deliveries : 0) |
                       (result.duplicate ? record_tag::duplicate : 0);
  char bytes[2 + 6 * max_varint_size];
  char* at = bytes;
  *at++ = static_cast<char>(tag);
  at = put_time(at, result.completed);
  at = put_varint(at, operations_ - operation);
  *at++ = static_cast<char>(static_cast<unsigned>(result.outcome) |
                            static_cast<unsigned>(result.answer) << 2);
  if (has_value) {
    std::uint64_t& base = bases_.counter_of_producer(result.kind, result.value.producer);
    at = put_varint(at, result.value.producer);
    at = put_varint(at, delta(base, result.value.counter));
    base = result.value.counter;
  }
  if (result.sequence) {
    std::uint64_t& base = bases_.sequence_of_kind(result.kind);
    at = put_varint(at, delta(base, result.sequence));
    base = result.sequence;
  }
  if (result.deliveries) at = put_varint(at, result.deliveries);
  block_.append(bytes, at);
}

void RecordEncoder::event(const Event& event) {
  begin(event.time);
  char bytes[2 + max_varint_size];
  char* at = bytes;
  *at++ = static_cast<char>(record_tag::event);
  at = put_time(at, event.time);
  *at++ = static_cast<char>(event.what.index());
  block_.append(bytes, at);
  FieldWriter writer(block_);
  std::visit([&](const auto& what) { fields(writer, what); }, event.what);
  ++events_;
}

std::string RecordEncoder::take(std::string reuse) {
  reuse.clear();
  std::swap(block_, reuse);
  return reuse;
}

}  // namespace faultline
