#include "harness/read_target_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

#include "harness/cluster/cluster.h"
#include "harness/document.h"
#include "harness/scenario_keys.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::size_t max_file_size = 64 * 1024;
constexpr std::size_t most_at_once = 9;

const std::vector<std::string> known_faults{"broker-kill",  "broker-stop", "worker-drain",
                                            "broker-crash", "partition",   "leader-churn"};
const std::vector<std::string> weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// A file or a variable: ca_file, ca_env.
struct SecretKeys {
  const char* name;
  SecretPlace ClientPlaces::*place;
};
constexpr SecretKeys secret_keys[] = {
    {"ca", &ClientPlaces::ca},       {"certificate", &ClientPlaces::certificate},
    {"key", &ClientPlaces::key},     {"password", &ClientPlaces::password},
    {"token", &ClientPlaces::token}, {"credentials", &ClientPlaces::credentials},
};

class Reader {
 public:
  explicit Reader(const fs::path& file) { loaded_.target.file = file; }

  LoadedTargetFile read(const std::string& text) {
    try {
      read_all(parse_document(text));
    } catch (const DocumentError& error) {
      const std::string what = error.what();
      problem(error.at, what.starts_with("is empty")
                            ? "is empty; docs/staging.md shows what a target file looks like"
                            : what);
    }
    std::ranges::stable_sort(loaded_.problems, {},
                             [](const auto& p) { return std::pair(p.line, p.column); });
    return std::move(loaded_);
  }

 private:
  using Take = std::function<void(const Node&)>;
  struct Entry {
    std::string name;
    bool required;
    Take take;
  };

  void problem(Position at, std::string message) {
    loaded_.problems.push_back({loaded_.target.file, at.line, at.column, std::move(message)});
  }

  // A map with these keys and no others.
  void map(const Node& node, const std::string& name, const std::vector<Entry>& entries) {
    std::vector<std::string> names;
    for (const auto& entry : entries) names.push_back(entry.name);
    if (node.type != NodeType::map)
      return problem(
          node.at, fmt::format("{}: expected keys and values ({})", name, fmt::join(names, ", ")));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const Node& key = node.keys[i];
      const auto entry = std::ranges::find(entries, key.text, &Entry::name);
      if (entry == entries.end())
        unknown(key, names);
      else if (!seen.insert(key.text).second)
        problem(key.at, quoted(key.text) + " stands there twice");
      else
        entry->take(node.items[i]);
    }
    for (const auto& entry : entries)
      if (entry.required && !seen.contains(entry.name))
        problem(node.at, fmt::format("'{}' is missing in {}", entry.name, name));
  }

  void unknown(const Node& key, const std::vector<std::string>& names) {
    const auto meant = nearest(key.text, names);
    problem(key.at,
            fmt::format("unknown key {}; {}", quoted(key.text),
                        meant.empty() ? fmt::format("known here: {}", fmt::join(names, ", "))
                                      : fmt::format("did you mean '{}'?", meant)));
  }

  std::optional<std::string> text(const Node& node, const std::string& what) {
    const bool is_text = node.type == NodeType::text && !node.text.empty();
    if (is_text) return node.text;
    problem(node.at, fmt::format("expected {}{}", what,
                                 node.type == NodeType::whole || node.type == NodeType::number ||
                                         node.type == NodeType::flag
                                     ? ": put it in quotes"
                                     : ""));
    return {};
  }

  Take into(std::string& field, const std::string& what) {
    return [this, &field, what](const Node& node) {
      if (auto value = text(node, what)) field = *value;
    };
  }

  // Of Kubernetes: "nats-0", "messaging".
  Take name_into(std::string& field, const std::string& what) {
    return [this, &field, what](const Node& node) {
      const auto value = text(node, what);
      static const std::regex allowed("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");
      if (!value) return;
      if (!std::regex_match(*value, allowed))
        return problem(node.at, fmt::format("{} is no name of Kubernetes", quoted(*value)));
      field = *value;
    };
  }

  // What stands before the host is for clients, and would be printed.
  Take url_into(std::string& field, const std::vector<std::string>& schemes) {
    return [this, &field, schemes](const Node& node) {
      const auto value = text(node, "a URL");
      if (!value) return;
      const bool known = std::ranges::any_of(
          schemes, [&](const auto& scheme) { return value->starts_with(scheme + "://"); });
      if (value->find('@') != value->npos)
        problem(node.at,
                "a URL with a user in it would reach reports; name the user in 'user' and where "
                "the secret lies in 'password_file' or 'token_file'");
      else if (!known)
        problem(node.at, fmt::format("expected a URL that begins with {}://",
                                     fmt::join(schemes, ":// or ")));
      else
        field = *value;
    };
  }

  Take labels_into(Labels& labels, const std::string& what) {
    return [this, &labels, what](const Node& node) {
      if (node.type != NodeType::map || node.keys.empty())
        return problem(node.at, what + ": expected at least one label and its value");
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const Node& value = node.items[i];
        if (value.type == NodeType::map || value.type == NodeType::list ||
            value.type == NodeType::nothing)
          problem(value.at, fmt::format("{}: expected the value of the label {}", what,
                                        quoted(node.keys[i].text)));
        else if (!labels.emplace(node.keys[i].text, value.text).second)
          problem(node.keys[i].at, quoted(node.keys[i].text) + " stands there twice");
      }
    };
  }

  Take whole_into(std::size_t& field, std::size_t least, std::size_t most) {
    return [this, &field, least, most](const Node& node) {
      std::size_t value = 0;
      const auto [end, error] =
          std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
      if (node.type != NodeType::whole || error != std::errc{} ||
          end != node.text.data() + node.text.size() || value < least || value > most)
        return problem(node.at, fmt::format("expected a whole number from {} to {}", least, most));
      field = value;
    };
  }

  Take list(const std::string& what, const Take& take) {
    return [this, what, take](const Node& node) {
      if (node.type != NodeType::list || node.items.empty())
        return problem(node.at, fmt::format("expected a list of at least one {}", what));
      for (const Node& item : node.items) take(item);
    };
  }

  Take exactly(const std::string& wanted) {
    return [this, wanted](const Node& node) {
      if (node.text != wanted) problem(node.at, "expected " + wanted);
    };
  }

  Take path_into(fs::path& field, const std::string& what) {
    return [this, &field, what](const Node& node) {
      const auto value = text(node, what);
      if (!value) return;
      const fs::path path = *value;
      field = path.is_absolute() ? path : loaded_.target.file.parent_path() / path;
    };
  }

  void read_all(const Node& root) {
    TargetFile& target = loaded_.target;
    map(root, "a target file",
        {{"apiVersion", true, exactly("faultline/v1")},
         {"kind", true, exactly("Target")},
         {"metadata", true,
          [&](const Node& node) {
            map(node, "metadata", {{"name", true, name_into(target.name, "a name")}});
          }},
         {"spec", true, [&](const Node& node) { read_spec(node); }}});
  }

  void read_spec(const Node& node) {
    map(node, "spec",
        {{"cluster", true, [&](const Node& part) { read_cluster(part); }},
         {"brokers", true, [&](const Node& part) { read_brokers(part); }},
         {"allow", true, [&](const Node& part) { read_allow(part); }},
         {"agent", false, [&](const Node& part) { read_agent(part); }},
         {"abort", false, [&](const Node& part) { read_abort(part); }}});
    const auto& [brokers, pods] = std::tie(loaded_.target.brokers, loaded_.target.pods);
    const auto& agent = loaded_.target.agent;
    if (agent && !agent->namespace_name.empty() && agent->namespace_name == brokers.namespace_name)
      problem(node.at, "spec.agent.namespace is the brokers': it must be the agent's own");
    if (loaded_.problems.empty() && std::ranges::none_of(pods, [&](const AllowedPods& allowed) {
          return allowed.namespace_name == brokers.namespace_name;
        }))
      problem(node.at, fmt::format("spec.allow.pods names no pods in '{}', where the brokers are",
                                   brokers.namespace_name));
  }

  void read_cluster(const Node& node) {
    TargetFile& target = loaded_.target;
    map(node, "cluster",
        {{"context", true, into(target.context, "the name of a context")},
         {"server", true, url_into(target.server, {"https", "http"})},
         {"kubeconfig", false, path_into(target.kubeconfig, "the path of a kubeconfig")}});
  }

  void read_brokers(const Node& node) {
    auto& brokers = loaded_.target.brokers;
    std::size_t port = brokers.monitor_port;
    std::string product;
    map(node, "brokers",
        {{"product", false, exactly("nats")},
         {"namespace", true, name_into(brokers.namespace_name, "a namespace")},
         {"selector", true, labels_into(brokers.selector, "selector")},
         {"container", false, name_into(brokers.container, "a container's name")},
         {"monitor_port", false, whole_into(port, 1, 65'535)},
         {"client", true, [&](const Node& part) { read_client(part); }}});
    brokers.monitor_port = static_cast<std::uint16_t>(port);
  }

  void read_client(const Node& node) {
    auto& client = loaded_.target.brokers.client;
    const std::vector<std::string> schemes{"nats", "tls"};
    std::vector<Entry> entries{
        {"url", false, url_into(client.url, schemes)},
        {"urls", false,
         [&](const Node& urls) {
           if (urls.type != NodeType::map || urls.keys.empty())
             return problem(urls.at, "urls: expected a pod's name and its URL");
           for (std::size_t i = 0; i < urls.keys.size(); ++i)
             url_into(client.urls[urls.keys[i].text], schemes)(urls.items[i]);
         }},
        {"user", false, into(client.user, "a user's name")}};
    for (const auto& key : secret_keys) {
      auto& place = client.*key.place;
      entries.push_back(
          {std::string(key.name) + "_file", false, path_into(place.file, "the path of a file")});
      entries.push_back({std::string(key.name) + "_env", false,
                         into(place.variable, "the name of a variable of the environment")});
    }
    map(node, "client", entries);
    check_client(node);
  }

  void check_client(const Node& node) {
    const auto& client = loaded_.target.brokers.client;
    if (client.url.empty() == client.urls.empty())
      problem(node.at, "client: 'url', one for all brokers, or 'urls', one of each pod's own");
    for (const auto& key : secret_keys)
      if (const auto& place = client.*key.place; !place.file.empty() && !place.variable.empty())
        problem(node.at, fmt::format("client: '{0}_file' or '{0}_env', not both", key.name));
    if (client.certificate.empty() != client.key.empty())
      problem(node.at, "client: a certificate and its key belong together");
    if (client.user.empty() != client.password.empty())
      problem(node.at, "client: a user and a password belong together");
  }

  void read_allow(const Node& node) {
    TargetFile& target = loaded_.target;
    map(node, "allow",
        {{"faults", true, list("fault", [&](const Node& item) { read_fault(item); })},
         {"pods", true, list("namespace and labels", [&](const Node& item) { read_pods(item); })},
         {"nodes", false, labels_into(target.nodes, "nodes")},
         {"pods_at_once", true, whole_into(target.pods_at_once, 1, most_at_once)},
         {"nodes_at_once", true, whole_into(target.nodes_at_once, 1, most_at_once)},
         {"times", false, list("stretch of time", [&](const Node& item) { read_time(item); })}});
  }

  void read_agent(const Node& node) {
    Agent& agent = loaded_.target.agent.emplace();
    map(node, "agent",
        {{"image", true, into(agent.image, "the name of an image")},
         {"namespace", true, name_into(agent.namespace_name, "a namespace")}});
    static const std::regex image("[A-Za-z0-9][A-Za-z0-9._/:@-]*");
    if (!agent.image.empty() && !std::regex_match(agent.image, image))
      problem(node.at, fmt::format("'{}' is no reference of an image", agent.image));
  }

  void read_fault(const Node& node) {
    const auto name = text(node, "the name of a fault");
    if (!name) return;
    if (std::ranges::find(known_faults, *name) == known_faults.end())
      return problem(node.at, fmt::format("{} cannot be allowed; these can: {}", quoted(*name),
                                          fmt::join(known_faults, ", ")));
    loaded_.target.faults.push_back(*name);
  }

  void read_pods(const Node& node) {
    AllowedPods pods;
    map(node, "pods",
        {{"namespace", true, name_into(pods.namespace_name, "a namespace")},
         {"labels", true, labels_into(pods.labels, "labels")}});
    loaded_.target.pods.push_back(pods);
  }

  // "mon-fri 08:00-18:00", "sat 10:00-12:00", "06:00-07:30"
  void read_time(const Node& node) {
    const auto written = text(node, "a stretch of time such as \"mon-fri 08:00-18:00\"");
    if (!written) return;
    static const std::regex pattern(
        "(?:([a-z]{3})(?:-([a-z]{3}))? )?([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})");
    std::smatch part;
    const auto day = [&](int i) {
      const auto found = std::ranges::find(weekdays, part[i].str());
      return static_cast<unsigned>(found - weekdays.begin());
    };
    const auto clock = [&](int i) {
      return minutes(std::stoi(part[i].str()) * 60 + std::stoi(part[i + 1].str()));
    };
    const auto expected =
        fmt::format("{}: expected days and times of day in UTC, such as \"mon-fri 08:00-18:00\"",
                    quoted(*written));
    if (!std::regex_match(*written, part, pattern)) return problem(node.at, expected);
    AllowedTime time;
    time.from = clock(3);
    time.until = clock(5);
    const unsigned first = part[1].matched ? day(1) : 0;
    const unsigned last = part[2].matched ? day(2) : part[1].matched ? first : 6;
    if (first > 6 || last > 6 || std::stoi(part[4]) > 59 || std::stoi(part[6]) > 59 ||
        time.until > minutes(24 * 60))
      return problem(node.at, expected);
    if (time.from >= time.until)
      return problem(node.at,
                     quoted(*written) + ": ends before it begins; a night is two stretches");
    for (unsigned i = first;; i = (i + 1) % 7) {
      time.days.push_back(i);
      if (i == last) break;
    }
    loaded_.target.times.push_back(time);
  }

  void read_abort(const Node& node) {
    auto& abort = loaded_.target.abort;
    map(node, "abort",
        {{"unavailable", false,
          [&](const Node& item) {
            static const std::regex pattern("([0-9]{1,4})(s|m)");
            std::smatch part;
            if (!std::regex_match(item.text, part, pattern))
              return problem(item.at, "unavailable: expected a duration such as 45s or 2m");
            abort.unavailable =
                std::chrono::seconds(std::stoi(part[1].str()) * (part[2] == "m" ? 60 : 1));
          }},
         {"health_url", false, url_into(abort.health_url, {"http", "https"})},
         {"prometheus", false, [&](const Node& part) {
            map(part, "prometheus",
                {{"url", true, url_into(abort.prometheus_url, {"http", "https"})},
                 {"query", true, into(abort.prometheus_query, "a query")}});
          }}});
  }

  LoadedTargetFile loaded_;
};

LoadedTargetFile refused(const fs::path& file, std::string message) {
  LoadedTargetFile loaded;
  loaded.target.file = file;
  loaded.problems.push_back({file, 0, 0, std::move(message)});
  return loaded;
}

bool is_binary(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) {
    return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
  });
}

std::string secret(const SecretPlace& place, const char* what, bool one_line) {
  if (place.empty()) return "";
  std::string text;
  if (!place.variable.empty()) {
    const char* value = std::getenv(place.variable.c_str());
    if (value == nullptr || *value == '\0')
      throw ClusterError(fmt::format("the {} of the brokers' clients: the variable {} is not set",
                                     what, place.variable));
    text = value;
  } else {
    std::ifstream stream(place.file, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    text = content.str();
    if (!stream || text.empty())
      throw ClusterError(
          fmt::format("the {} of the brokers' clients: {} cannot be read, or is "
                      "empty",
                      what, place.file.string()));
  }
  while (one_line && (text.ends_with('\n') || text.ends_with('\r'))) text.pop_back();
  return text;
}

}  // namespace

LoadedTargetFile parse_target_file(const std::string& text, const fs::path& file) {
  if (text.size() > max_file_size)
    return refused(
        file, fmt::format("is larger than {} KiB, so it is no target file", max_file_size / 1024));
  if (is_binary(text)) return refused(file, "is not a text file, so it is no target file");
  return Reader(file).read(text);
}

LoadedTargetFile load_target_file(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return refused(file, "does not exist");
  if (!fs::is_regular_file(file, error)) return refused(file, "is not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return refused(file, "cannot be read");
  std::string text(max_file_size + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refused(file, "cannot be read: input error");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_target_file(text, file);
}

ClientAccess read_client_access(const ClientPlaces& client) {
  return {.ca = secret(client.ca, "CA", false),
          .certificate = secret(client.certificate, "certificate", false),
          .key = secret(client.key, "key", false),
          .user = client.user,
          .password = secret(client.password, "password", true),
          .token = secret(client.token, "token", true),
          .credentials = secret(client.credentials, "credentials", false)};
}

}  // namespace faultline
