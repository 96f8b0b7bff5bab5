#include "harness/kubernetes/api/watch_lines.h"

namespace faultline {
namespace {

constexpr std::size_t longest_line = 16 << 20;

std::optional<WatchLine> parse(const std::string& text) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("type") || !parsed["type"].is_string() ||
      !parsed.contains("object") || !parsed["object"].is_object())
    return {};
  const std::string type = parsed["type"];
  WatchLine line{WatchLine::Kind::event, WatchEvent::Kind::added, parsed["object"]};
  if (type == "ADDED") return line;
  if (type == "MODIFIED") return line.event = WatchEvent::Kind::modified, line;
  if (type == "DELETED") return line.event = WatchEvent::Kind::deleted, line;
  if (type == "BOOKMARK") return line.kind = WatchLine::Kind::bookmark, line;
  if (type == "ERROR") return line.kind = WatchLine::Kind::error, line;
  return {};
}

}  // namespace

std::optional<WatchLine> WatchLines::next() {
  for (;;) {
    const auto end = buffer_.find('\n');
    if (end == buffer_.npos) {
      broken_ = broken_ || buffer_.size() > longest_line;
      return {};
    }
    const std::string text = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (broken_ || text.empty()) continue;
    if (auto line = parse(text)) return line;
    broken_ = true;
  }
}

}  // namespace faultline
