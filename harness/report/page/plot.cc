#include "harness/report/page/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checkers/format.h"
#include "harness/report/page/bins.h"
#include "harness/report/page/dots.h"
#include "harness/report/page/happenings.h"
#include "harness/report/page/moments.h"

namespace faultline {
namespace {

constexpr std::size_t most_fault_rows = 8, most_brokers = 9, most_marks = 64;
constexpr std::size_t most_bins = 240, most_table_rows = 60;
constexpr double height = 1000;            // of every viewBox
constexpr double unanswered_row = 40;      // its middle
constexpr double top = 100, bottom = 980;  // of the latencies

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, "\u202F");
  return digits;
}

std::string base36(std::uint64_t number) {
  std::string text;
  do text += "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
  while ((number /= 36) != 0);
  return {text.rbegin(), text.rend()};
}

std::string percent(double part) { return fmt::format("{:.2f}%", 100 * part); }

// "10 us" to "100 s", of a power of ten of nanoseconds.
std::string decade_name(int power) {
  constexpr const char* units[] = {"ns", "µs", "ms", "s"};
  const int unit = std::clamp(power / 3, 0, 3);
  return fmt::format("{:g} {}", std::pow(10, power - 3 * unit), units[unit]);
}

// Overlapping stretches as one, so that they are not shaded twice.
std::vector<Interval> joined(std::vector<Interval> all) {
  std::ranges::sort(all, {}, &Interval::begin);
  std::vector<Interval> out;
  for (const Interval& next : all)
    if (!out.empty() && next.begin <= out.back().end)
      out.back().end = std::max(out.back().end, next.end);
    else
      out.push_back(next);
  return out;
}

class Plotter {
 public:
  Plotter(const History& history, const Judgement& judgement, std::size_t most_dots)
      : history_(history),
        judgement_(judgement),
        line_(timeline(history)),
        whole_{line_.start, std::max(line_.end, line_.start + 1)},
        x_(whole_),
        origin_(history.header.monotonic),
        strikes_(strikes(history)),
        dots_(thinned(history, whole_, most_dots)),
        scale_(latency_scale(history)),
        bins_(bins(history, whole_, most_bins, second / 10)) {
    std::vector<Interval> broken;
    for (const Strike& strike : strikes_)
      broken.push_back({strike.striking, strike.end(whole_.end)});
    bands_ = joined(std::move(broken));
  }

  Html figure() {
    Html panels;
    panels += phases();
    panels += faults();
    panels += brokers();
    panels += violations();
    panels += latencies("Latency of writes", true);
    panels += latencies("Latency of reads, deliveries and acknowledgements", false);
    panels += rates();
    panels += axis();
    const double begin = (static_cast<double>(whole_.begin) - static_cast<double>(origin_)) / 1e9;
    return element("figure",
                   {{"class", "plot"},
                    {"data-begin", fmt::format("{:.6f}", begin)},
                    {"data-length", fmt::format("{:.6f}", x_.length())}},
                   {legend(), element("div", {{"class", "tools"}}),
                    element("div", {{"class", "panels"}}, {panels}),
                    element("output", {{"class", "readout"}}), tag("figcaption", {honesty()})});
  }

  Html table() const {
    const Bins rows = bins(history_, whole_, most_table_rows, second);
    Html body;
    for (const Bin& bin : rows.bins) {
      const Time end = bin.begin + rows.width;
      body += tag("tr", {element("th", {{"scope", "row"}}, {format_time(bin.begin, origin_)}),
                         number(bin.writes), slowest(bin.slowest_write), number(bin.reads),
                         slowest(bin.slowest_read), number(bin.deliveries), number(bin.failed),
                         number(bin.unknown), tag("td", {faults_in({bin.begin, end})}),
                         tag("td", {leader_at(end)})});
    }
    Html head;
    for (const char* name : {"From", "Writes", "Slowest", "Reads", "Slowest", "Deliveries",
                             "Failed", "Unknown", "Faults", "Leader at the end"})
      head += element("th", {{"scope", "col"}}, {name});
    const std::string caption =
        fmt::format("What was served in each {}; failed and unknown are operations of any kind.",
                    format_duration(rows.width));
    return tag("table", {tag("caption", {caption}), tag("thead", {tag("tr", {head})}),
                         tag("tbody", {body})});
  }

 private:
  // Elements of a panel's data.
  std::string width(Interval interval) const {
    return fmt::format("{:.3f}", std::max(0.0, static_cast<double>(interval.end) -
                                                   static_cast<double>(interval.begin)) /
                                     1e6);
  }
  Html rectangle(const char* kind, Interval interval, double y, double tall) const {
    return element("rect", {{"class", kind},
                            {"x", x_.at(interval.begin)},
                            {"y", fmt::format("{:g}", y)},
                            {"width", width(interval)},
                            {"height", fmt::format("{:g}", tall)}});
  }
  static Html path(const std::string& kind, const std::string& d) {
    return element("path", {{"class", kind}, {"d", d}});
  }

  // Elements beside it. A label with a moment moves when the plot is zoomed.
  Html label_at(Time time, const std::string& kind, int y, const std::string& text) const {
    return label_of({time, time}, kind, y, text);
  }
  // Stays at the edge as long as any of the stretch is shown.
  Html label_of(Interval stretch, const std::string& kind, int y, const std::string& text) const {
    return element("text",
                   {{"class", kind},
                    {"x", percent(x_.part(stretch.begin))},
                    {"y", std::to_string(y)},
                    {"data-t", x_.at(stretch.begin)},
                    {"data-end", x_.at(stretch.end)}},
                   {text});
  }
  static Html label(const std::string& kind, int y, const std::string& text) {
    return element("text", {{"class", kind}, {"x", "4"}, {"y", std::to_string(y)}}, {text});
  }
  // In the column to the left.
  static Html scale_label(int y, const std::string& text) {
    return element("text", {{"x", "95%"}, {"y", std::to_string(y)}}, {text});
  }

  struct Labels {
    Html beside, scale;
  };

  Html panel(const std::string& title, int tall, const Html& data, const Labels& labels,
             const std::string& said, const char* kind = "panel") const {
    const std::string pixels = std::to_string(tall);
    const Html scale = element(
        "svg", {{"class", "scale"}, {"height", pixels}, {"aria-hidden", "true"}}, {labels.scale});
    const Html inner = element("svg",
                               {{"class", "data"},
                                {"viewBox", fmt::format("0 0 {:.6f} {:g}", x_.length(), height)},
                                {"preserveAspectRatio", "none"},
                                {"width", "100%"},
                                {"height", pixels}},
                               {data});
    const Html frame = element("svg",
                               {{"class", "frame"},
                                {"width", "100%"},
                                {"height", pixels},
                                {"role", "img"},
                                {"aria-label", said}},
                               {inner, labels.beside});
    return element("div", {{"class", kind}},
                   {title.empty() ? Html() : tag("h3", {title}),
                    element("div", {{"class", "row"}}, {scale, frame})});
  }

  Html bands() const {
    Html all;
    for (const Interval& band : bands_) all += rectangle("band", band, 0, height);
    return all;
  }

  // Seconds since the origin at which the axis has its ticks, about eight of them.
  std::vector<Time> ticks() const {
    const double step = round_step(x_.length() / 8) * 1e6;
    const double begin = static_cast<double>(whole_.begin) - static_cast<double>(origin_);
    std::vector<Time> all;
    for (double t = std::ceil(begin / step) * step;
         t <= begin + x_.length() * 1e6 && all.size() < 20; t += step)
      all.push_back(static_cast<Time>(t + static_cast<double>(origin_)));
    return all;
  }
  Html grid() const {
    std::string d;
    for (const Time tick : ticks()) d += fmt::format("M{} 0V{:g}", x_.at(tick), height);
    return path("grid time", d);
  }

  // A row for each of steady, fault, recovery and drain: the name of a short one is not written
  // over that of the next.
  Html phases() const {
    constexpr int most_rows = 4, row_height = 17;
    const int rows = std::min(static_cast<int>(line_.phases.size()), most_rows);
    Html data, labels;
    std::string names, said = "Phases:";
    int row = 0;
    for (const auto& [name, interval] : line_.phases) {
      data += rectangle(row % 2 == 0 ? "phase" : "phase odd", interval, row * 1000.0 / rows,
                        1000.0 / rows);
      labels += label_of(interval, "inside", row * row_height + 12, shortened(name, 100));
      names += (names.empty() ? "Phases: " : ", ") + shortened(name, 100);
      said +=
          fmt::format(" {} from {};", shortened(name, 100), format_time(interval.begin, origin_));
      row = (row + 1) % rows;
    }
    if (line_.phases.empty()) return {};
    return panel(names, rows * row_height, data, {labels, {}}, said);
  }

  // A strike's bar: thin until it is proven and while it heals, dashed if it never was proven.
  Html bar(const Strike& strike, double y, double tall) const {
    const Time end = strike.end(whole_.end);
    const Time proven = strike.seen && strike.proven ? *strike.seen : end;
    const Time healing = strike.healing.value_or(end);
    Html all = rectangle(strike.proven ? "fault" : "fault unproven", {strike.striking, end},
                         y + tall / 4, tall / 2);
    if (strike.proven && proven < healing)
      all += rectangle("fault sure", {proven, healing}, y, tall);
    return all;
  }

  Html faults() const {
    std::vector<std::pair<std::string, std::vector<const Strike*>>> rows;
    for (const Strike& strike : strikes_) {
      const std::string name = strike.name + " " + strike.target;
      const auto row = std::ranges::find(rows, name, [](const auto& r) { return r.first; });
      if (row != rows.end())
        row->second.push_back(&strike);
      else
        rows.emplace_back(name, std::vector{&strike});
    }
    if (rows.empty()) return {};
    const std::size_t shown = std::min(rows.size(), most_fault_rows);
    constexpr int row_height = 32;
    const double unit = height / static_cast<double>(shown);
    Html data, labels;
    std::string said = "Faults:";
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string text = rows[i].first + row_words(rows[i].second);
      for (const Strike* strike : rows[i].second)
        data += bar(*strike, (static_cast<double>(i) + 0.5) * unit, unit * 0.42);
      labels += label("row", static_cast<int>(i) * row_height + 12, shortened(text, 200));
      said += " " + text + ";";
    }
    const std::string more =
        rows.size() > shown ? fmt::format(" ({} more in the table of faults)", rows.size() - shown)
                            : "";
    return panel("Faults: the thick part is proven in effect" + more,
                 static_cast<int>(shown) * row_height, data, {labels, {}}, said);
  }
  static std::string row_words(const std::vector<const Strike*>& all) {
    if (all.size() == 1)
      return fmt::format(" ({}): {}", fmt::join(all.front()->servers, ", "),
                         outcome_of(*all.front()));
    const auto count = [&](auto holds) { return std::ranges::count_if(all, holds); };
    return fmt::format(": {} strikes, {} proven, {} healed", all.size(),
                       count([](const Strike* s) { return s->proven; }),
                       count([](const Strike* s) { return s->healed && !s->unhealed; }));
  }

  Html brokers() const {
    const auto all = broker_stretches(history_, whole_.end);
    if (all.empty()) return {};
    const std::size_t shown = std::min(all.size(), most_brokers);
    constexpr int row_height = 28;
    const double unit = height / static_cast<double>(shown);
    Html data, labels;
    std::string said = "Brokers:";
    std::size_t i = 0;
    for (const auto& [server, stretches] : all) {
      if (i == shown) break;
      const double y = static_cast<double>(i) * unit;
      data += rectangle("up", whole_, y + unit * 0.66, unit * 0.06);
      for (const Interval& gone : stretches.gone)
        data += rectangle("gone", gone, y + unit * 0.5, unit * 0.4);
      for (const Interval& led : stretches.led)
        data += rectangle("led", led, y + unit * 0.55, unit * 0.3);
      const std::string words = broker_words(stretches);
      labels += label("row", static_cast<int>(i) * row_height + 11,
                      shortened(server + ": " + words, 200));
      said += fmt::format(" {} {};", server, words);
      ++i;
    }
    const std::string more =
        all.size() > shown ? fmt::format(" ({} more)", all.size() - shown) : "";
    return panel("Brokers: a thick bar leads the stream, a framed one is gone" + more,
                 static_cast<int>(shown) * row_height, data, {labels, {}}, said);
  }
  static Duration total(const std::vector<Interval>& all) {
    Duration sum = 0;
    for (const Interval& interval : all) sum += interval.end - interval.begin;
    return sum;
  }
  static std::string broker_words(const BrokerStretches& stretches) {
    std::string words =
        stretches.led.empty() ? "never led" : "led " + format_duration(total(stretches.led));
    if (!stretches.gone.empty()) words += ", gone " + format_duration(total(stretches.gone));
    if (stretches.crashes > 0)
      words += ", " + format_count(stretches.crashes, "crash") + " of its own";
    return words;
  }

  std::vector<Operation> witnesses() const {
    std::vector<Operation> all;
    for (const CheckResult& check : judgement_.checks)
      if (check.verdict == Verdict::fail)
        for (const Finding& finding : check.samples)
          all.insert(all.end(), finding.operations.begin(), finding.operations.end());
    return all;
  }

  Html violations() const {
    std::vector<Operation> all = witnesses();
    if (all.empty()) return {};
    std::ranges::sort(all, {}, &Operation::invoked);
    Html labels;
    std::size_t marks = 0;
    double last = -1;
    for (const Operation& o : all) {
      const double part = x_.part(o.invoked);
      if (part - last < 0.004 || marks == most_marks) continue;
      last = part;
      ++marks;
      labels += label_at(o.invoked, "mark", 15, "▼");
    }
    return panel(
        "Operations of the violations: framed below as well", 18, bands(), {labels, {}},
        format_count(all.size(), "operation") + " take part in the violations shown below");
  }

  double y_of(const Operation& o) const {
    const Duration took = latency(o);
    return took < 0 ? unanswered_row : bottom - (bottom - top) * position(scale_, took);
  }

  std::string dot_path(const std::vector<Dot>& dots, Outcome outcome) const {
    // Ends round or square at no length; what is unknown is a stroke down.
    const char* shape = outcome == Outcome::unknown ? "v34" : "h0";
    std::string d;
    for (const Dot& dot : dots) {
      const Operation& o = history_.operations[dot.operation];
      d += fmt::format("M{} {:.0f}{}", x_.at(o.invoked), y_of(o), shape);
    }
    return d;
  }

  // For each dot: count.process.producer.counter.sequence.answer.latency, in base 36; the
  // latency in microseconds, none where there is no completion.
  std::string dot_details(const std::vector<Dot>& dots) const {
    std::string all;
    for (const Dot& dot : dots) {
      const Operation& o = history_.operations[dot.operation];
      const Duration took = latency(o);
      all += fmt::format("{}{}.{}.{}.{}.{}.{}.{}", all.empty() ? "" : " ", base36(dot.count),
                         base36(o.process), base36(o.value.producer), base36(o.value.counter),
                         base36(o.sequence), static_cast<int>(o.answer),
                         took < 0 ? "" : base36(static_cast<std::uint64_t>(took) / 1000));
    }
    return all;
  }

  Html latencies(const char* title, bool writes) const {
    Html data = bands(), scale;
    data += grid();
    std::string decades;
    for (int power = scale_.lowest; power <= scale_.highest; ++power) {
      const double part =
          static_cast<double>(power - scale_.lowest) / (scale_.highest - scale_.lowest);
      const double y = bottom - (bottom - top) * part;
      decades += fmt::format("M0 {:.0f}H{:.3f}", y, x_.length());
      scale += scale_label(static_cast<int>(y * 0.18) + 4, decade_name(power));
    }
    data += path("grid", decades);
    scale += scale_label(static_cast<int>(unanswered_row * 0.18) + 4, "never");
    const auto belongs = [&](OperationKind kind) {
      return (kind == OperationKind::publish) == writes;
    };
    std::string halos;
    for (const Operation& o : witnesses())
      if (belongs(o.kind)) halos += fmt::format("M{} {:.0f}h0", x_.at(o.invoked), y_of(o));
    if (!halos.empty()) data += path("halo", halos);
    std::uint64_t operations = 0;
    for (const DotSeries& series : in_order_of_drawing()) {
      if (!belongs(series.kind)) continue;
      operations += series.operations;
      data += element("path", {{"class", series_class(series)},
                               {"d", dot_path(series.dots, series.outcome)},
                               {"data-dots", dot_details(series.dots)}});
    }
    for (const Operation& o : witnesses())
      if (belongs(o.kind))
        data += path(fmt::format("dots {} {}", to_string(o.kind), to_string(o.outcome)),
                     fmt::format("M{} {:.0f}{}", x_.at(o.invoked), y_of(o),
                                 o.outcome == Outcome::unknown ? "v34" : "h0"));
    if (operations == 0) return {};
    return panel(title, 180, data, {{}, scale},
                 fmt::format("{}: {} operations, from {} to {} on a logarithmic axis", title,
                             operations, decade_name(scale_.lowest), decade_name(scale_.highest)),
                 "panel latencies");
  }

  // What is rare or says most comes last, on top.
  std::vector<DotSeries> in_order_of_drawing() const {
    std::vector<DotSeries> all = dots_.series;
    std::ranges::stable_sort(all, std::greater<>(), [](const DotSeries& series) {
      return std::pair(series.outcome == Outcome::ok, series.kind);
    });
    return all;
  }

  static std::string series_class(const DotSeries& series) {
    return fmt::format("dots {} {}", to_string(series.kind), to_string(series.outcome));
  }

  static double per_second(std::uint64_t count, Duration width) {
    return static_cast<double>(count) * 1e9 / static_cast<double>(width);
  }

  Html rates() const {
    double most = 1;
    for (const Bin& bin : bins_.bins)
      most =
          std::max({most, per_second(bin.writes, bins_.width), per_second(bin.reads, bins_.width)});
    most = round_step(most);
    const bool cut = std::ranges::any_of(
        bins_.bins, [&](const Bin& bin) { return per_second(bin.deliveries, bins_.width) > most; });
    const auto steps = [&](std::uint64_t Bin::*count) {
      std::string d;
      for (const Bin& bin : bins_.bins) {
        const double rate = std::min(per_second(bin.*count, bins_.width), most * 1.05);
        const double y = height * (1 - 0.93 * rate / most);
        const Time end = std::min<Time>(bin.begin + bins_.width, whole_.end);
        d += fmt::format("{}{} {:.1f}H{}", d.empty() ? "M" : "L", x_.at(bin.begin), y, x_.at(end));
      }
      return d;
    };
    Html data = bands();
    data += grid();
    data += path("rate writes", steps(&Bin::writes));
    data += path("rate reads", steps(&Bin::reads));
    data += path("rate deliveries", steps(&Bin::deliveries));
    Html scale = scale_label(12, fmt::format("{:g}/s", most));
    scale += scale_label(68, fmt::format("{:g}/s", most / 2));
    scale += scale_label(118, "0");
    std::string counts;
    for (const Bin& bin : bins_.bins)
      counts += fmt::format("{}{},{},{}", counts.empty() ? "" : " ", bin.writes, bin.reads,
                            bin.deliveries);
    const Html inner =
        panel(std::string("Acknowledged a second: writes solid, reads dashed, deliveries dotted") +
                  (cut ? ", cut off at the top" : ""),
              120, data, {{}, scale},
              fmt::format("Rates of acknowledged writes, reads and deliveries, up to {:g} a "
                          "second; the table below has the numbers",
                          most));
    return element("div",
                   {{"class", "rates"},
                    {"data-bins", counts},
                    {"data-width", fmt::format("{:.6f}", static_cast<double>(bins_.width) / 1e6)}},
                   {inner});
  }

  Html axis() const {
    Html labels;
    for (const Time tick : ticks()) {
      const double seconds = (static_cast<double>(tick) - static_cast<double>(origin_)) / 1e9;
      labels +=
          label_at(tick, "tick axis", 13, fmt::format("{:g}", std::round(seconds * 1e6) / 1e6));
    }
    return panel("", 18, grid(), {labels, {}}, "Seconds since the run began", "panel time");
  }

  Html legend() const {
    Html items;
    for (const DotSeries& series : dots_.series) {
      const std::string d = series.outcome == Outcome::unknown ? "M7 3v8" : "M7 7h0";
      const Html sample = element(
          "svg", {{"class", "sample"}, {"width", "14"}, {"height", "14"}, {"aria-hidden", "true"}},
          {path(series_class(series), d)});
      const Html box =
          element("input", {{"type", "checkbox"},
                            {"checked", ""},
                            {"data-series", fmt::format(".dots.{}.{}", to_string(series.kind),
                                                        to_string(series.outcome))}});
      items += tag(
          "li",
          {tag("label", {box, sample,
                         fmt::format(" {} {} ", to_string(series.kind), to_string(series.outcome)),
                         element("span", {{"class", "count"}}, {thousands(series.operations)})})});
    }
    return element("ul", {{"class", "legend"}, {"aria-label", "Operations by kind and outcome"}},
                   {items});
  }

  // What a dot is.
  std::string honesty() const {
    const std::string time =
        "Across: seconds since the run began; shaded: from the strike of a fault until it was "
        "healed. Down: "
        "from invocation to completion, logarithmic. Round: ok; square: failed, certainly "
        "without effect; upright stroke: unknown, no answer in time. ";
    if (dots_.operations == 0) return "No operation was recorded.";
    if (dots_.columns == 0)
      return time + fmt::format("Each of the {} operations is a mark of its own.",
                                thousands(dots_.operations));
    return time + fmt::format(
                      "There are {} operations and {} marks: of those of one kind and outcome that "
                      "share one of {} "
                      "columns of time and {} rows of latency only the first is drawn, and counts "
                      "for all. The "
                      "counts are exact, and the operations of the violations below are all drawn.",
                      thousands(dots_.operations), thousands(dots_.dots), dots_.columns,
                      dots_.rows);
  }

  static Html number(std::uint64_t value) {
    return element("td", {{"class", "number"}}, {thousands(value)});
  }
  static Html slowest(Duration took) {
    return element("td", {{"class", "number"}}, {took == 0 ? "–" : format_duration(took)});
  }

  std::string faults_in(Interval interval) const {
    std::string names;
    std::size_t left_out = 0;
    for (const Strike& strike : strikes_) {
      if (strike.striking >= interval.end || strike.end(whole_.end) < interval.begin) continue;
      if (names.size() > 200)
        ++left_out;
      else
        names += fmt::format("{}{} {}", names.empty() ? "" : ", ", strike.name, strike.target);
    }
    return left_out == 0 ? names : fmt::format("{} and {} more", names, left_out);
  }

  std::string leader_at(Time time) const {
    std::string leader = "–";
    for (const Event& event : history_.events) {
      if (event.time > time) break;
      if (const auto* seen = std::get_if<LeadersSeen>(&event.what); seen && seen->partition == 1)
        leader = seen->stream.empty() ? "nobody" : seen->stream;
    }
    return shortened(leader, 100);
  }

  const History& history_;
  const Judgement& judgement_;
  const Timeline line_;
  const Interval whole_;
  const Milliseconds x_;
  const Time origin_;
  const std::vector<Strike> strikes_;
  const Dots dots_;
  const LatencyScale scale_;
  const Bins bins_;
  std::vector<Interval> bands_;
};

}  // namespace

Plot plot(const History& history, const Judgement& judgement, std::size_t most_dots) {
  Plotter plotter(history, judgement, most_dots);
  return {plotter.figure(), plotter.table()};
}

}  // namespace faultline
