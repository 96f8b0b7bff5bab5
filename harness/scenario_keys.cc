#include "harness/scenario_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <regex>

#include "checkers/checks.h"
#include "faults/fault.h"
#include "faults/target.h"
#include "harness/known_issue.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using Json = nlohmann::ordered_json;
using Problem = std::optional<std::string>;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}};

// A Scenario's field, by reference: what is read into, and where the default comes from.
#define FIELD(path) [](Scenario& s) -> auto& { return s.path; }
template <class Field>
using FieldType = std::remove_reference_t<std::invoke_result_t<Field, Scenario&>>;

std::string kind_of(const Node& node) {
  switch (node.type) {
    case NodeType::nothing:
      return "nothing";
    case NodeType::list:
      return "a list";
    case NodeType::map:
      return "a map";
    case NodeType::text:
      return quoted(node.text) + ", a text";
    case NodeType::flag:
      return quoted(node.text) + ", a flag";
    case NodeType::whole:
    case NodeType::number:
      return quoted(node.text) + ", a number";
  }
  return "";
}

std::string expected(std::string_view what, const Node& node) {
  return fmt::format("expected {}, found {}", what, kind_of(node));
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t characters(const std::string& utf8) {
  return std::count_if(utf8.begin(), utf8.end(),
                       [](unsigned char c) { return (c & 0xC0) != 0x80; });
}

bool one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

// The kinds of values. Each makes both its reader and its schema.

template <class Field>
Key whole(std::string name, std::int64_t least, std::int64_t most, Field field,
          std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (node.type != NodeType::whole) return expected("a whole number", node);
    const auto value = parse<std::int64_t>(node.text);
    if (!value || *value < least || *value > most)
      return fmt::format("{} is out of bounds; {} to {} is possible", quoted(node.text), least,
                         most);
    field(s) = static_cast<FieldType<Field>>(*value);
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json { return field(s); };
  return key;
}

template <class Field>
Key number(std::string name, double least, double most, Field field, std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"type", "number"}, {"minimum", least}, {"maximum", most}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (node.type != NodeType::whole && node.type != NodeType::number)
      return expected("a number", node);
    const auto value = parse<double>(node.text);
    if (!value || !(*value >= least && *value <= most))
      return fmt::format("{} is out of bounds; {} to {} is possible", quoted(node.text), least,
                         most);
    field(s) = *value;
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json { return field(s); };
  return key;
}

template <class Field>
Key flag(std::string name, Field field, std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"type", "boolean"}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (node.type != NodeType::flag) return expected("true or false", node);
    field(s) = node.text.starts_with('t') || node.text.starts_with('T');
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json { return field(s); };
  return key;
}

// Where the text would be a duration if only it had a proper unit.
std::string duration_hint(const Node& node) {
  if (node.type == NodeType::whole) return fmt::format("; did you mean '{}s'?", node.text);
  for (const auto& unit : {units[1], units[2]}) {
    if (!node.text.ends_with(unit.name)) continue;
    const auto value =
        parse<double>(std::string_view(node.text).substr(0, node.text.size() - unit.name.size()));
    if (value && *value > 0 && *value < 1e6 && *value != std::floor(*value))
      return fmt::format("; did you mean '{}ms'?",
                         std::llround(*value * static_cast<double>(unit.milliseconds)));
  }
  return "";
}

std::optional<milliseconds> parse_duration(const Node& node) {
  if (node.type != NodeType::text) return std::nullopt;
  const auto digits = node.text.find_first_not_of("0123456789");
  if (digits == 0 || digits > 9 || digits == std::string::npos) return std::nullopt;
  for (const auto& unit : units)
    if (node.text.substr(digits) == unit.name)
      return milliseconds(*parse<std::int64_t>(node.text.substr(0, digits)) * unit.milliseconds);
  return std::nullopt;
}

template <class Field>
Key length(std::string name, milliseconds least, milliseconds most, Field field,
           std::string meaning) {
  constexpr bool in_nanoseconds = std::is_same_v<FieldType<Field>, Duration>;
  Key key{.name = std::move(name),
          .meaning = fmt::format("{} From {} to {}.", meaning, to_text(least), to_text(most))};
  key.schema = {{"type", "string"}, {"pattern", "^[0-9]{1,9}(ms|s|m)$"}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    const auto value = parse_duration(node);
    if (!value) return expected("a duration such as 500ms, 15s or 2m", node) + duration_hint(node);
    if (*value < least || *value > most)
      return fmt::format("{} is out of bounds; {} to {} is possible", quoted(node.text),
                         to_text(least), to_text(most));
    if constexpr (in_nanoseconds)
      field(s) = value->count() * millisecond;
    else
      field(s) = *value;
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json {
    if constexpr (in_nanoseconds)
      return to_text(milliseconds(field(s) / millisecond));
    else
      return to_text(field(s));
  };
  return key;
}

struct Form {  // of a text; the example is for the message
  std::string pattern;
  std::string example;
};

template <class Field>
Key text(std::string name, std::size_t most, std::optional<Form> form, Field field,
         std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"type", "string"}, {"minLength", 1}, {"maxLength", most}};
  key.schema["pattern"] = form ? form->pattern : R"(^[^\u0000-\u001f\u007f]*$)";
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (node.type == NodeType::whole || node.type == NodeType::number ||
        node.type == NodeType::flag)
      return fmt::format("{} is read as {}; write it in quotes: \"{}\"", quoted(node.text),
                         node.type == NodeType::flag ? "a flag" : "a number", node.text);
    if (node.type != NodeType::text) return expected("a text", node);
    if (node.text.empty()) return "is empty";
    if (characters(node.text) > most) return fmt::format("is longer than {} characters", most);
    if (!one_line(node.text))
      return "must be one line without control characters (a folded text begins with '>-', not "
             "'>')";
    if (form && !std::regex_match(node.text, std::regex(form->pattern)))
      return fmt::format("{} is not of the form of '{}'", quoted(node.text), form->example);
    field(s) = node.text;
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json { return field(s); };
  return key;
}

Problem not_among(const Node& node, const std::vector<std::string>& names) {
  if (node.type == NodeType::text && std::ranges::find(names, node.text) != names.end())
    return std::nullopt;
  if (node.type == NodeType::nothing || node.type == NodeType::list || node.type == NodeType::map)
    return expected(fmt::format("one of {}", fmt::join(names, ", ")), node);
  const auto meant = nearest(node.text, names);
  return fmt::format("{} is not one of {}{}", quoted(node.text), fmt::join(names, ", "),
                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
}

template <class Value>
using Names = std::vector<std::pair<std::string, Value>>;

template <class Field>
Key choice(std::string name, Names<FieldType<Field>> choices, Field field, std::string meaning) {
  std::vector<std::string> names;
  for (const auto& [choice_name, value] : choices) names.push_back(choice_name);
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"enum", names}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (auto problem = not_among(node, names)) return problem;
    field(s) = std::ranges::find(choices, node.text, [](auto& c) { return c.first; })->second;
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json {
    return std::ranges::find(choices, field(s), [](auto& c) { return c.second; })->first;
  };
  return key;
}

Names<std::string> same(const std::vector<std::string>& names) {
  Names<std::string> choices;
  for (const auto& name : names) choices.emplace_back(name, name);
  return choices;
}

// A value that every file has, such as the format's version.
Key constant(std::string name, std::string value, std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning), .required = true};
  key.schema = {{"const", value}};
  key.read = [=](const Node& node, Scenario&) { return not_among(node, {value}); };
  return key;
}

template <class Field>
Key several(std::string name, std::vector<std::string> names, Field field, std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.schema = {{"type", "array"}, {"uniqueItems", true}, {"items", {{"enum", names}}}};
  key.read = [=](const Node& node, Scenario& s) -> Problem {
    if (node.type != NodeType::list) return expected("a list", node);
    for (const auto& item : node.items) {
      if (auto problem = not_among(item, names)) return problem;
      if (std::ranges::find(field(s), item.text) != field(s).end())
        return fmt::format("{} stands there twice", quoted(item.text));
      field(s).push_back(item.text);
    }
    return std::nullopt;
  };
  key.value = [=](Scenario& s) -> Json {
    return field(s).empty() ? Json::array() : Json(field(s));
  };
  return key;
}

Key group(std::string name, std::vector<Key> keys, std::string meaning) {
  Key key{.name = std::move(name), .meaning = std::move(meaning)};
  key.keys = std::move(keys);
  return key;
}

Key required(Key key) {
  key.required = true;
  return key;
}

// Left out, it is not the same as any value it could have.
Key without_default(Key key) {
  key.value = nullptr;
  return key;
}

// The table.

std::vector<std::string> check_names() {
  std::vector<std::string> names;
  for (const auto& check : all_checks()) names.emplace_back(check.name);
  return names;
}

Key known_issue() {
  return group(
      "known_issue",
      {required(text("id", 60, Form{"^[A-Za-z0-9._-]*#[0-9]+$", "nats-server#6888"},
                     FIELD(known_issue.id), "What it is called, in quotes: \"nats-server#6888\".")),
       required(text("url", 300, Form{"^https://[^ ]+$", "https://github.com/.../issues/6888"},
                     FIELD(known_issue.url), "Where it is reported.")),
       required(text("versions", 300, Form{version_list_pattern(), "2.10.7 - 2.10.22, 2.11.0"},
                     FIELD(known_issue.versions),
                     "The broker's versions that have it: versions, and ranges with both ends in "
                     "them; one whose end is left out goes on.")),
       required(several("checks", check_names(), FIELD(known_issue.checks),
                        "The checks that fail by it. Where another fails, that is news."))},
      "A bug that somebody reported and that makes the scenario fail on these versions; the report "
      "says so beside the failure.");
}

Key metadata() {
  return required(group(
      "metadata",
      {required(
           text("name", 60, Form{"^[a-z0-9]+(-[a-z0-9]+)*$", "leader-down"}, FIELD(name),
                "What the scenario is called on the command line, in reports and in results/.")),
       required(text("title", 120, {}, FIELD(title), "One line that says what happens.")),
       without_default(text("figure", 10, Form{R"(^[1-3]\.[1-6]$)", "1.3"}, FIELD(figure),
                            "The figure of the failover page, in quotes: \"1.3\".")),
       without_default(
           text("cites", 1000, {}, FIELD(cites), "The sentence that is tested, word for word.")),
       choice("set", same({"custom", "page", "beyond-page", "known-issue", "built-to-fail"}),
              FIELD(set),
              "page: the catalogue of the failover page, run when no path is given. "
              "beyond-page, known-issue and built-to-fail: run only when named."),
       known_issue()},
      "What the scenario is."));
}

Key broker() {
  return group(
      "broker",
      {choice("product", same({"nats", "memphis"}), FIELD(broker_product),
              "The product under test."),
       without_default(text(
           "version", 30, Form{R"(^[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.]+)?$)", "2.12.1"},
           FIELD(broker_version), "A released version; left out, the one that faultline pins.")),
       without_default(text("sync_interval", 12, Form{"^(always|[1-9][0-9]*(ms|s|m))$", "always"},
                            FIELD(sync_interval),
                            "How often the broker syncs to disk: always, or a duration; left out, "
                            "the broker's own default.")),
       choice("volumes", {{"worker", false}, {"shared", true}}, FIELD(shared_volumes),
              "From where a broker's volume is reached: its own worker alone, as a disk in it, or "
              "every worker, as network storage, so that a drained broker may start elsewhere."),
       choice("file_system", same({"ext4", "xfs"}), FIELD(file_system),
              "What each broker's volume is formatted with; xfs takes a volume_size of at least "
              "300."),
       whole("volume_size", 64, 65'536, FIELD(volume_size), "MiB of each broker's volume."),
       whole("count", 3, 9, FIELD(brokers), "How many brokers the cluster has.")},
      "The cluster under test.");
}

Key stream() {
  return group(
      "stream",
      {whole("partitions", 1, 16, FIELD(partitions),
             "Memphis: so many logs, each with its own replicas, order and clients."),
       whole("replicas", 1, 5, FIELD(replicas), "How many brokers hold the stream."),
       choice("storage", {{"file", false}, {"memory", true}}, FIELD(memory_storage),
              "Where each replica keeps the stream."),
       flag("gather_leaders", FIELD(gather_leaders),
            "Before the strike, move the leaders of the consumer groups to the stream's leader: a "
            "follower of the stream may lead a group, which pauses when that follower is lost.")},
      "The replicated log under test.");
}

Key workload() {
  auto consumers = group(
      "consumers",
      {whole("readers", 0, 64, FIELD(workload.readers),
             "Clients that follow the end of the stream, through its leader."),
       whole("rereaders", 0, 64, FIELD(workload.rereaders),
             "Clients that read from the start again and again, through the stream's leader."),
       whole("durables", 0, 64, FIELD(workload.durables),
             "Clients of one durable pull consumer, with explicit acks."),
       whole("laggards", 0, 64, FIELD(workload.laggards),
             "Clients of a second durable consumer that always lags behind."),
       whole("refusers", 0, 64, FIELD(workload.refusers),
             "Clients of a third durable consumer that never acknowledge what they get."),
       whole("directs", 0, 64, FIELD(workload.directs),
             "Clients that use direct gets, which any replica may answer: measured, never judged."),
       number("read_rate", 0.1, 10'000, FIELD(workload.read_rate),
              "Reads a second of each reader, rereader and direct client.")},
      "Who reads, and how.");
  auto timeouts = group(
      "timeouts",
      {length("publish", milliseconds(100), milliseconds(60'000), FIELD(workload.publish_timeout),
              "A publish without an acknowledgement for so long has an unknown outcome."),
       length("read", milliseconds(50), milliseconds(60'000), FIELD(workload.read_timeout),
              "A read without an answer for so long counts as unanswered."),
       length("ack_wait", milliseconds(1'000), milliseconds(600'000), FIELD(workload.ack_wait),
              "A delivery without an ack for so long is delivered again.")},
      "How long clients wait.");
  auto size = group(
      "size",
      {whole("min", 28, 1'000'000, FIELD(workload.min_size), "Bytes of the smallest payload."),
       whole("max", 28, 1'000'000, FIELD(workload.max_size), "Bytes of the largest payload.")},
      "Payload sizes, spread evenly from min to max.");
  auto type =
      constant("type", "log", "Producers append unique values to one stream, consumers read them.");
  type.required = false;
  auto all =
      group("workload",
            {type,
             whole("producers", 1, 256, FIELD(workload.producers),
                   "Producers, each with its own connection."),
             number("rate", 0.1, 1'000'000, FIELD(workload.rate),
                    "Publishes a second of all producers together, sent on schedule whether "
                    "or not earlier ones are acknowledged (open loop)."),
             without_default(whole("in_flight", 1, 10'000, FIELD(workload.in_flight),
                                   "Instead of rate: each producer keeps so many publishes under "
                                   "way, as fast as the broker acknowledges (closed loop).")),
             flag("resend", FIELD(workload.resend),
                  "A publish that was not acknowledged is sent again, each second for a minute, "
                  "with the same id: an idempotent producer, of which the broker stores it once."),
             whole("max_deliveries", 1, 10, FIELD(workload.max_deliveries),
                   "The refusers get a message so often, then it is a dead letter."),
             size, consumers, timeouts},
            "The clients.");
  all.schema["not"] = {{"required", {"rate", "in_flight"}}};
  return all;
}

Key timeline() {
  Key faults = group(
      "faults",
      {required(choice("fault", same(fault_names()), FIELD(faults.back().fault), "What is done.")),
       required(
           choice("target", same(target_names()), FIELD(faults.back().target),
                  "To whom, by role; found out when it strikes by asking who leads the stream.")),
       length("at", milliseconds(0), milliseconds(3'600'000), FIELD(faults.back().at),
              "When, after the fault phase begins."),
       without_default(length("for", milliseconds(100), milliseconds(3'600'000),
                              FIELD(faults.back().lasts),
                              "How long it lasts from each strike; left out, until the heal.")),
       whole("times", 1, 1'000, FIELD(faults.back().times), "How often it strikes."),
       without_default(length("every", milliseconds(100), milliseconds(3'600'000),
                              FIELD(faults.back().every), "From one strike to the next.")),
       length("within", milliseconds(1'000), milliseconds(3'600'000),
              FIELD(faults.back().options.within),
              "worker-drain: gives up where it is not complete after so long."),
       flag("held_off", FIELD(faults.back().options.held_off),
            "worker-drain: a budget is expected to let nobody go, and that is proven."),
       choice("files",
              {{"block", DataFile::block},
               {"index", DataFile::index},
               {"snapshot", DataFile::snapshot}},
              FIELD(faults.back().options.files),
              "bit-flip, truncate: the kind of file that is damaged: messages of the stream, the "
              "index of them, or what its replicas agreed on."),
       choice("shape",
              {{"isolated", PartitionShape::isolated},
               {"halves", PartitionShape::halves},
               {"bridge", PartitionShape::bridge},
               {"ring", PartitionShape::ring},
               {"one-way", PartitionShape::one_way}},
              FIELD(faults.back().options.shape),
              "partition: who no longer hears whom. isolated: the targets and the others; halves: "
              "the same, the targets' side filled up by name; bridge: two halves that the target "
              "hears both; ring: all but the two neighbours by name; one-way: the others do not "
              "hear the targets."),
       number("percent", 0.1, 50, FIELD(faults.back().options.percent),
              "packet-loss: so many of a hundred packets are dropped, at random."),
       text("rate", 9, Form{"^([1-9][0-9]{1,4}kbit|[1-9][0-9]{0,3}mbit)$", "500kbit"},
            FIELD(faults.back().options.rate),
            "rate-limit: at most so many bits a second leave the worker."),
       length("delay", milliseconds(10), milliseconds(10'000), FIELD(faults.back().options.delay),
              "packet-delay: a round trip takes so much longer. metadata-slow: how long the "
              "database stands still each time."),
       length("jitter", milliseconds(0), milliseconds(10'000), FIELD(faults.back().options.jitter),
              "packet-delay: more or less, at random; below delay."),
       without_default(text("subject", 200, Form{"^[^ ]+$", "$JS.API.INFO"},
                            FIELD(faults.back().options.subject),
                            "control-request: the subject of the request.")),
       without_default(text("body", 4000, {}, FIELD(faults.back().options.body),
                            "control-request: what is sent, word for word; left out, nothing.")),
       flag("succeeds", FIELD(faults.back().options.succeeds),
            "control-request: a reply that says an error proves nothing; else any reply will do."),
       whole("flips", 1, 64, FIELD(faults.back().options.flips),
             "bit-flip: how many bits are inverted."),
       length("interval", milliseconds(200), milliseconds(3'600'000),
              FIELD(faults.back().options.interval), "leader-churn: between two step-downs.")},
      "What is broken; what does not end before stays broken until the heal. An empty list, [], "
      "is a control run: writes and reads are then judged over the steady phase.");
  faults.is_list = true;
  faults.new_item = [](Scenario& s) { s.faults.emplace_back(); };

  auto heal = group(
      "heal",
      {choice("order", {{"together", HealOrder::together}, {"one_by_one", HealOrder::one_by_one}},
              FIELD(heal_order), "All at once, or one broker after another."),
       length("interval", milliseconds(0), milliseconds(3'600'000), FIELD(heal_interval),
              "one_by_one: from the moment a healed broker answers to the next step.")},
      "How what is broken is undone.");
  return required(group(
      "timeline",
      {length("steady", milliseconds(2'000), milliseconds(86'400'000), FIELD(steady),
              "How long all is well first: the age of the stream when the fault strikes."),
       required(std::move(faults)),
       length("hold", milliseconds(1'000), milliseconds(86'400'000), FIELD(fault),
              "From the strike to the heal."),
       heal,
       length("recovery", milliseconds(0), milliseconds(3'600'000), FIELD(recovery),
              "At most so long after the last heal; ends as soon as every replica is current."),
       length("drain", milliseconds(1'000), milliseconds(3'600'000), FIELD(drain),
              "At most so long for the final read of everything.")},
      "What happens when: steady, fault, recovery, drain."));
}

Key expect() {
  const Names<Promise> promises = {{"continue", Promise::keeps_on},
                                   {"pause", Promise::pause},
                                   {"stop", Promise::stop},
                                   {"not_promised", Promise::not_promised}};
  return group(
      "expect",
      {choice(
           "writes", promises, FIELD(expectations.writes),
           "Acknowledged publishes between strike and heal. not_promised: measured, not judged."),
       choice("reads", promises, FIELD(expectations.reads),
              "Leader reads and durable deliveries between strike and heal, each by itself."),
       choice("resume",
              {{"healed", Resume::healed},
               {"quorum", Resume::quorum},
               {"not_promised", Resume::not_promised}},
              FIELD(expectations.resume),
              "When writes and reads are back: within recover_within of the last heal, or of the "
              "quorum."),
       choice("loss", {{"none", LossPromise::none}, {"not_promised", LossPromise::not_promised}},
              FIELD(expectations.loss), "Whether everything acknowledged is read back."),
       choice("linearizability",
              {{"required", LinearizabilityPromise::required},
               {"report", LinearizabilityPromise::report}},
              FIELD(expectations.linearizability),
              "Whether publishes and leader reads that are not linearizable are a violation, or "
              "only reported."),
       length("max_gap", milliseconds(500), milliseconds(3'600'000), FIELD(expectations.max_gap),
              "continue: the longest gap allowed."),
       length("pause_gap", milliseconds(500), milliseconds(3'600'000),
              FIELD(expectations.pause_gap), "pause: the longest gap allowed."),
       length("settle", milliseconds(0), milliseconds(3'600'000), FIELD(expectations.settle),
              "stop, reads: after the strike, reads may go on for so long."),
       length("recover_within", milliseconds(500), milliseconds(3'600'000),
              FIELD(expectations.recover_within), "resume: how long it may take."),
       choice(
           "manual_restart",
           {{"required", ManualRestart::required}, {"not_promised", ManualRestart::not_promised}},
           FIELD(expectations.manual_restart),
           "required: a struck broker stays away until it is restarted by hand."),
       choice("dead_letters",
              {{"all", DeadLetterPromise::all}, {"not_promised", DeadLetterPromise::not_promised}},
              FIELD(expectations.dead_letters),
              "all: what the refusers got as often as allowed is a dead letter, and nothing else "
              "is.")},
      "What is promised.");
}

Json schema_of(const Key& key, Scenario& defaults);

Json schema_of_map(const Key& key, Scenario& defaults) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  Json names = Json::array();
  for (const auto& child : key.keys) {
    if (child.required) names.push_back(child.name);
    schema["properties"][child.name] = schema_of(child, defaults);
  }
  if (!names.empty()) schema["required"] = names;
  schema.update(key.schema.is_null() ? Json::object() : key.schema);
  return schema;
}

Json schema_of(const Key& key, Scenario& defaults) {
  Json schema = {{"description", key.meaning}};
  if (key.keys.empty()) {
    schema.update(key.schema);
    if (key.value && !key.required) schema["default"] = key.value(defaults);
  } else if (key.is_list) {
    schema.update({{"type", "array"}, {"items", schema_of_map(key, defaults)}});
  } else {
    schema.update(schema_of_map(key, defaults));
  }
  return schema;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

Key scenario_keys() {
  auto spec =
      group("spec",
            {broker(), stream(), workload(), timeline(), expect(),
             several("needs", {"root"}, FIELD(needs),
                     "What the machine must be able to do; without it the scenario is skipped.")},
            "The experiment.");
  return group(
      "",
      {constant("apiVersion", "faultline/v1", "The version of this format."),
       constant("kind", "Scenario", "What the file is."), metadata(), required(std::move(spec))},
      "One experiment: a cluster, a workload, a timeline of faults, and what is expected.");
}

#undef FIELD

std::string scenario_schema() {
  Scenario defaults;
  defaults.faults.emplace_back();
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Faultline scenario"}};
  schema.update(schema_of(scenario_keys(), defaults));
  return schema.dump(2) + "\n";
}

std::string to_text(milliseconds length) {
  for (const auto& unit : {units[2], units[1]})
    if (length.count() != 0 && length.count() % unit.milliseconds == 0)
      return fmt::format("{}{}", length.count() / unit.milliseconds, unit.name);
  return length.count() == 0 ? "0s" : fmt::format("{}ms", length.count());
}

std::string quoted(const std::string& text) {
  constexpr std::size_t most = 60;
  std::string shown;
  for (const char c : text) {
    const bool begins_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (begins_character && shown.size() >= most) return "'" + shown + "...'";
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return "'" + shown + "'";
}

std::string nearest(const std::string& name, const std::vector<std::string>& names) {
  if (name.size() > 40) return "";
  std::string best;
  std::size_t least = 2 + name.size() / 3;
  for (const auto& candidate : names)
    if (const auto d = distance(name, candidate); d < std::min(least, candidate.size())) {
      best = candidate;
      least = d;
    }
  return best;
}

}  // namespace faultline
