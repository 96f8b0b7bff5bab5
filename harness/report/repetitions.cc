#include "harness/report/repetitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "harness/report/words.h"

namespace faultline {
namespace {

struct Word {
  std::string_view outcome, counted;
};

// The worst first.
constexpr std::array<Word, 7> words{{{"fail", "failed"},
                                     {"broken", "broke"},
                                     {"interrupted", "was interrupted"},
                                     {"unknown", "unknown"},
                                     {"not run", "not run"},
                                     {"skipped", "skipped"},
                                     {"pass", "passed"}}};

constexpr std::size_t most_named = 20;

auto rank(std::string_view outcome) { return std::ranges::find(words, outcome, &Word::outcome); }

int rank_of_service(std::string_view observed) {
  return observed == "stop" ? 3 : observed == "pause" ? 2 : observed == "continue" ? 1 : 0;
}

// Of "-", "none", "unknown" and a number, which is the worst.
std::uint64_t rank_of_loss(const RunResult& run) {
  const CheckResult* check = run.judgement.find("lost");
  if (run.status != RunStatus::judged || check == nullptr) return 0;
  for (const auto& [name, count] : check->counts)
    if (name == "lost" && count > 0) return count + 2;
  return check->verdict == Verdict::pass ? 1 : 2;
}

template <typename Rank>
const RunResult& greatest(const std::vector<const RunResult*>& runs, Rank rank) {
  return **std::ranges::max_element(runs, {}, [&](const RunResult* run) { return rank(*run); });
}

auto experiment(const RunResult& run) {
  return std::tie(run.scenario.name, run.scenario.file, run.provider, run.broker_product,
                  run.repetitions);
}

// A run that broke early may not know its broker's version.
bool same_version(const RunResult& a, const RunResult& b) {
  return a.broker_version.empty() || b.broker_version.empty() ||
         a.broker_version == b.broker_version;
}

// "leader-2 (seed 43), leader-6 (seed 47)": those of which `asked` is true.
template <typename Asked>
std::string named(const std::vector<const RunResult*>& runs, Asked asked) {
  std::vector<std::string> names;
  for (const RunResult* run : runs)
    if (asked(*run))
      names.push_back(fmt::format("{} (seed {})", run->folder.filename().string(), run->seed));
  const std::size_t more = names.size() > most_named ? names.size() - most_named : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

// A run whose broker never came up does not know it.
std::string own_version(const Repetitions& row) {
  for (const RunResult* run : row.runs)
    if (!run->broker_version.empty()) return run->broker_version;
  return "";
}

}  // namespace

const RunResult& Repetitions::worst() const {
  return **std::ranges::min_element(runs, {},
                                    [](const RunResult* run) { return rank(outcome_word(*run)); });
}

std::size_t Repetitions::count(std::string_view outcome) const {
  const auto there =
      std::ranges::count(runs, outcome, [](const RunResult* run) { return outcome_word(*run); });
  const std::size_t missing = asked_for() > runs.size() ? asked_for() - runs.size() : 0;
  return static_cast<std::size_t>(there) + (outcome == "not run" ? missing : 0);
}

std::string_view Repetitions::outcome() const {
  return std::ranges::find_if(words, [&](const Word& word) { return count(word.outcome) > 0; })
      ->outcome;
}

std::string Repetitions::share() const {
  return repeated() ? fmt::format("{} of {}", count(outcome()), asked_for()) : "";
}

std::string Repetitions::sentence() const {
  if (!repeated()) return "";
  std::string text;
  for (const Word& word : words)
    if (const std::size_t number = count(word.outcome); number > 0)
      text += text.empty() ? fmt::format("{} {} of {}", word.counted, number, asked_for())
                           : fmt::format(", {} {}", word.counted, number);
  if (outcome() != "pass" && outcome() != "not run" && outcome() != "skipped")
    text +=
        ": " + named(runs, [&](const RunResult& run) { return outcome_word(run) == outcome(); });
  if (std::ranges::any_of(runs, [](auto* run) { return passed_against_its_build(*run); }))
    text += "; built to fail, and did not: " + named(runs, passed_against_its_build);
  return text;
}

const RunResult& Repetitions::worst_writes() const {
  return greatest(runs, [](const RunResult& run) {
    return rank_of_service(observed_word(run, "availability.writes"));
  });
}

const RunResult& Repetitions::worst_reads() const {
  return greatest(runs, [](const RunResult& run) { return rank_of_service(observed_reads(run)); });
}

const RunResult& Repetitions::worst_loss() const { return greatest(runs, rank_of_loss); }

std::vector<Repetitions> by_scenario(const SuiteResult& suite) {
  std::vector<Repetitions> all;
  for (const RunResult& run : suite.runs) {
    const auto of_it = std::ranges::find_if(all, [&](const Repetitions& other) {
      return run.repetitions > 1 && experiment(*other.runs.front()) == experiment(run) &&
             same_version(*other.runs.front(), run);
    });
    if (of_it == all.end())
      all.push_back({{&run}});
    else
      of_it->runs.push_back(&run);
  }
  return all;
}

std::string broker_version(const Repetitions& row, const std::vector<Repetitions>& rows) {
  if (std::string own = own_version(row); !own.empty()) return own;
  std::set<std::string> versions;
  for (const Repetitions& other : rows)
    if (other.runs.front()->broker_product == row.runs.front()->broker_product &&
        other.runs.front()->provider == row.runs.front()->provider)
      versions.insert(own_version(other));
  versions.erase("");
  return versions.size() == 1 ? *versions.begin() : "";
}

}  // namespace faultline
