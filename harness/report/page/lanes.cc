#include "harness/report/page/lanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checkers/format.h"
#include "harness/report/page/dots.h"
#include "harness/report/page/moments.h"

namespace faultline {
namespace {

constexpr std::size_t most_operations = 12;

struct Span {
  const Operation* operation;
  std::size_t first, last;  // columns; last is not part of it
};

std::string role_of(std::uint32_t process, const History& history) {
  for (const Event& event : history.events)
    if (const auto* started = std::get_if<ProcessStarted>(&event.what))
      if (started->process == process)
        return started->group.empty() ? started->role : started->role + " of " + started->group;
  return "";
}

// A column begins at each moment; what never ended lasts to the end of the last.
std::vector<Time> moments_of(const std::vector<Operation>& operations) {
  std::vector<Time> moments;
  for (const Operation& o : operations) {
    moments.push_back(o.invoked);
    if (o.completed != never) moments.push_back(o.completed);
  }
  std::ranges::sort(moments);
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  return moments;
}

Span span_of(const Operation& o, const std::vector<Time>& moments) {
  const auto column = [&](Time time) {
    return static_cast<std::size_t>(std::ranges::lower_bound(moments, time) - moments.begin());
  };
  const std::size_t first = column(o.invoked);
  const std::size_t last = o.completed == never ? moments.size() : column(o.completed);
  return {&o, first, std::max(last, first + 1)};
}

// Operations of one client that overlap need a row each.
std::vector<std::vector<Span>> rows_of(std::vector<Span> spans) {
  std::ranges::stable_sort(spans, {}, &Span::first);
  std::vector<std::vector<Span>> rows;
  for (const Span& span : spans) {
    const auto free =
        std::ranges::find_if(rows, [&](const auto& row) { return row.back().last <= span.first; });
    if (free != rows.end())
      free->push_back(span);
    else
      rows.push_back({span});
  }
  return rows;
}

std::string answer_words(const Operation& o) {
  if (o.completed == never) return "never answered";
  const std::string took = " after " + format_duration(latency(o));
  const std::string outcome(to_string(o.outcome));
  if (o.outcome != Outcome::ok) return outcome + took;
  switch (o.kind) {
    case OperationKind::publish:
      return fmt::format("acknowledged as {}{}", o.sequence, took);
    case OperationKind::ack:
      return "confirmed" + took;
    default:
      return o.answer == Answer::message ? "brought " + to_string(o.value) + took
                                         : std::string(to_string(o.answer)) + took;
  }
}

std::string call_words(const Operation& o) {
  if (o.kind == OperationKind::publish) return "publish " + to_string(o.value);
  return o.sequence == 0 ? std::string(to_string(o.kind))
                         : fmt::format("{} {}", to_string(o.kind), o.sequence);
}

Html box(const Span& span) {
  const Operation& o = *span.operation;
  return element("td", {{"colspan", std::to_string(span.last - span.first)}},
                 {element("div", {{"class", fmt::format("operation {}", to_string(o.outcome))}},
                          {tag("b", {call_words(o)}), tag("br"), answer_words(o)})});
}

Html row(const std::vector<Span>& spans, std::size_t columns, const Html& head) {
  Html cells = head;
  std::size_t at = 0;
  const auto gap = [&](std::size_t until) {
    if (until > at) cells += element("td", {{"colspan", std::to_string(until - at)}});
  };
  for (const Span& span : spans) {
    gap(span.first);
    cells += box(span);
    at = span.last;
  }
  gap(columns);
  return tag("tr", {cells});
}

}  // namespace

Html lanes(const Finding& finding, const History& history) {
  if (finding.operations.empty()) return {};
  const std::vector<Operation> shown(
      finding.operations.begin(),
      finding.operations.begin() +
          static_cast<std::ptrdiff_t>(std::min(finding.operations.size(), most_operations)));
  const std::vector<Time> moments = moments_of(shown);
  std::map<std::uint32_t, std::vector<Span>> clients;
  for (const Operation& o : shown) clients[o.process].push_back(span_of(o, moments));
  std::size_t columns = moments.size();
  for (const auto& [client, spans] : clients)
    for (const Span& span : spans) columns = std::max(columns, span.last);

  Html head = element("th", {{"scope", "col"}}, {"Client"});
  for (const Time time : moments)
    head += element("th", {{"scope", "col"}}, {moment(time, history.header.monotonic)});
  if (columns > moments.size()) head += tag("td");
  Html body;
  for (const auto& [client, spans] : clients) {
    const auto rows = rows_of(spans);
    const Html name =
        element("th", {{"scope", "row"}, {"rowspan", std::to_string(rows.size())}},
                {fmt::format("{} {}", client, shortened(role_of(client, history), 100))});
    for (std::size_t i = 0; i < rows.size(); ++i)
      body += row(rows[i], columns, i == 0 ? name : Html());
  }
  const Html table = element("table", {{"class", "lanes"}},
                             {tag("thead", {tag("tr", {head})}), tag("tbody", {body})});
  return element("div",
                 {{"class", "wide"},
                  {"tabindex", "0"},
                  {"role", "region"},
                  {"aria-label", "Lanes of the clients"}},
                 {table});
}

}  // namespace faultline
