#include "harness/report/page/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "checkers/format.h"
#include "harness/report/page/document.h"
#include "harness/report/page/happenings.h"
#include "harness/report/page/html.h"
#include "harness/report/page/lanes.h"
#include "harness/report/page/logs.h"
#include "harness/report/page/moments.h"
#include "harness/report/page/plot.h"
#include "harness/report/redact.h"
#include "harness/report/words.h"
#include "harness/scenario_age.h"

namespace faultline {
namespace {

struct Limits {
  std::size_t dots, log_lines, strikes, text, configuration, events;
};

// The first that fits is taken; the last always does.
constexpr Limits ample{20'000, 40, 100, 1000, 16'000, 400};
constexpr Limits tight{8'000, 10, 40, 500, 4'000, 100};
constexpr Limits bare{1'000, 0, 10, 200, 0, 20};

constexpr std::size_t most_moments = 4;

// A shell takes it as one word.
std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-._/:@%+,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

bool failed(const CheckResult& check) { return check.judged && check.verdict == Verdict::fail; }

// How much a reader cares, the most first.
int rank(const CheckResult& check) {
  if (!check.judged) return 3;
  return check.verdict == Verdict::fail ? 0 : check.verdict == Verdict::unknown ? 1 : 2;
}

std::vector<const CheckResult*> by_rank(const Judgement& judgement) {
  std::vector<const CheckResult*> all;
  for (const CheckResult& check : judgement.checks) all.push_back(&check);
  std::ranges::stable_sort(all, {}, [](const CheckResult* check) { return rank(*check); });
  return all;
}

std::string count_words(const std::pair<std::string, std::uint64_t>& count) {
  const auto& [name, value] = count;
  if (!name.ends_with("_ns")) return fmt::format("{} {}", name, value);
  return fmt::format("{} {}", name.substr(0, name.size() - 3),
                     format_duration(static_cast<Duration>(std::min<std::uint64_t>(value, never))));
}

// "fail: lost 3 of 9" and "unknown (interrupted): ..." after a badge that says so already.
std::string without_word(const std::string& reason, const Judgement& judgement) {
  for (const char* end : {": ", " (interrupted): "}) {
    const std::string prefix = std::string(to_string(judgement.verdict)) + end;
    if (reason.starts_with(prefix)) return reason.substr(prefix.size());
  }
  return reason;
}

class Page {
 public:
  Page(const PageContent& content, const Limits& limits)
      : content_(content),
        run_(content.run),
        history_(content.history),
        limits_(limits),
        outcome_(outcome_word(run_)) {
    if (history_ != nullptr) {
      strikes_ = strikes(*history_);
      line_ = timeline(*history_);
    }
  }

  std::string build() {
    Html body;
    body += header();
    body += answers();
    body += documented();
    body += plotted();
    body += violations();
    body += replicas();
    body += faults();
    body += expectations();
    body += logs();
    body += details();
    return document(fmt::format("{}: {}", outcome_, text(label(run_.scenario))), body);
  }

 private:
  std::string text(std::string_view from_outside) const {
    return shortened(from_outside, limits_.text);
  }
  static Html section(const char* id, const char* title, std::initializer_list<Html> content) {
    Html all = element("h2", {{"id", std::string(id) + "-title"}}, {title});
    for (const Html& part : content) all += part;
    return element("section", {{"id", id}, {"aria-labelledby", std::string(id) + "-title"}}, {all});
  }
  static Html scrolled(const char* name, const Html& table) {
    return element("div",
                   {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", name}},
                   {table});
  }
  static Html head_row(std::initializer_list<const char*> names) {
    Html cells;
    for (const char* name : names) cells += element("th", {{"scope", "col"}}, {name});
    return tag("thead", {tag("tr", {cells})});
  }
  Html when(Time time) const { return moment(time, history_->header.monotonic); }

  Html header() const {
    const Scenario& scenario = run_.scenario;
    Html head = tag("h1", {text(label(scenario))});
    if (!scenario.title.empty()) head += element("p", {{"class", "title"}}, {text(scenario.title)});
    head += element(
        "p", {{"class", "verdict " + outcome_}},
        {outcome_badge(outcome_), " ", text(without_word(reason_line(run_), run_.judgement))});
    if (run_.repetitions > 1)
      head += tag("p", {fmt::format("Run {} of {} of this scenario in its suite.", run_.repetition,
                                    run_.repetitions)});
    Html problems;
    if (!run_.retried_as.empty())
      problems += tag("li", {"The harness broke, and ran it again: ", text(run_.retried_as), "."});
    for (const BrokenRun& broken : run_.retried)
      problems += tag("li", {"Not the first run: in ", text(broken.name),
                             " the harness broke: ", text(broken.reason)});
    for (const std::string& problem : content_.problems) problems += tag("li", {text(problem)});
    if (history_ != nullptr && !history_->damage.empty())
      problems += tag(
          "li", {"The history is damaged, and what lies behind the damage is not on this page: ",
                 text(history_->damage)});
    else if (history_ != nullptr && !history_->closed)
      problems += tag("li", {"The history ends in the middle: its recorder never closed it."});
    if (run_.interrupted)
      problems += tag("li", {"The run was interrupted; what was recorded by then is here."});
    if (!run_.not_undone.empty())
      problems +=
          tag("li", {"Not everything was undone, see 'faultline heal': ", text(run_.not_undone)});
    if (!problems.empty())
      head += element("ul", {{"class", "problems"}, {"aria-label", "What is missing"}}, {problems});
    return tag("header", {head});
  }

  // The four questions of somebody who wakes up to a red run.
  Html answers() const {
    return section("answers", "In one minute",
                   {element("dl", {{"class", "answers"}},
                            {tag("dt", {"What broke"}), tag("dd", {what_broke()}),
                             tag("dt", {"Why it is believed"}), tag("dd", {why_believed()}),
                             tag("dt", {"Whether it is new"}), tag("dd", {whether_new()}),
                             tag("dt", {"How to see it again"}), tag("dd", {see_again()})})});
  }

  Html what_broke() const {
    if (run_.status != RunStatus::judged) return "Nothing was judged.";
    constexpr std::size_t most_reasons = 6;
    std::size_t count = 0;
    Html items;
    for (const CheckResult* check : by_rank(run_.judgement)) {
      if (rank(*check) > 1 || (rank(*check) == 1 && run_.judgement.verdict == Verdict::fail))
        continue;
      if (++count > most_reasons) continue;
      const Html name =
          check->samples.empty()
              ? Html(check->check)
              : element("a", {{"href", "#violation-" + check->check}}, {check->check});
      items += tag("li", {tag("b", {name}), ": ", text(check->reason)});
    }
    if (items.empty()) return "Nothing: what was promised was kept.";
    if (count > most_reasons)
      items += tag("li", {element("a", {{"href", "#expectations"}},
                                  {fmt::format("{} more", count - most_reasons)})});
    const Html lead = run_.judgement.verdict == Verdict::fail
                          ? Html()
                          : tag("p", {"Nothing was seen to break, but this could not be judged:"});
    return tag("div", {lead, tag("ul", {items})});
  }

  Html why_believed() const {
    Html items;
    if (history_ == nullptr) return "There is no history to judge from.";
    items += tag("li", {operations_words()});
    if (strikes_.empty()) items += tag("li", {"No fault was recorded."});
    for (std::size_t i = 0; i < std::min<std::size_t>(strikes_.size(), 3); ++i)
      items += tag("li", {strike_words(strikes_[i])});
    if (strikes_.size() > 3)
      items += tag("li", {fmt::format("{} more strikes: ", strikes_.size() - 3),
                          element("a", {{"href", "#faults"}}, {"the faults"})});
    items += tag("li", {drain_words()});
    if (const CheckResult* check = run_.judgement.find("assumptions"))
      items += tag("li", {"What a verdict rests on: ", text(check->reason)});
    items +=
        tag("li", {"Judged from the history alone: ",
                   tag("code", {"faultline check " + shell_word(folder())}), " says it again."});
    return tag("ul", {items});
  }

  std::string operations_words() const {
    std::uint64_t writes = 0, refused = 0, unknown = 0;
    for (const Operation& o : history_->operations) {
      writes += o.kind == OperationKind::publish && o.outcome == Outcome::ok;
      refused += o.outcome == Outcome::fail;
      unknown += o.outcome == Outcome::unknown;
    }
    return fmt::format(
        "{} recorded in {}: {} publishes acknowledged, {} operations failed, {} without an answer.",
        format_count(history_->operations.size(), "operation"),
        format_duration(line_.end - line_.start), writes, refused, unknown);
  }

  Html strike_words(const Strike& strike) const {
    Html words = fmt::format("{} {} ({}) struck at ", text(strike.name), text(strike.target),
                             text(fmt::format("{}", fmt::join(strike.servers, ", "))));
    words += when(strike.striking);
    words += ": " + outcome_of(strike) + ".";
    if (!strike.evidence.empty()) words += " " + text(strike.evidence.front());
    return words;
  }

  std::string drain_words() const {
    std::string all;
    for (const Event& event : history_->events)
      if (const auto* drain = std::get_if<DrainFinished>(&event.what))
        all += (all.empty() ? "" : " ") + of_partition(drain->partition, ": ") + words_of(*drain);
    return all.empty() ? "There was no final read." : all;
  }

  std::string words_of(const DrainFinished& drain) const {
    const std::string why = drain.reason.empty() ? "" : " (" + text(drain.reason) + ")";
    if (drain.stream_absent) return "After the heal the stream was gone for good." + why;
    if (!drain.complete) return "The final read did not finish." + why;
    return fmt::format("The final read was complete: sequences {} to {}.{}", drain.first_sequence,
                       drain.last_sequence, why);
  }

  // Nothing where there is but one.
  std::string of_partition(std::uint32_t partition, const char* end) const {
    if (history_->header.partitions == 1) return "";
    return fmt::format("Partition {}{}", partition, end);
  }

  std::string compared_with_earlier_runs() const {
    if (outcome_ != "fail") return "Only failures are compared with earlier runs.";
    if (content_.novelty.empty()) return "It was not compared with earlier runs.";
    std::string sentence = text(content_.novelty) + ".";
    sentence.front() =
        static_cast<char>(std::toupper(static_cast<unsigned char>(sentence.front())));
    return sentence;
  }

  Html whether_new() const {
    Html all;
    if (const KnownIssue* issue = known_issue(run_))
      all +=
          tag("p", {"A known issue of this broker's version: ", link(issue->url, text(issue->id)),
                    fmt::format(" (versions {}).", text(issue->versions))});
    else if (!run_.scenario.known_issue.id.empty())
      all += tag("p", {"The scenario is about ",
                       link(run_.scenario.known_issue.url, text(run_.scenario.known_issue.id)),
                       run_.judgement.verdict == Verdict::fail
                           ? ", which does not explain all that failed here."
                           : ", which this run did not show."});
    all += tag("p", {compared_with_earlier_runs()});
    return all;
  }

  std::string folder() const { return run_.folder.empty() ? "RUN" : near_path(run_.folder); }

  Html see_again() const {
    return tag("div",
               {element("pre", {{"class", "command"}}, {tag("code", {rerun_command(run_)})}),
                tag("p", {fmt::format("Seed {}. The order in which a cluster does things is not in "
                                      "the seed: a rare failure may take several runs.",
                                      run_.seed)})});
  }

  Html documented() const {
    const Expectations& promised = run_.scenario.expectations;
    const auto row = [&](const char* what, std::string_view said, const std::string& seen,
                         const char* check) {
      const CheckResult* result = run_.judgement.find(check);
      const Html verdict = result == nullptr ? Html("–")
                           : result->judged  ? outcome_badge(to_string(result->verdict))
                                             : Html("measured");
      return tag("tr", {element("th", {{"scope", "row"}}, {what}),
                        tag("td", {said == "-" ? "not promised" : said}),
                        tag("td", {seen == "-" ? "not seen" : text(seen)}), tag("td", {verdict}),
                        tag("td", {result == nullptr ? "" : text(result->reason)})});
    };
    const Html body =
        tag("tbody",
            {row("Writes", documented_word(promised.writes),
                 observed_word(run_, "availability.writes"), "availability.writes"),
             row("Reads", documented_word(promised.reads),
                 observed_word(run_, "availability.reads"), "availability.reads"),
             row("Deliveries", documented_word(promised.reads),
                 observed_word(run_, "availability.deliveries"), "availability.deliveries"),
             row("Loss", documented_word(promised.loss), observed_word(run_, "lost"), "lost")});
    Html cites;
    if (!run_.scenario.cites.empty())
      cites = tag("p", {"Tested: ", tag("q", {text(run_.scenario.cites)})});
    return section(
        "documented", "Documented beside observed",
        {cites, scrolled("Documented beside observed",
                         tag("table",
                             {head_row({"", "Documented", "Observed", "Verdict", "Why"}), body}))});
  }

  Html plotted() const {
    if (history_ == nullptr) return {};
    const Plot both = plot(*history_, run_.judgement, limits_.dots);
    Html of_all;
    if (history_->header.partitions > 1)
      of_all = tag("p", {fmt::format("All {} partitions together, and the leader of the first: one "
                                     "may have a gap that does not show here. The verdicts are of "
                                     "each by itself.",
                                     history_->header.partitions)});
    return section("time", "Over time",
                   {of_all, both.figure,
                    tag("details", {tag("summary", {"The numbers behind the plot"}),
                                    scrolled("The numbers behind the plot", both.table)})});
  }

  Html violations() const {
    if (history_ == nullptr || run_.status != RunStatus::judged) return {};
    Html all;
    for (const CheckResult* check : by_rank(run_.judgement))
      if (check->verdict != Verdict::pass && !check->samples.empty()) all += findings(*check);
    if (all.empty()) return {};
    return section(
        "violations", "The witnesses",
        {tag("p", {"Only the operations that conflict, in the order of time and not to scale; "
                   "a value is its producer and its number, a sequence the broker's."}),
         all});
  }

  // What is no part of the verdict is folded.
  Html findings(const CheckResult& check) const {
    Html items;
    for (const Finding& finding : check.samples)
      items += tag("li", {tag("p", {text(finding.what)}), lanes(finding, *history_)});
    Html list = element("ol", {{"class", "findings"}}, {items});
    if (!check.judged)
      list = tag("details", {tag("summary", {"Measured, no part of the verdict"}), list});
    const bool says_more = check.samples.size() > 1 || check.samples.front().what != check.reason;
    const Html reason = says_more ? tag("p", {text(check.reason), "."}) : Html();
    const Html first =
        check.samples.size() == max_samples
            ? tag("p",
                  {fmt::format("At most {} findings are kept; the counts are exact.", max_samples)})
            : Html();
    Html all = element("h3", {{"id", "violation-" + check.check}}, {check.check});
    for (const Html& part : {reason, first, list}) all += part;
    return all;
  }

  Html faults() const {
    if (strikes_.empty()) return {};
    Html rows;
    const std::size_t shown = std::min(strikes_.size(), limits_.strikes);
    const auto optional = [&](const std::optional<Time>& time) {
      return time ? when(*time) : Html("–");
    };
    const auto listed = [&](const std::vector<std::string>& lines) {
      Html items;
      for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), 6); ++i)
        items += tag("li", {text(lines[i])});
      if (lines.size() > 6) items += tag("li", {fmt::format("{} more", lines.size() - 6)});
      return lines.empty() ? Html("–") : tag("ul", {items});
    };
    for (std::size_t i = 0; i < shown; ++i) {
      const Strike& strike = strikes_[i];
      rows +=
          tag("tr", {element("th", {{"scope", "row"}},
                             {text(strike.name + " " + strike.target), " (",
                              text(fmt::format("{}", fmt::join(strike.servers, ", "))), ")"}),
                     tag("td", {outcome_of(strike)}), tag("td", {when(strike.striking)}),
                     tag("td", {optional(strike.seen)}), tag("td", {listed(strike.evidence)}),
                     tag("td", {optional(strike.healing)}), tag("td", {optional(strike.healed)}),
                     tag("td", {listed(strike.healing_evidence)})});
    }
    Html more;
    if (shown < strikes_.size())
      more = tag(
          "p", {fmt::format("{} more strikes are in the history only.", strikes_.size() - shown)});
    return section(
        "faults", "The faults",
        {scrolled("The faults",
                  tag("table", {head_row({"Fault", "Outcome", "Struck", "Looked at",
                                          "Seen in effect", "Healing", "Healed", "Seen healed"}),
                                tag("tbody", {rows})})),
         more});
  }

  // What each replica says it holds.
  Html replicas() const {
    if (history_ == nullptr) return {};
    Html rows;
    std::size_t count = 0;
    for (const Event& event : history_->events) {
      const auto* replica = std::get_if<ReplicaState>(&event.what);
      if (replica == nullptr || ++count > 50) continue;
      const std::string partition = of_partition(replica->partition, " on ");
      Html cells = element("th", {{"scope", "row"}}, {partition, text(replica->server)});
      if (!replica->reachable || !replica->has_stream) {
        cells += element("td", {{"colspan", "5"}},
                         {replica->reachable ? "has no such stream" : "did not answer"});
      } else {
        for (const std::uint64_t number : {replica->messages, replica->first_sequence,
                                           replica->last_sequence, replica->deleted, replica->lost})
          cells += element("td", {{"class", "number"}}, {std::to_string(number)});
      }
      rows += tag("tr", {cells, tag("td", {when(event.time)})});
    }
    if (rows.empty()) return {};
    Html verdict;
    if (const CheckResult* check = run_.judgement.find("replicas"))
      verdict = tag("p", {outcome_badge(to_string(check->verdict)), " ", text(check->reason)});
    return section(
        "replicas", "What each replica holds",
        {verdict, scrolled("What each replica holds",
                           tag("table", {head_row({"Replica", "Messages", "First", "Last",
                                                   "Deleted", "Lost, it says", "Asked"}),
                                         tag("tbody", {rows})}))});
  }

  Html expectations() const {
    if (run_.judgement.checks.empty()) return {};
    Html rows;
    for (const CheckResult* check : by_rank(run_.judgement)) {
      std::vector<std::string> counts;
      for (const auto& count : check->counts) counts.push_back(count_words(count));
      const Html numbers = counts.empty()
                               ? Html()
                               : tag("details", {tag("summary", {"counts"}),
                                                 text(fmt::format("{}", fmt::join(counts, ", ")))});
      rows += tag("tr", {element("th", {{"scope", "row"}}, {check->check}),
                         tag("td", {outcome_badge(to_string(check->verdict)),
                                    check->judged ? "" : " (not promised)"}),
                         tag("td", {text(check->reason), numbers})});
    }
    return section("expectations", "Every check",
                   {scrolled("Every check", tag("table", {head_row({"Check", "Verdict", "Why"}),
                                                          tag("tbody", {rows})}))});
  }

  // In nanoseconds since 1970.
  std::int64_t wall(Time time) const {
    const double since =
        static_cast<double>(time) - static_cast<double>(history_->header.monotonic);
    return static_cast<std::int64_t>(static_cast<double>(history_->header.wall_clock) + since);
  }

  // The first operation of each violation, and the strike.
  std::vector<std::pair<std::string, Time>> log_moments() const {
    std::vector<std::pair<std::string, Time>> all;
    if (line_.strike) all.emplace_back("the strike", *line_.strike);
    for (const CheckResult& check : run_.judgement.checks) {
      if (!failed(check) || check.samples.empty() || check.samples.front().operations.empty())
        continue;
      const Time time = check.samples.front().operations.front().invoked;
      const bool near = std::ranges::any_of(all, [&](const auto& other) {
        return time > other.second - 5 * second && time < other.second + 5 * second;
      });
      if (!near && all.size() < most_moments)
        all.emplace_back("the first operation of " + check.check, time);
    }
    if (line_.heal && all.size() < most_moments) all.emplace_back("the heal", *line_.heal);
    return all;
  }

  Html logs() const {
    if (history_ == nullptr || limits_.log_lines == 0) return {};
    Html all;
    for (const auto& [what, time] : log_moments()) {
      Html brokers;
      for (const BrokerFiles& broker : content_.brokers)
        for (const std::filesystem::path& log : broker.logs)
          brokers += log_around(broker.server, log, time);
      if (brokers.empty()) continue;
      Html block =
          tag("summary", {"Around " + what + ", ", format_time(time, history_->header.monotonic)});
      block += brokers;
      all += element("details", {{"open", ""}}, {block});
    }
    if (all.empty()) return {};
    return section("logs", "What the brokers said",
                   {tag("p", {"From two seconds before to five after. Whole logs lie beside this "
                              "page, in brokers/."}),
                    all});
  }

  Html log_around(const std::string& server, const std::filesystem::path& log, Time time) const {
    const std::int64_t middle = wall(time);
    const LogExcerpt excerpt = log_excerpt(log, middle - 2 * second, middle + 5 * second,
                                           history_->header.wall_clock, limits_.log_lines);
    if (excerpt.lines.empty()) return {};
    std::string lines;
    for (const std::string& line : excerpt.lines) lines += line + "\n";
    if (excerpt.left_out > 0) lines += fmt::format("… ({} more lines)\n", excerpt.left_out);
    return tag("div", {tag("h4", {server}), element("pre", {{"tabindex", "0"}}, {lines})});
  }

  Html details() const {
    Html rows;
    const auto row = [&](const std::string& name, const Html& value) {
      rows += tag("tr", {element("th", {{"scope", "row"}}, {name}), tag("td", {value})});
    };
    row("Scenario", text(run_.scenario.file.string()));
    row("Set", text(run_.scenario.set));
    row("Provider", text(run_.provider));
    row("Broker", text(run_.broker_product + " " + run_.broker_version));
    row("Faultline",
        text(content_.faultline_version.empty() ? "unknown" : content_.faultline_version));
    row("Seed", std::to_string(run_.seed));
    row("Began", format_utc(run_.wall_clock));
    if (run_.elapsed.count() > 0) row("Took", format_clock(run_.elapsed));
    row("Folder", text(run_.folder.string()));
    if (history_ != nullptr) {
      row("Run", text(history_->header.run_id));
      if (history_->header.partitions > 1)
        row("Partitions", std::to_string(history_->header.partitions));
      row("Stream", text(fmt::format("{}, {}", history_->header.stream,
                                     format_count(history_->header.replicas, "replica"))));
    }
    for (const auto& [name, value] : content_.machine) row("Machine: " + text(name), text(value));

    Html more;
    if (limits_.configuration > 0) {
      for (const BrokerFiles& broker : content_.brokers)
        if (!broker.configuration.empty())
          more += folded("Configuration of " + text(broker.server),
                         redact_configuration(broker.configuration));
      if (history_ != nullptr && !history_->header.scenario_text.empty())
        more += folded("The scenario, as it was run", history_->header.scenario_text);
    }
    return section("details", "Versions, configuration, machine",
                   {scrolled("Versions and machine",
                             element("table", {{"class", "facts"}}, {tag("tbody", {rows})})),
                    more, events()});
  }

  Html folded(const std::string& title, const std::string& content) const {
    return tag("details",
               {tag("summary", {title}),
                element("pre", {{"tabindex", "0"}}, {shortened(content, limits_.configuration)})});
  }

  // What else a reader of the history should know.
  Html events() const {
    if (history_ == nullptr) return {};
    Html rows;
    std::size_t count = 0;
    for (const Event& event : history_->events) {
      const std::string words = event_words(event);
      if (words.empty() || ++count > limits_.events) continue;
      rows += tag("tr", {tag("td", {when(event.time)}), tag("td", {words})});
    }
    if (rows.empty()) return {};
    const std::string title =
        count > limits_.events
            ? fmt::format("Brokers, leaders, notes: the first {} of {}", limits_.events, count)
            : "Brokers, leaders, notes";
    return tag("details",
               {tag("summary", {title}),
                scrolled("Brokers, leaders, notes",
                         tag("table", {head_row({"When", "What"}), tag("tbody", {rows})}))});
  }
  std::string event_words(const Event& event) const {
    if (const auto* broker = std::get_if<BrokerChanged>(&event.what))
      return text(fmt::format("{} {}{}{}", broker->server, to_string(broker->stage),
                              broker->expected ? "" : " by itself",
                              broker->detail.empty() ? "" : ": " + broker->detail));
    if (const auto* leaders = std::get_if<LeadersSeen>(&event.what))
      return text(fmt::format("{}{} leads the stream, {} the metadata group",
                              of_partition(leaders->partition, ": "),
                              leaders->stream.empty() ? "nobody" : leaders->stream,
                              leaders->meta.empty() ? "nobody" : leaders->meta));
    if (const auto* quorum = std::get_if<QuorumChanged>(&event.what))
      return fmt::format("{} of {} replicas stand{}", quorum->standing, quorum->replicas,
                         quorum->quorum() ? "" : ": no quorum");
    if (const auto* letters = std::get_if<DeadLettersSeen>(&event.what))
      return text(fmt::format("{}{} of the group {}{}", of_partition(letters->partition, ": "),
                              format_count(letters->sequences.size(), "dead letter"),
                              letters->group, letters->complete ? "" : ": " + letters->reason));
    if (const auto* interrupted = std::get_if<Interrupted>(&event.what))
      return "interrupted: " + text(interrupted->reason);
    if (const auto* note = std::get_if<Note>(&event.what)) return text(note->text);
    return "";
  }

  const PageContent& content_;
  const RunResult& run_;
  const History* history_;
  const Limits& limits_;
  const std::string outcome_;
  std::vector<Strike> strikes_;
  Timeline line_;
};

}  // namespace

std::string rerun_command(const RunResult& run) {
  const Scenario& scenario = run.scenario;
  const bool root = std::ranges::find(scenario.needs, "root") != scenario.needs.end();
  std::string command = root && run.provider == "local" ? "sudo faultline run " : "faultline run ";
  command += shell_word(scenario.file.empty() ? own_name(scenario) : scenario.file.string());
  if (const std::string age = chosen_age(scenario); !age.empty()) command += " --steady " + age;
  if (!run.provider.empty()) command += " --provider " + shell_word(run.provider);
  if (run.provider == "kubernetes")
    return command + fmt::format(" --target TARGET_FILE --seed {}", run.seed);
  // The version of Memphis says what ran, and chooses nothing.
  if (run.broker_product == "memphis")
    return command + fmt::format(" --broker memphis --seed {}", run.seed);
  if (!run.broker_version.empty()) command += " --broker-version " + shell_word(run.broker_version);
  return command + fmt::format(" --seed {}", run.seed);
}

std::string run_page(const PageContent& content) {
  std::string page;
  for (const Limits& limits : {ample, tight, bare}) {
    page = Page(content, limits).build();
    if (page.size() <= most_page_bytes) break;
  }
  return page;
}

}  // namespace faultline
