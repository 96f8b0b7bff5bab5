// docs/history-format.md and the code say the same: the example on that page is
// read from the page, decoded, and encoded again. Runs in the project's folder.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "checkers/history_encoder.h"
#include "checkers/history_file.h"

namespace faultline {
namespace {

// The bytes of the page's ```hex block: "offset: bytes   meaning" on each line,
// the meaning after two spaces.
std::string example_of_the_page() {
  std::ifstream page("docs/history-format.md");
  std::string bytes, line;
  while (std::getline(page, line) && line != "```hex") {
  }
  while (std::getline(page, line) && line != "```") {
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << line;
    EXPECT_EQ(std::stoul(line.substr(0, colon), nullptr, 16), bytes.size()) << line;
    const std::string hex = line.substr(colon + 2, line.find("  ") - colon - 2);
    std::istringstream pairs(hex);
    for (std::string pair; pairs >> pair;) {
      bytes.push_back(static_cast<char>(std::stoul(pair, nullptr, 16)));
    }
  }
  return bytes;
}

History example() {
  History h;
  h.header.run_id = "r";
  h.header.faultline_version = "0.1";
  h.header.replicas = 3;
  h.header.seed = 300;
  h.header.wall_clock = 2;
  h.header.monotonic = 1000;
  h.header.expectations.writes = Promise::keeps_on;
  h.header.expectations.reads = Promise::stop;
  h.header.expectations.resume = Resume::healed;
  h.header.expectations.max_gap = 5;
  h.header.expectations.pause_gap = 15;
  h.header.expectations.settle = 25;
  h.header.expectations.recover_within = 30;

  Operation publish;
  publish.outcome = Outcome::ok;
  publish.process = 1;
  publish.size = 100;
  publish.value = {1, 1};
  publish.sequence = 1;
  publish.intended = 1004;
  publish.invoked = 1005;
  publish.completed = 1205;
  Operation read;
  read.kind = OperationKind::read;
  read.process = 2;
  read.sequence = 1;
  read.intended = read.invoked = 1206;
  h.operations = {publish, read};
  h.events = {{1207, Note{"hi"}}};
  h.closed = true;
  return h;
}

std::string encoded(const History& h) {
  RecordEncoder encoder;
  Operation publish = h.operations[0];
  publish.sequence = 0;  // known from the acknowledgement on
  const std::uint64_t id = encoder.invoke(publish);
  Operation acknowledgement = h.operations[0];
  acknowledgement.value = {};
  encoder.complete(id, acknowledgement);
  encoder.invoke(h.operations[1]);
  encoder.event(h.events[0]);
  std::string records = encoder.take();
  seal_block(records);
  return encode_start(h.header) + records + encode_end(2, 1, 1210);
}

std::string hex(std::string_view bytes) {
  std::ostringstream out;
  for (const char c : bytes) {
    out << "0123456789abcdef"[static_cast<unsigned char>(c) >> 4]
        << "0123456789abcdef"[static_cast<unsigned char>(c) & 15] << ' ';
  }
  return out.str();
}

TEST(HistoryFormat, ThePagesExampleIsWhatIsWritten) {
  EXPECT_EQ(hex(example_of_the_page()), hex(encoded(example())));
}

TEST(HistoryFormat, ThePagesExampleIsRead) {
  const History read = decode_history(example_of_the_page());
  const History wanted = example();
  EXPECT_TRUE(read.header == wanted.header);
  EXPECT_TRUE(read.operations == wanted.operations);
  EXPECT_TRUE(read.events == wanted.events);
  EXPECT_TRUE(read.closed);
  EXPECT_EQ(read.damage, "");
}

// Their examples, as the page had them then.
TEST(HistoryFormat, EarlierFormatsAreRead) {
  for (const char* file : {"history-format-1.flt", "history-format-2.flt"}) {
    const History read = read_history(std::string("checkers/testdata/") + file);
    const History wanted = example();
    EXPECT_TRUE(read.header == wanted.header) << file;
    EXPECT_TRUE(read.operations == wanted.operations) << file;
    EXPECT_TRUE(read.events == wanted.events) << file;
    EXPECT_EQ(read.damage, "") << file;
  }
}

}  // namespace
}  // namespace faultline
