#include "harness/broker/nats/nats_binary.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/program.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Line = std::function<void(const std::string&)>;

// Asks the program itself: "nats-server: v2.12.15".
NatsBinary checked(const fs::path& path, std::chrono::milliseconds answer_limit) {
  const auto what = path.string();
  if (!fs::exists(path)) throw ClusterError("there is no broker binary at " + what);
  if (!fs::is_regular_file(path) || ::access(path.c_str(), X_OK) != 0)
    throw ClusterError(what + " is not an executable file");
  std::optional<NatsVersion> version;
  ProgramOptions probe;
  probe.limit = answer_limit;
  probe.line = [&](const std::string& line) {
    constexpr std::string_view sign = "nats-server: ";
    if (line.starts_with(sign)) version = parse_nats_version(line.substr(sign.size()));
  };
  run_program({fs::absolute(path).string(), "--version"}, probe);
  if (!version)
    throw ClusterError(what + " is not a nats-server: its --version does not say " +
                       "\"nats-server: v<version>\"");
  return {fs::absolute(path), *version};
}

// The binary that the installer put into the cache: its last line of output. Of
// another version (exit code 3) only where none was asked for.
fs::path install(const fs::path& installer, const std::string& version, bool any_will_do,
                 const Line& progress, const std::function<bool()>& cancelled) {
  constexpr int other_version = 3;
  std::string last;
  const auto told = [&](const std::string& line) {
    if (!line.empty()) last = line;
    progress(line);
  };
  const auto failed = [&](const std::string& why) {
    return ClusterError("nats-server " + version + " could not be installed: " + why +
                        " (or give one with --broker-binary PATH)");
  };
  progress("installing nats-server " + version);
  ProgramOptions options;
  options.limit = 30min;
  options.line = told;
  options.cancelled = cancelled;
  try {
    const auto [code, output, errors] = run_program({installer.string(), version}, options);
    const auto path = telling_line(output);
    if (code == EXIT_SUCCESS || (code == other_version && any_will_do)) return path;
    if (code == other_version) last = "only " + path + " is to be had";
  } catch (const ClusterError& error) {
    if (cancelled && cancelled()) throw;
    throw failed(error.what());
  }
  throw failed(last.empty() ? installer.string() + " failed" : last);
}

fs::path user_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache";
  throw ClusterError("neither XDG_CACHE_HOME nor HOME is set: no cache for the broker binary");
}

}  // namespace

NatsVersion nats_version(const std::string& text) {
  if (const auto version = parse_nats_version(text)) return *version;
  throw ClusterError("\"" + text + "\" is no version of nats-server (such as " +
                     FAULTLINE_DEFAULT_NATS_VERSION + ")");
}

NatsBinarySources NatsBinarySources::of_this_user() {
  return {user_cache() / "faultline" / "nats-server",
          fs::path(FAULTLINE_SOURCE_DIR) / "tools" / "install-nats", 10s};
}

NatsBinary find_nats_binary(const NatsBinaryChoice& choice, const Line& progress,
                            const NatsBinarySources& sources,
                            const std::function<bool()>& cancelled) {
  if (!choice.binary.empty()) return checked(choice.binary, sources.answer_limit);
  const auto wanted = choice.version.empty() ? FAULTLINE_DEFAULT_NATS_VERSION : choice.version;
  nats_version(wanted);
  const auto name = wanted.starts_with('v') ? wanted.substr(1) : wanted;
  const auto path = sources.cache / name / "nats-server";
  return checked(fs::exists(path) ? path
                                  : install(sources.installer, name, choice.version.empty(),
                                            progress, cancelled),
                 sources.answer_limit);
}

}  // namespace faultline
