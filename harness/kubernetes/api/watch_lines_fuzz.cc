// Whatever comes in a watch, it is the same in one piece and in two.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/kubernetes/api/watch_lines.h"

namespace {

std::size_t read(faultline::WatchLines& lines) {
  std::size_t count = 0;
  while (lines.next()) ++count;
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto half = bytes.substr(0, bytes.size() * data[0] / 255);
  faultline::WatchLines at_once, in_two;
  at_once.add(bytes);
  const auto expected = read(at_once);
  in_two.add(half);
  auto count = read(in_two);
  in_two.add(bytes.substr(half.size()));
  count += read(in_two);
  if (count != expected || at_once.broken() != in_two.broken()) std::abort();
  return 0;
}
