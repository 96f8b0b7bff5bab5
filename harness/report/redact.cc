#include "harness/report/redact.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace faultline {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string lowered(std::string_view text) {
  std::string lower_case(text);
  std::ranges::transform(lower_case, lower_case.begin(), lower);
  return lower_case;
}

bool names_a_secret(std::string_view word) {
  constexpr std::array parts{"password", "passwd",      "passphrase",  "secret",
                             "token",    "credentials", "apikey",      "api_key",
                             "api-key",  "private_key", "private-key", "access_key"};
  const std::string name = lowered(word);
  return name == "pass" || name == "pwd" || name == "auth" || name == "authorization" ||
         name.ends_with("_pass") || name.ends_with("-pass") ||
         std::ranges::any_of(parts, [&](const char* part) { return name.find(part) != npos; });
}

class Redaction {
 public:
  Redaction(std::string_view text, bool blank_separates)
      : text_(text), blank_separates_(blank_separates) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("-----BEGIN "))
        pem_block();
      else if (starts("://"))
        user_information();
      else if (is_word(text_[at_]))
        word();
      else
        keep(1);
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void keep(std::size_t length) {
    out_ += text_.substr(at_, length);
    at_ = std::min(at_ + length, text_.size());
  }
  void keep_until(std::size_t end) { keep(std::min(end, text_.size()) - at_); }

  void drop_until(std::size_t end) {
    end = std::min(end, text_.size());
    if (end <= at_) return;
    out_ += redacted_mark;
    at_ = end;
  }

  void pem_block() {
    const std::size_t end = text_.find("-----END ", at_);
    keep(std::min(text_.find("-----", at_ + 11), text_.size() - 5) + 5 - at_);
    drop_until(end);
  }

  void user_information() {
    keep(3);
    const std::size_t end =
        std::min(text_.find_first_of(" \t\r\n\"'`<>/?#,;)]}", at_), text_.size());
    const std::string_view authority = text_.substr(at_, end - at_);
    if (const auto sign = authority.rfind('@'); sign != npos) drop_until(at_ + sign);
  }

  void word() {
    const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto length =
        static_cast<std::size_t>(std::find_if_not(begin, text_.end(), is_word) - begin);
    const std::string_view name = text_.substr(at_, length);
    if (is_json_web_token(name)) return drop_until(end_of_json_web_token());
    if (is_seed(name)) return drop_until(at_ + length);
    const bool flag = name.starts_with("--");
    keep(length);
    if (is_scheme(name)) return after_scheme();
    if (name == "pass" && !blank_separates_ && is_verdict()) return;
    if (names_a_secret(name)) value_of(flag || (blank_separates_ && name != "credentials"));
  }

  // "pass: writes continue", and no `pass: "secret"`.
  bool is_verdict() const { return starts(": ") && !starts(": \"") && !starts(": '"); }

  static bool is_json_web_token(std::string_view name) {
    return name.size() >= 16 && name.starts_with("eyJ");
  }
  std::size_t end_of_json_web_token() const {
    const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    return at_ +
           static_cast<std::size_t>(
               std::find_if_not(begin, text_.end(), [](char c) { return is_word(c) || c == '.'; }) -
               begin);
  }

  // 'S', the kind, and 56 characters of base 32 (github.com/nats-io/nkeys).
  static bool is_seed(std::string_view name) {
    return name.size() >= 50 && name.front() == 'S' && std::ranges::all_of(name, [](char c) {
             return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
           });
  }

  static bool is_scheme(std::string_view name) {
    const std::string scheme = lowered(name);
    return scheme == "bearer" || scheme == "basic";
  }
  void after_scheme() {
    const std::size_t begin = text_.find_first_not_of(" \t", at_);
    if (begin == npos || begin == at_) return;
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n\"'`,;", begin), text_.size());
    if (end - begin < 6) return;  // an English word
    keep_until(begin);
    drop_until(end);
  }

  // At the end of a name. A block has names of its own.
  void value_of(bool blank_separates) {
    std::size_t next = at_;
    if (next < text_.size() && (text_[next] == '"' || text_[next] == '\'')) ++next;
    next = std::min(text_.find_first_not_of(" \t", next), text_.size());
    const bool separated = next < text_.size() && (text_[next] == ':' || text_[next] == '=');
    if (separated)
      next = std::min(text_.find_first_not_of(" \t", next + 1), text_.size());
    else if (!blank_separates || next == at_)
      return;
    if (next == text_.size()) return;
    keep_until(next);
    const char first = text_[at_];
    if (first == '{' || first == '\n' || first == '\r' || starts("//")) return;
    if (first == '"' || first == '\'' || first == '`') return quoted(first);
    if (first == '[') return drop_until(list_end());
    drop_until(bare_end());
  }

  void quoted(char quote) {
    keep(1);
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    drop_until(end);
  }

  std::size_t list_end() const {
    const std::size_t end = text_.find(']', at_);
    return end == npos ? text_.size() : end + 1;
  }

  // "Bearer x" and "Basic x" are two words.
  std::size_t bare_end() const {
    std::size_t end = std::min(text_.find_first_of(" \t\r\n,;&})]\"'`", at_), text_.size());
    if (is_scheme(text_.substr(at_, end - at_)) && end < text_.size())
      end = text_.find_first_of("\r\n,;\"'`", end);
    return end;
  }

  const std::string_view text_;
  const bool blank_separates_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string redact(std::string_view text) { return Redaction(text, false).run(); }

std::string redact_configuration(std::string_view text) { return Redaction(text, true).run(); }

}  // namespace faultline
