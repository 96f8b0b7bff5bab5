// HTML as a value. The only place where text becomes markup: whatever a name, a broker's
// log or a history holds, a browser shows it as the text it is.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace faultline {

class Html {
 public:
  Html() = default;
  Html(std::string_view text);  // as text: secrets redacted (redact.h), then escaped
  Html(const std::string& text) : Html(std::string_view(text)) {}
  Html(const char* text) : Html(std::string_view(text)) {}

  Html& operator+=(const Html& next) {
    markup_ += next.markup_;
    return *this;
  }

  const std::string& markup() const { return markup_; }
  bool empty() const { return markup_.empty(); }

  // What this program was built with: a style sheet, a script.
  static Html trusted(std::string_view markup);

 private:
  friend Html element(const char*, std::initializer_list<struct Attribute>,
                      std::initializer_list<Html>);
  std::string markup_;
};

// Names are ours, values are anybody's.
struct Attribute {
  const char* name;
  std::string value;
};

Html element(const char* name, std::initializer_list<Attribute>, std::initializer_list<Html> = {});
Html tag(const char* name, std::initializer_list<Html> = {});  // without attributes

// A link to a page of the web. Only http and https: an address that begins otherwise is shown
// as text, since `javascript:` is one too.
Html link(const std::string& address, const Html& text);

// Of a path below the page, each part percent-encoded.
std::string relative_url(std::string_view path);

// Well-formed UTF-8 without control characters but tab and newline: what is none becomes
// U+FFFD, one for each byte.
std::string clean_text(std::string_view);

// At most `bytes` of it, cut between two characters, and how many are left out.
std::string shortened(std::string_view, std::size_t bytes);

}  // namespace faultline
