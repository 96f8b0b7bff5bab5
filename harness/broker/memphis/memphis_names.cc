#include "harness/broker/memphis/memphis_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace faultline {
namespace {

// Lower case, and no dots: they part the tokens of a subject.
std::string internal(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    if (c == '.') return '#';
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return text;
}

}  // namespace

std::string memphis_stream(std::string_view station, std::uint32_t partition) {
  return fmt::format("{}${}", internal(station), partition);
}

std::string memphis_subject(std::string_view station, std::uint32_t partition) {
  return memphis_stream(station, partition) + ".final";
}

std::string memphis_durable(std::string_view group) { return internal(group); }

}  // namespace faultline
