#include "harness/report/page/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "harness/report/redact.h"

namespace faultline {
namespace {

unsigned char byte(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(std::string_view text, std::size_t i) {
  return i < text.size() && (byte(text, i) & 0xC0) == 0x80;
}

// Bytes of the well-formed character at the start (The Unicode Standard, table 3-7), 0 if
// there is none. The controls of Latin-1, U+0080 to U+009F, are none either, nor is what
// turns the direction of writing around: U+202A to U+202E, U+2066 to U+2069.
std::size_t character_length(std::string_view text) {
  const unsigned char lead = byte(text, 0);
  if (lead < 0x80) return (lead >= 0x20 && lead != 0x7F) || lead == '\t' || lead == '\n' ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text, i)) return 0;
  std::uint32_t point = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(text, i) & 0x3Fu);
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0xA0, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  const bool turns = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  const bool none = (point & 0xFFFE) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
  const bool allowed = point >= smallest[length] && point <= 0x10FFFF;
  return allowed && !surrogate && !turns && !none ? length : 0;
}

void escape(std::string_view text, std::string& out) {
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
}

std::string escaped(std::string_view text) {
  std::string out;
  escape(clean_text(redact(text)), out);
  return out;
}

bool is_void(std::string_view name) {
  constexpr std::array<std::string_view, 4> all{"meta", "br", "input", "col"};
  return std::ranges::find(all, name) != all.end();
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    clean += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string shortened(std::string_view from_outside, std::size_t bytes) {
  const std::string redacted = redact(from_outside);  // half a secret has lost its form
  const std::string_view text = redacted;
  if (text.size() <= bytes) return redacted;
  std::size_t end = bytes;
  while (end > 0 && is_continuation(text, end)) --end;
  return fmt::format("{}… ({} bytes more)", text.substr(0, end), text.size() - end);
}

Html::Html(std::string_view text) : markup_(escaped(text)) {}

Html Html::trusted(std::string_view markup) {
  Html html;
  html.markup_ = markup;
  return html;
}

Html element(const char* name, std::initializer_list<Attribute> attributes,
             std::initializer_list<Html> children) {
  Html html;
  std::string& out = html.markup_;
  out.append("<").append(name);
  for (const Attribute& attribute : attributes)
    out.append(" ").append(attribute.name).append("=\"").append(escaped(attribute.value)) += '"';
  out += '>';
  if (is_void(name)) return html;
  for (const Html& child : children) out += child.markup();
  out.append("</").append(name).append(">");
  return html;
}

Html element(const char* name, std::initializer_list<Html> children) {
  return element(name, {}, children);
}

Html tag(const char* name, std::initializer_list<Html> children) {
  return element(name, {}, children);
}

Html link(const std::string& address, const Html& text) {
  if (!address.starts_with("https://") && !address.starts_with("http://")) return text;
  return element("a", {{"href", address}, {"rel", "noreferrer"}}, {text});
}

std::string relative_url(std::string_view path) {
  std::string url;
  for (const char c : path) {
    const auto b = static_cast<unsigned char>(c);
    const bool plain = (b < 0x80 && std::isalnum(b)) ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", b);
  }
  return url;
}

}  // namespace faultline
