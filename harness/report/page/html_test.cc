#include "harness/report/page/html.h"

#include <gtest/gtest.h>

#include <random>

#include "checkers/testing.h"
#include "harness/report/page/index.h"

namespace faultline {
namespace {

TEST(Html, TextIsNeverMarkup) {
  EXPECT_EQ(Html("<b>&\"'").markup(), "&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(element("p", {{"title", "\"><script>"}}, {"x", tag("b", {"<"})}).markup(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">x<b>&lt;</b></p>");
}

TEST(Html, BytesThatAreNoTextBecomeReplacementCharacters) {
  constexpr const char* none = "\xEF\xBF\xBD";
  EXPECT_EQ(clean_text("a\x01"), std::string("a") + none);
  EXPECT_EQ(clean_text("\x7F"), none);
  EXPECT_EQ(clean_text("\xC2\x9B"), std::string(none) + none);             // U+009B
  EXPECT_EQ(clean_text("\xE2\x80\xAE"), std::string(none) + none + none);  // U+202E
  EXPECT_EQ(clean_text("\xED\xA0\x80"), std::string(none) + none + none);  // a surrogate
  EXPECT_EQ(clean_text("\xC0\x80\xF5"), std::string(none) + none + none);
  EXPECT_EQ(clean_text("\xE2\x82"), std::string(none) + none);  // cut off
  EXPECT_EQ(clean_text("ü€😀\t\n"), "ü€😀\t\n");
}

TEST(Html, LinksLeadToTheWebOnly) {
  EXPECT_EQ(link("javascript:alert(1)", "x").markup(), "x");
  EXPECT_EQ(link("https://a/?b&c", "x").markup(),
            "<a href=\"https://a/?b&amp;c\" rel=\"noreferrer\">x</a>");
  EXPECT_EQ(relative_url("javascript:a b\"/ü"), "javascript%3Aa%20b%22/%C3%BC");
}

TEST(Html, ASecretInTextIsRedacted) {
  EXPECT_EQ(Html("nats://a:b@c").markup(), "nats://[redacted]@c");
  EXPECT_EQ(shortened("nats://a:hunter2@c", 12).find("hunt"), std::string::npos);
  EXPECT_EQ(element("p", {{"title", "password: x"}}).markup(),
            "<p title=\"password: [redacted]\"></p>");
}

TEST(Html, ShortensBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("aüb", 2), "a… (3 bytes more)");
}

// Whatever the bytes: no character with a meaning stands for itself, and all is UTF-8.
TEST(Html, AnyBytesAreHarmless) {
  const auto seed = testing::test_seed();
  SCOPED_TRACE("FAULTLINE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string raw;
    for (std::size_t i = random() % 40; i > 0; --i)
      raw += random() % 3 == 0 ? "<>&\"'`\n\x00\xC3\xE2\xF0\x80"[random() % 12]
                               : static_cast<char>(random());
    const std::string markup = Html(raw).markup();
    EXPECT_EQ(markup.find_first_of("<>\"'"), std::string::npos) << markup;
    EXPECT_EQ(clean_text(markup), markup);
    const std::string line = markdown_text(raw);
    EXPECT_EQ(line.find_first_of("<>|`[]*_\n"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace faultline
