#include "harness/broker/nats/nats_binary.h"

#include <unistd.h>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/io.hpp>
#include <cstdlib>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;
namespace process = boost::process;
using Line = std::function<void(const std::string&)>;

// Output of a program, stdout and stderr, line by line; returns its exit code.
// A program that writes without end is cut off.
int run(const fs::path& program, const std::vector<std::string>& arguments, const Line& line) {
  constexpr int most_lines = 100'000;
  process::ipstream output;
  process::child child(
      process::exe = program.string(), process::args = arguments,
      process::std_in<process::null, (process::std_out & process::std_err)> output);
  int lines = 0;
  for (std::string text; std::getline(output, text);) {
    if (++lines > most_lines) {
      child.terminate();
      return EXIT_FAILURE;
    }
    line(text);
  }
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
    run(path, {"--version"}, [&](const std::string& line) {
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

void install(const fs::path& installer, const std::string& version, const Line& progress) {
  std::string last;
  const auto told = [&](const std::string& line) {
    if (!line.empty()) last = line;
    progress(line);
  };
  const auto failed = "nats-server " + version + " could not be installed: ";
  const auto instead = " (or give one with --broker-binary PATH)";
  try {
    progress("installing nats-server " + version);
    if (run(installer, {version}, told) != EXIT_SUCCESS)
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
  if (!fs::exists(path)) install(sources.installer, name, progress);
  return checked(path);
}

}  // namespace faultline
