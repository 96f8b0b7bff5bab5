#include "harness/kubernetes/api/credentials.h"

#include <fmt/format.h>
#include <yaml-cpp/binary.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "harness/cluster/cluster.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

using nlohmann::json;
using std::chrono::system_clock;
using namespace std::chrono_literals;

constexpr auto before_expiry = 10s;

std::string read_token(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  auto token = text.str();
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back()))) token.pop_back();
  if (token.empty()) throw KubeconfigError("there is no token in " + path.string());
  if (std::ranges::any_of(token, [](unsigned char c) { return std::iscntrl(c); }))
    throw KubeconfigError("what is in " + path.string() + " is no token");
  return token;
}

// RFC 3339: "2026-11-23T08:00:00Z", "2026-11-23T10:00:00.5+02:00"; what cannot be
// read has expired.
system_clock::time_point parse_time(const std::string& text) {
  std::tm time{}, zone{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return {};
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  if (::strptime(rest, "%z", &zone) == nullptr) return {};
  return system_clock::from_time_t(::timegm(&time) - zone.tm_gmtoff);
}

struct PluginAnswer {
  Credentials credentials;
  std::optional<system_clock::time_point> expires;
};

json exec_info(const ClusterAccess& access) {
  json spec{{"interactive", false}};
  if (access.exec->provide_cluster_info) {
    json& cluster = spec["cluster"] = {{"server", access.server}};
    if (!access.ca.empty())
      cluster["certificate-authority-data"] = YAML::EncodeBase64(
          reinterpret_cast<const unsigned char*>(access.ca.data()), access.ca.size());
    if (!access.tls_server_name.empty()) cluster["tls-server-name"] = access.tls_server_name;
    if (!access.proxy.empty()) cluster["proxy-url"] = access.proxy;
    if (access.insecure) cluster["insecure-skip-tls-verify"] = true;
  }
  return {{"apiVersion", access.exec->api_version}, {"kind", "ExecCredential"}, {"spec", spec}};
}

PluginAnswer ask(const ClusterAccess& access, std::chrono::milliseconds limit,
                 const std::function<bool()>& cancelled) {
  const ExecPlugin& plugin = *access.exec;
  const auto& name = plugin.command.front();
  const auto failed = [&](const std::string& why) {
    return KubeconfigError(fmt::format("the credential plugin '{}' {}{}{}", name, why,
                                       plugin.install_hint.empty() ? "" : ": ",
                                       plugin.install_hint));
  };
  if (find_program(name).empty()) throw failed("is not installed");
  ProgramOptions options;
  options.limit = limit;
  options.cancelled = cancelled;
  options.environment = plugin.environment;
  options.environment["KUBERNETES_EXEC_INFO"] = exec_info(access).dump();
  ProgramEnd end;
  try {
    end = run_program(plugin.command, options);
  } catch (const ClusterError&) {  // its text would name the arguments
    if (cancelled && cancelled()) throw KubeconfigError("interrupted");
    throw failed(fmt::format("could not be run, or took longer than {} ms", limit.count()));
  }
  if (end.status != 0) throw failed(fmt::format("ended with status {}", end.status));
  const json document = json::parse(end.output, nullptr, false);
  const json status = document.is_object() ? document.value("status", json::object()) : json();
  if (!status.is_object()) throw failed("printed no ExecCredential");
  PluginAnswer answer;
  const auto text = [&](const char* key) {
    const auto found = status.find(key);
    return found != status.end() && found->is_string() ? found->get<std::string>() : "";
  };
  answer.credentials = {text("token"), text("clientCertificateData"), text("clientKeyData")};
  if (answer.credentials.client_certificate.empty() != answer.credentials.client_key.empty())
    throw failed("printed a certificate without its key, or a key without its certificate");
  if (answer.credentials.token.empty() && answer.credentials.client_certificate.empty())
    throw failed("printed neither a token nor a certificate");
  if (std::ranges::any_of(answer.credentials.token,
                          [](unsigned char c) { return std::iscntrl(c); }))
    throw failed("printed a token of several lines");
  if (const auto time = text("expirationTimestamp"); !time.empty())
    answer.expires = parse_time(time);
  return answer;
}

}  // namespace

struct CredentialSource::Implementation {
  ClusterAccess access;
  std::chrono::milliseconds plugin_limit;
  std::mutex mutex;
  std::optional<PluginAnswer> last;
};

CredentialSource::CredentialSource(const ClusterAccess& access,
                                   std::chrono::milliseconds plugin_limit)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->access = access;
  implementation_->plugin_limit = plugin_limit;
}

CredentialSource::~CredentialSource() = default;

Credentials CredentialSource::get(const std::function<bool()>& cancelled) {
  auto& self = *implementation_;
  const auto& access = self.access;
  if (access.exec) {
    const std::lock_guard lock(self.mutex);
    const bool expired = self.last && self.last->expires &&
                         system_clock::now() + before_expiry >= *self.last->expires;
    if (!self.last || expired) self.last = ask(access, self.plugin_limit, cancelled);
    return self.last->credentials;
  }
  return {access.token_file.empty() ? access.token : read_token(access.token_file),
          access.client_certificate, access.client_key};
}

bool CredentialSource::refused(const Credentials& refused) {
  auto& self = *implementation_;
  if (self.access.exec) {
    const std::lock_guard lock(self.mutex);
    if (self.last && self.last->credentials == refused) self.last.reset();
    return true;
  }
  return !self.access.token_file.empty() && read_token(self.access.token_file) != refused.token;
}

}  // namespace faultline
