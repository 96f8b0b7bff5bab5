#include "harness/runs/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "harness/runs/record.h"

namespace faultline {
namespace {

struct Quantity {
  std::uint64_t number = 0;
  std::string unit;
};

std::optional<Quantity> parse(const std::string& text) {
  Quantity quantity;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, quantity.number);
  if (error != std::errc{}) return std::nullopt;
  quantity.unit.assign(rest, end);
  return quantity;
}

// Nothing where it does not fit.
std::optional<std::uint64_t> times(std::uint64_t number, std::uint64_t unit, std::uint64_t most) {
  if (number > most / unit) return std::nullopt;
  return number * unit;
}

// How many bytes the character at the beginning has; 0 where it is no UTF-8 (RFC 3629).
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool outside = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0) < ' ' || byte(0) == 0x7F;
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (character.size() != 3 || byte(0) != 0xE2) return false;
  return (byte(1) == 0x80 && (byte(2) >= 0xA8 && byte(2) <= 0xAE)) ||  // lines, directions
         (byte(1) == 0x81 && (byte(2) >= 0xA6 && byte(2) <= 0xA9)) ||
         (byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F));
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::size_t length = character(text);
    const std::string_view one = text.substr(0, std::max<std::size_t>(length, 1));
    all.emplace_back(length == 0 ? "?" : is_control(one) ? " " : one);
    text.remove_prefix(one.size());
  }
  return all;
}

}  // namespace

Duration parse_age(const std::string& text) {
  const auto unit_of = [](const std::string& unit) -> std::uint64_t {
    if (unit == "s") return second;
    if (unit == "m") return 60 * second;
    if (unit == "h") return 3'600 * second;
    if (unit == "d") return 86'400 * second;
    return unit == "w" ? 604'800 * second : 0;
  };
  const auto quantity = parse(text);
  const std::uint64_t unit = quantity ? unit_of(quantity->unit) : 0;
  const auto age = unit == 0 ? std::nullopt
                             : times(quantity->number, unit, std::numeric_limits<Duration>::max());
  if (!age)
    throw RunsError(
        fmt::format("'{}' is no age: write a whole number and s, m, h, d or w, such as "
                    "12h or 90d",
                    plain(text)));
  return static_cast<Duration>(*age);
}

std::uint64_t parse_size(const std::string& text) {
  const auto unit_of = [](std::string unit) -> std::uint64_t {
    if (unit.ends_with("iB"))
      unit.resize(unit.size() - 2);
    else if (unit.ends_with('B'))
      unit.pop_back();
    if (unit.empty()) return 1;
    const auto power = std::string_view("KMGT").find(unit);
    return unit.size() != 1 || power == std::string_view::npos ? 0 : 1ULL << (10 * (power + 1));
  };
  const auto quantity = parse(text);
  const std::uint64_t unit = quantity ? unit_of(quantity->unit) : 0;
  const auto size = unit == 0
                        ? std::nullopt
                        : times(quantity->number, unit, std::numeric_limits<std::uint64_t>::max());
  if (!size)
    throw RunsError(
        fmt::format("'{}' is no size: write a whole number and K, M, G or T, such as "
                    "500M or 20G",
                    plain(text)));
  return *size;
}

std::size_t parse_count(const std::string& text, std::string_view option) {
  const auto quantity = parse(text);
  if (!quantity || !quantity->unit.empty())
    throw RunsError(fmt::format("{}: '{}' is no whole number", option, plain(text)));
  return quantity->number;
}

std::string format_size(std::uint64_t bytes) {
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<const char*, 5> units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return fmt::format("{:.{}f} {}", size, unit == 0 ? 0 : 1, units[unit]);
}

std::string plain(std::string_view text) {
  std::string safe;
  for (const std::string& one : characters(text)) safe += one;
  return safe;
}

std::string fit(std::string_view text, std::size_t columns) {
  std::vector<std::string> all = characters(text);
  if (all.size() > columns) {
    all.resize(columns);
    if (columns > 0) all.back() = "…";
  }
  all.resize(columns, " ");
  std::string fitting;
  for (const std::string& one : all) fitting += one;
  return fitting;
}

std::string sparkline(const std::vector<std::optional<double>>& values, std::size_t columns) {
  constexpr std::array<const char*, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t shown = std::min(values.size(), columns);
  const auto begin = values.end() - static_cast<std::ptrdiff_t>(shown);
  double most = 0;
  for (auto value = begin; value != values.end(); ++value)
    most = std::max(most, value->value_or(0));
  std::string line(columns - shown, ' ');
  for (auto value = begin; value != values.end(); ++value) {
    const double share = *value && most > 0 ? std::clamp(**value / most, 0.0, 1.0) : 0;
    line += *value ? blocks[static_cast<std::size_t>(std::lround(share * 7))] : " ";
  }
  return line;
}

}  // namespace faultline
