#include "harness/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace faultline {
namespace {

namespace fs = std::filesystem;

bool is_scenario_file(const fs::path& file) {
  const auto extension = file.extension();
  return (extension == ".yaml" || extension == ".yml") &&
         !file.filename().string().starts_with('.');
}

bool runs_only_when_named(const Scenario& s) {
  return s.set == "beyond-page" || s.set == "known-issue" || s.set == "built-to-fail";
}

class Loader {
 public:
  explicit Loader(Selection selection) : selection_(selection) {}

  void add_path(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      add_file(path, [](const Scenario&) { return true; });
      return;
    }
    const auto own_folder = (path / "").lexically_normal();  // "a/b/" for "a/b" and "a/./b/" alike
    const auto files = files_below(path);
    if (files.empty()) problem(path, "holds no scenario (*.yaml)");
    std::size_t taken = 0;
    const auto before = catalogue_.scenarios.size();
    for (const auto& file : files)
      taken += add_file(file, [&](const Scenario& s) {
        return selection_ == Selection::all || !runs_only_when_named(s) ||
               (file.parent_path() / "").lexically_normal() == own_folder;
      });
    sort_by_figure(before);
    if (!files.empty() && taken == 0)
      problem(path, "holds only scenarios that run when they are named, or their folder is");
  }

  void add_page() {
    const auto folder = scenarios_folder();
    if (folder.empty()) {
      problem("scenarios", "the catalogue was not found; name scenario files or a folder of them");
      return;
    }
    std::size_t taken = 0;
    for (const auto& file : files_below(folder))
      taken += add_file(
          file, [&](const Scenario& s) { return selection_ == Selection::all || s.set == "page"; });
    sort_by_figure(0);
    if (taken == 0) problem(folder, "holds no scenario of the page");
  }

  Catalogue finish() {
    refuse_equal_names();
    return std::move(catalogue_);
  }

 private:
  void problem(const fs::path& file, std::string message) {
    catalogue_.problems.push_back({file, 0, 0, std::move(message)});
  }

  // Of a folder: the page's figures first, in the page's order.
  void sort_by_figure(std::size_t begin) {
    std::stable_sort(catalogue_.scenarios.begin() + static_cast<std::ptrdiff_t>(begin),
                     catalogue_.scenarios.end(), [](const Scenario& a, const Scenario& b) {
                       return !a.figure.empty() && (b.figure.empty() || a.figure < b.figure);
                     });
  }

  std::vector<fs::path> files_below(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (auto entry = fs::recursive_directory_iterator(folder, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (is_scenario_file(entry->path()) && !entry->is_directory(ignored))
        files.push_back(entry->path());
    }
    if (error) problem(folder, "cannot be searched: " + error.message());
    std::ranges::sort(files);
    return files;
  }

  // Whether the file stands for something: a scenario that is wanted, or a problem.
  template <class Wanted>
  bool add_file(const fs::path& file, Wanted wanted) {
    std::error_code error;
    const auto canonical = fs::weakly_canonical(file, error);
    if (seen_.contains(error ? file : canonical)) return true;
    auto loaded = load_scenario(file);
    if (loaded.problems.empty() && !wanted(loaded.scenario)) return false;
    seen_.insert(error ? file : canonical);
    if (loaded.problems.empty()) catalogue_.scenarios.push_back(std::move(loaded.scenario));
    std::ranges::move(loaded.problems, std::back_inserter(catalogue_.problems));
    return true;
  }

  // Each scenario's results go to a folder of its name.
  void refuse_equal_names() {
    std::map<std::string, fs::path> owner;
    for (const auto& scenario : catalogue_.scenarios) {
      const auto [first, is_new] = owner.emplace(scenario.name, scenario.file);
      if (!is_new)
        problem(scenario.file, fmt::format("metadata.name '{}' is the name of {} too",
                                           scenario.name, first->second.string()));
    }
  }

  const Selection selection_;
  Catalogue catalogue_;
  std::set<fs::path> seen_;
};

}  // namespace

Catalogue load_catalogue(std::span<const fs::path> paths, Selection selection) {
  Loader loader(selection);
  for (const auto& path : paths) loader.add_path(path);
  if (paths.empty()) loader.add_page();
  return loader.finish();
}

fs::path scenarios_folder() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& folder :
       {fs::path("scenarios"), program / "../scenarios", program / "../share/faultline/scenarios",
        fs::path(FAULTLINE_SOURCE_DIR) / "scenarios"})
    if (fs::is_regular_file(folder / "schema.json", error)) return folder.lexically_normal();
  return {};
}

}  // namespace faultline
