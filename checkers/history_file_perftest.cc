#include <benchmark/benchmark.h>

#include "checkers/history_file.h"
#include "checkers/history_random.h"

namespace faultline {
namespace {

// Publishes and reads as a run records them, in blocks of 64 KiB.
std::string typical_file(std::size_t operations) {
  std::string file = encode_start({});
  RecordEncoder encoder;
  Time now = 1'000'000'000'000;
  for (std::size_t i = 0; i < operations; ++i) {
    Operation op;
    const bool publish = i % 2 == 0;
    op.kind = publish ? OperationKind::publish : OperationKind::read;
    op.process = static_cast<std::uint32_t>(i % 8);
    op.intended = op.invoked = now += 50'000;
    if (publish) {
      op.intended -= 20'000;
      op.size = 64 + static_cast<std::uint32_t>(i % 190);
      op.value = {op.process, i / 8 + 1};
    } else {
      op.sequence = i / 2 + 1;
    }
    const std::uint64_t id = encoder.invoke(op);
    Operation result;
    result.kind = op.kind;
    result.outcome = Outcome::ok;
    result.completed = now += 300'000;
    if (publish) {
      result.sequence = i / 2 + 1;
    } else {
      result.answer = Answer::message;
      result.value = {op.process - 1, i / 8 + 1};
    }
    encoder.complete(id, result);
    if (encoder.size() >= 64 * 1024 || i + 1 == operations) {
      std::string block = encoder.take();
      seal_block(block);
      file += block;
    }
  }
  return file + encode_end(operations, 0, now);
}

void read_operations(benchmark::State& state) {
  const auto operations = static_cast<std::size_t>(state.range(0));
  const std::string file = typical_file(operations);
  for (auto _ : state) {
    const History history = decode_history(file);
    if (history.operations.size() != operations || !history.closed) state.SkipWithError("misread");
    benchmark::DoNotOptimize(history.operations.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}
BENCHMARK(read_operations)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void checksum(benchmark::State& state) {
  const std::string block(64 * 1024, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(block));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.size()));
}
BENCHMARK(checksum);

}  // namespace
}  // namespace faultline
