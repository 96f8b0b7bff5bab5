#include "harness/report/page/document.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "harness/report/page/assets.h"

namespace faultline {
namespace {

// As a Content-Security-Policy names a script or a style sheet.
std::string sha256_source(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not to be had of OpenSSL");
  std::array<unsigned char, 64> base64{};
  const int written = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(length));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + written) + "'";
}

const char* sign_of(std::string_view outcome) {
  if (outcome == "pass") return "✓";
  if (outcome == "fail") return "✗";
  if (outcome == "unknown") return "?";
  return "–";
}

}  // namespace

std::string document(const std::string& title, const Html& body) {
  const std::string policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " +
                             sha256_source(page_css) + "; script-src " + sha256_source(page_js);
  const Html head = tag(
      "head",
      {element("meta", {{"charset", "utf-8"}}),
       element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy}}),
       element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}),
       element("meta", {{"name", "color-scheme"}, {"content", "light dark"}}),
       element("meta", {{"name", "referrer"}, {"content", "no-referrer"}}), tag("title", {title}),
       tag("style", {Html::trusted(page_css)})});
  const Html html =
      element("html", {{"lang", "en"}},
              {head, tag("body", {tag("main", {body}), tag("script", {Html::trusted(page_js)})})});
  return "<!DOCTYPE html>\n" + html.markup() + "\n";
}

Html outcome_badge(std::string_view outcome) {
  const bool known = outcome == "pass" || outcome == "fail" || outcome == "unknown";
  return element("strong",
                 {{"class", "badge " + std::string(known ? outcome : std::string_view("neither"))}},
                 {sign_of(outcome), " ", outcome});
}

}  // namespace faultline
