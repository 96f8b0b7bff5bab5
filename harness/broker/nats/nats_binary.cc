#include "harness/broker/nats/nats_binary.h"

#include <signal.h>
#include <unistd.h>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/io.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
namespace process = boost::process;
using namespace std::chrono_literals;
using Line = std::function<void(const std::string&)>;

// Kills a process that takes too long, until it goes out of scope.
std::jthread watchdog(pid_t pid, std::chrono::seconds limit) {
  return std::jthread([pid, limit](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, limit, [] { return false; });
    if (!stop.stop_requested()) ::kill(pid, SIGKILL);
  });
}

// Hands on what a program writes to stdout and stderr; returns its exit code.
int run(const fs::path& program, const std::vector<std::string>& arguments,
        std::chrono::seconds limit, const Line& line) {
  process::ipstream output;
  process::child child(
      process::exe = program.string(), process::args = arguments,
      process::std_in<process::null, (process::std_out & process::std_err)> output);
  const auto limited = watchdog(child.id(), limit);
  for (std::string text; std::getline(output, text);) line(text);
  child.wait();
  return child.exit_code();
}

// Asks the program itself: "nats-server: v2.12.15".
NatsBinary checked(const fs::path& path) {
  const auto what = path.string();
  if (!fs::exists(path)) throw ClusterError("there is no broker binary at " + what);
  if (!fs::is_regular_file(path) || ::access(path.c_str(), X_OK) != 0)
    throw ClusterError(what + " is not an executable file");
  std::optional<NatsVersion> version;
  try {
    run(path, {"--version"}, 10s, [&](const std::string& line) {
      constexpr std::string_view sign = "nats-server: ";
      if (line.starts_with(sign)) version = parse_nats_version(line.substr(sign.size()));
    });
  } catch (const process::process_error& error) {
    throw ClusterError(what + " cannot be run: " + error.code().message());
  }
  if (!version)
    throw ClusterError(what + " is not a nats-server: its --version does not say " +
                       "\"nats-server: v<version>\"");
  return {fs::absolute(path), *version};
}

// The binary that the installer put into the cache: its last line of output. Of
// another version (exit code 3) only where none was asked for.
fs::path install(const fs::path& installer, const std::string& version, bool any_will_do,
                 const Line& progress) {
  constexpr int other_version = 3;
  std::string last;
  const auto told = [&](const std::string& line) {
    if (!line.empty()) last = line;
    progress(line);
  };
  const auto failed = "nats-server " + version + " could not be installed: ";
  const auto instead = " (or give one with --broker-binary PATH)";
  try {
    progress("installing nats-server " + version);
    const int code = run(installer, {version}, 30min, told);
    if (code == EXIT_SUCCESS || (code == other_version && any_will_do)) return last;
    if (code == other_version) last = "only " + last + " is to be had";
    throw ClusterError(failed + (last.empty() ? installer.string() + " failed" : last) + instead);
  } catch (const process::process_error& error) {
    throw ClusterError(failed + installer.string() + ": " + error.code().message() + instead);
  }
}

fs::path user_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache";
  throw ClusterError("neither XDG_CACHE_HOME nor HOME is set: no cache for the broker binary");
}

}  // namespace

NatsBinarySources NatsBinarySources::of_this_user() {
  return {user_cache() / "faultline" / "nats-server",
          fs::path(FAULTLINE_SOURCE_DIR) / "tools" / "install-nats"};
}

NatsBinary find_nats_binary(const NatsBinaryChoice& choice, const Line& progress,
                            const NatsBinarySources& sources) {
  if (!choice.binary.empty()) return checked(choice.binary);
  const auto wanted = choice.version.empty() ? FAULTLINE_DEFAULT_NATS_VERSION : choice.version;
  const auto version = parse_nats_version(wanted);
  if (!version)
    throw ClusterError("\"" + wanted + "\" is no version of nats-server (such as " +
                       FAULTLINE_DEFAULT_NATS_VERSION + ")");
  const auto name = wanted.starts_with('v') ? wanted.substr(1) : wanted;
  const auto path = sources.cache / name / "nats-server";
  if (fs::exists(path)) return checked(path);
  return checked(install(sources.installer, name, choice.version.empty(), progress));
}

}  // namespace faultline
