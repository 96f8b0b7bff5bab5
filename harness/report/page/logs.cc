#include "harness/report/page/logs.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "harness/report/page/html.h"
#include "harness/report/redact.h"

namespace faultline {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t longest_line = 300, longest_read = 16 << 10;

// Whatever lies in the file: no line is read to more than `longest_read` bytes.
bool next_line(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf* buffer = in.rdbuf();
  int c = buffer->sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = buffer->sbumpc())
    if (line.size() < longest_read) line += static_cast<char>(c);
  return true;
}

// The file's clock minus UTC, to a quarter of an hour, at most a day.
std::int64_t zone_offset(std::int64_t first, std::int64_t run_begin) {
  constexpr double quarter = 900e9;
  const double quarters = std::round(static_cast<double>(first - run_begin) / quarter);
  return std::abs(quarters) > 96 ? 0 : static_cast<std::int64_t>(quarters * quarter);
}

}  // namespace

std::optional<std::int64_t> log_time(std::string_view line) {
  const std::size_t bracket = line.substr(0, 16).find("] ");
  if (!line.starts_with('[') || bracket == line.npos) return std::nullopt;
  const std::string text(line.substr(bracket + 2, 26));
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, seconds = 0, micros = 0;
  if (std::sscanf(text.c_str(), "%4d/%2d/%2d %2d:%2d:%2d.%6d", &year, &month, &day, &hour, &minute,
                  &seconds, &micros) != 7)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1970 || year > 2200) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + seconds) * second_ns +
         static_cast<std::int64_t>(micros) * 1000;
}

LogExcerpt log_excerpt(const std::filesystem::path& file, std::int64_t begin, std::int64_t end,
                       std::int64_t run_begin, std::size_t most) {
  LogExcerpt excerpt;
  std::ifstream in(file, std::ios::binary);
  std::optional<std::int64_t> offset;
  std::string line;
  bool inside = false;
  while (in && next_line(in, line)) {
    if (const auto time = log_time(line)) {
      if (!offset) offset = zone_offset(*time, run_begin);
      inside = begin <= *time - *offset && *time - *offset < end;
    }
    if (!inside) continue;
    if (excerpt.lines.size() < most)
      excerpt.lines.push_back(shortened(redact(line), longest_line));
    else
      ++excerpt.left_out;
  }
  return excerpt;
}

}  // namespace faultline
