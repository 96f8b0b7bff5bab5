#include "harness/report/page/folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/report/page/index.h"
#include "harness/report/page/page.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_brokers = 16;
constexpr std::size_t longest_configuration = 64 << 10;

std::string beginning_of(const fs::path& file, std::size_t bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (!entry->is_symlink(error)) all.push_back(entry->path());
  std::ranges::sort(all);
  return all;
}

// brokers/<server>/*.conf and *.log
std::vector<BrokerFiles> broker_files(const fs::path& run) {
  std::vector<BrokerFiles> all;
  for (const fs::path& folder : entries(run / "brokers")) {
    if (all.size() == most_brokers) break;
    BrokerFiles broker{folder.filename().string(), "", {}};
    for (const fs::path& file : entries(folder)) {
      std::error_code error;
      if (!fs::is_regular_file(file, error)) continue;
      if (file.extension() == ".conf")
        broker.configuration += beginning_of(file, longest_configuration);
      if (file.extension() == ".log") broker.logs.push_back(file);
    }
    all.push_back(std::move(broker));
  }
  return all;
}

// What run.json says of where it ran, whatever version wrote it.
void add_machine(const fs::path& run, PageContent& content) {
  std::ifstream in(run / run_json_name);
  const auto json = nlohmann::ordered_json::parse(in, nullptr, false);
  if (!json.is_object()) return;
  if (const auto machine = json.find("machine"); machine != json.end() && machine->is_object())
    for (const auto& [name, value] : machine->items())
      content.machine.emplace_back(name,
                                   value.is_string() ? value.get<std::string>() : value.dump());
  const auto versions = json.find("versions");
  if (versions != json.end() && versions->is_object() && versions->contains("faultline") &&
      (*versions)["faultline"].is_string())
    content.faultline_version = (*versions)["faultline"];
}

}  // namespace

void write_run_page(const StoredRun& stored, const std::string& novelty) {
  PageContent content;
  content.run = stored.run;
  content.history = stored.history ? &*stored.history : nullptr;
  content.novelty = novelty;
  if (!stored.history_problem.empty())
    content.problems.push_back("The history cannot be read: " + stored.history_problem);
  if (!stored.not_compared.empty()) content.problems.push_back(stored.not_compared);
  if (stored.differences && !stored.differences->empty())
    content.problems.push_back(
        fmt::format("Judged again for this page, which disagrees with run.json: {}",
                    fmt::join(*stored.differences, "; ")));
  if (stored.history) content.faultline_version = stored.history->header.faultline_version;
  add_machine(stored.run.folder, content);
  content.brokers = broker_files(stored.run.folder);
  write_atomically(stored.run.folder / run_page_name, run_page(content));
}

void write_suite_pages(const SuiteResult& suite) {
  write_atomically(suite.folder / "index.html", suite_page(suite));
  write_atomically(suite.folder / "summary.md", suite_markdown(suite));
}

}  // namespace faultline
