// The failover table of a suite: what is documented beside what was observed, figure by figure.
#pragma once

#include <string>

#include "harness/runner.h"

namespace faultline {

inline constexpr const char* run_page_name = "report.html";

// A whole HTML document; each row links to its run's page, by its folder's name. A table for
// each provider and broker version, in the page's shape: brokers, workers, volumes, the rest.
std::string suite_page(const SuiteResult&);

// The same as GitHub's Markdown. Without links, which lead nowhere from the summary of a job,
// it names each run's folder instead.
enum class Links { to_pages, none };
std::string suite_markdown(const SuiteResult&, Links = Links::to_pages);

// Text as Markdown that shows it: on one line, without markup, without secrets.
std::string markdown_text(std::string_view);

}  // namespace faultline
