#include "harness/report/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "harness/report/progress.h"
#include "harness/report/words.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_lines{5000}, between_idle_lines{15000};
constexpr std::size_t shown_samples = 3;
constexpr std::size_t shown_unknown = 3;

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string seconds(milliseconds time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

std::string phase_text(const ProgressFigures& figures) {
  if (figures.phase_length.count() == 0) return figures.phase;
  return fmt::format("{} {} of {} s", figures.phase, figures.phase_elapsed.count() / 1000,
                     figures.phase_length.count() / 1000);
}

std::string rates(const ProgressFigures& figures) {
  const std::string reads = fmt::format("reads {:.0f}/s, gap {}", figures.reads_per_second,
                                        seconds(figures.unavailable_reads));
  if (figures.phase == "drain") return "writes ended   " + reads;
  return fmt::format("writes {:.0f}/s, gap {}   {}", figures.writes_per_second,
                     seconds(figures.unavailable_writes), reads);
}

bool has_traffic(const ProgressFigures& figures) {
  if (figures.phase == judging_phase) return false;
  return figures.live.writes_ok + figures.live.reads_ok > 0 || figures.phase == "steady";
}

// Of at most so many bytes, which are never fewer than columns; no character is torn.
std::string_view cut(std::string_view line, std::size_t bytes) {
  if (line.size() <= bytes) return line;
  while (bytes > 0 && (static_cast<unsigned char>(line[bytes]) & 0xC0) == 0x80) --bytes;
  return line.substr(0, bytes);
}

std::string place(std::size_t number, std::size_t total) {
  if (number == 0) return "";
  return total == 0 ? fmt::format("[{}] ", number) : fmt::format("[{}/{}] ", number, total);
}

// "deploy: waiting for n2" is of the phase "deploy".
std::string_view phase_name(std::string_view phase) { return phase.substr(0, phase.find(':')); }

Colour outcome_colour(std::string_view outcome) {
  if (outcome == "pass") return Colour::green;
  if (outcome == "fail" || outcome == "broken") return Colour::red;
  return outcome == "skipped" ? Colour::dim : Colour::yellow;
}

// What was found, with examples; `told` need not be said again.
std::string not_passed(const CheckResult& check, const std::string& told, std::size_t columns) {
  const bool news = told.find(check.reason) == std::string::npos;
  std::vector<std::string> examples;
  for (const Finding& finding : check.samples)
    if (finding.what != check.reason && examples.size() < shown_samples)
      examples.push_back(finding.what);
  const std::string more = news ? ": " + check.reason : examples.empty() ? "" : ", for example:";
  std::string lines = wrap_hanging(fmt::format("{} {}{}{}", to_string(check.verdict), check.check,
                                               check.judged ? "" : " (not promised)", more),
                                   columns, 2);
  for (const std::string& example : examples) lines += wrap_hanging(example, columns, 4);
  return lines;
}

// Everything that was found, and the first of what could not be judged.
std::string why(const Judgement& judgement, std::size_t columns) {
  std::string lines;
  for (const CheckResult& check : judgement.checks)
    if (check.verdict == Verdict::fail) lines += not_passed(check, judgement.summary, columns);
  std::size_t unknown = 0;
  for (const CheckResult& check : judgement.checks)
    if (check.judged && check.verdict == Verdict::unknown && ++unknown <= shown_unknown)
      lines += not_passed(check, judgement.summary, columns);
  if (unknown > shown_unknown)
    lines += fmt::format("  and {} more unknown\n", unknown - shown_unknown);
  return lines;
}

}  // namespace

TerminalStyle detect_style(int descriptor) {
  TerminalStyle style;
  const char* kind = std::getenv("TERM");
  style.live = ::isatty(descriptor) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
  const char* no_colour = std::getenv("NO_COLOR");
  style.colour = style.live && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (style.live && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = std::min<std::size_t>(size.ws_col, 80);
    if (size.ws_row > 0) style.rows = size.ws_row;
  }
  return style;
}

std::string coloured(std::string_view text, Colour colour, const TerminalStyle& style) {
  if (!style.colour) return std::string(text);
  const std::string_view code = colour == Colour::green    ? "32"
                                : colour == Colour::yellow ? "33"
                                : colour == Colour::red    ? "1;31"
                                                           : "2";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string coloured_outcome(const RunResult& run, const TerminalStyle& style) {
  const std::string_view outcome = outcome_word(run);
  return coloured(upper(outcome), outcome_colour(outcome), style);
}

std::vector<std::string> progress_lines(const ProgressFigures& figures) {
  const std::string faults = in_words(figures.faults);
  return {fmt::format("  {:<5} {}{}{}", format_clock(figures.elapsed), phase_text(figures),
                      faults.empty() ? "" : "   ", faults),
          has_traffic(figures) ? "        " + rates(figures) : ""};
}

std::string verdict_lines(const RunResult& run, const TerminalStyle& style) {
  std::string lines = fmt::format("{}  {}  ({})\n", coloured_outcome(run, style),
                                  label(run.scenario), format_clock(run.elapsed));
  if (run.repetitions > 1)
    lines += fmt::format("  run {} of {}, seed {}\n", run.repetition, run.repetitions, run.seed);
  lines += wrap(reason_line(run), style.columns, 2);
  for (const auto& more : {retries_line(run), known_issue_line(run)})
    if (!more.empty()) lines += wrap(more, style.columns, 2);
  if (run.status == RunStatus::judged) lines += why(run.judgement, style.columns);
  if (!run.folder.empty() && outcome_word(run) != "pass")
    lines += fmt::format("  evidence: {}\n", near_path(run.folder));
  return lines;
}

Terminal::Terminal(std::ostream& out, const TerminalStyle& style) : out_(out), style_(style) {}

void Terminal::run_started(const Scenario& scenario, std::size_t number, std::size_t total) {
  erase_block();
  last_phase_.clear();
  last_faults_.clear();
  last_line_ = milliseconds{0};
  out_ << wrap(fmt::format("{}{}{}{}", place(number, total), label(scenario),
                           scenario.title.empty() ? "" : ": ", scenario.title),
               style_.columns, 0)
       << std::flush;
}

void Terminal::update(const ProgressFigures& figures, const std::vector<std::string>& more) {
  if (!style_.live) return show_line(figures);
  std::vector<std::string> lines = progress_lines(figures);
  lines.insert(lines.end(), more.begin(), more.end());
  show_block(std::move(lines));
}

void Terminal::message(const std::string& line) {
  erase_block();
  out_ << wrap(line, style_.columns, 2) << std::flush;
}

void Terminal::run_finished(const RunResult& run) {
  erase_block();
  out_ << verdict_lines(run, style_) << "\n" << std::flush;
}

void Terminal::resize(const TerminalStyle& style) {
  style_.columns = style.columns;
  style_.rows = style.rows;
}

void Terminal::show_block(std::vector<std::string> lines) {
  erase_block();
  lines.resize(std::min(lines.size(), style_.rows - 1));
  for (std::string& line : lines) {
    line = cut(line, style_.columns - 1);  // a full line would wrap
    out_ << line << "\n";
  }
  out_ << std::flush;
  block_ = std::move(lines);
}

// A terminal that became narrower has wrapped the lines of the block.
void Terminal::erase_block() {
  std::size_t rows = 0;
  for (const std::string& line : block_)
    rows += std::max<std::size_t>((line.size() + style_.columns - 1) / style_.columns, 1);
  if (rows > 0) out_ << fmt::format("\x1b[{}A\r\x1b[J", rows);
  block_.clear();
}

void Terminal::show_line(const ProgressFigures& figures) {
  const std::string name(phase_name(figures.phase)), faults = in_words(figures.faults);
  const bool news = name != last_phase_ || faults != last_faults_;
  const auto pause = has_traffic(figures) ? between_lines : between_idle_lines;
  if (!news && figures.elapsed >= last_line_ && figures.elapsed - last_line_ < pause) return;
  last_phase_ = name;
  last_faults_ = faults;
  last_line_ = figures.elapsed;
  std::string line = fmt::format("{:<5} {}", format_clock(figures.elapsed), phase_text(figures));
  if (has_traffic(figures)) line += "   " + rates(figures);
  if (!faults.empty()) line += "   " + faults;
  out_ << wrap_hanging(line, style_.columns, 2) << std::flush;
}

}  // namespace faultline
