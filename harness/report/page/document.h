// What every page shares: the frame of the document, and words with a sign.
#pragma once

#include <string>

#include "harness/report/page/html.h"

namespace faultline {

// The document: style and script within, and a policy that lets a browser ask for nothing
// and run nothing else.
std::string document(const std::string& title, const Html& body);

// "✗ fail": a sign and a word, in the colour of pass, fail, unknown or of neither.
Html outcome_badge(std::string_view outcome);

}  // namespace faultline
