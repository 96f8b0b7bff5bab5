#include "harness/cluster/program.h"

#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/process/args.hpp>
#include <boost/process/async_pipe.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <cstdlib>
#include <istream>
#include <sstream>
#include <thread>

#include "harness/cluster/cluster.h"
#include "harness/cluster/log_tail.h"
#include "harness/cluster/tied_to_parent.h"

namespace faultline {
namespace {

namespace asio = boost::asio;
namespace process = boost::process;
using namespace std::chrono_literals;
using boost::system::error_code;

constexpr auto look_interval = 100ms;
constexpr auto end_limit = 2s;              // after SIGKILL
constexpr auto closed_look_interval = 5ms;  // most end right after they close their output

// One stream of the program, handed on line by line.
class LineReader {
 public:
  LineReader(asio::io_context& context, std::string& text,
             const std::function<void(const std::string&)>& line)
      : pipe(context), text_(text), line_(line) {}

  void read() {
    asio::async_read_until(pipe, buffer_, '\n',
                           [this](error_code error, std::size_t) { received(error); });
  }

  process::async_pipe pipe;

 private:
  void received(error_code error) {
    std::istream input(&buffer_);
    std::string line;
    if (!error && std::getline(input, line)) {
      take(line);
      return read();
    }
    while (std::getline(input, line)) take(line);  // the end, perhaps without a newline
  }

  void take(const std::string& line) {
    text_ += line + '\n';
    if (line_) line_(line);
  }

  asio::streambuf buffer_;
  std::string& text_;
  const std::function<void(const std::string&)>& line_;
};

int exit_status(int native) {
  return WIFSIGNALED(native) ? 128 + WTERMSIG(native) : WEXITSTATUS(native);
}

// Its whole process group; children may hold the pipes after it is gone.
// One that the kernel holds, on a disk that is frozen, does not even end by SIGKILL: it is left
// behind, to end when the kernel lets go of it.
void end(process::child& child) {
  ::kill(-child.id(), SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + end_limit;
  while (child.running() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(closed_look_interval);
  if (child.running()) child.detach();
}

// The administrator's, which not everybody's PATH has.
constexpr std::array further_folders{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                     "/usr/bin",        "/sbin",          "/bin"};

// Those of the user, of the administrator, and the one that has faultline-agent too.
std::vector<boost::filesystem::path> searched_folders() {
  auto folders = boost::this_process::path();
  for (const char* folder : further_folders) folders.emplace_back(folder);
  boost::system::error_code error;
  folders.push_back(boost::filesystem::read_symlink("/proc/self/exe", error).parent_path());
  return folders;
}

// Programs that a program calls are to be found as it was itself.
std::string whole_path() {
  std::string text;
  for (const auto& folder : searched_folders()) text += (text.empty() ? "" : ":") + folder.string();
  return text;
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  return process::search_path(name, searched_folders()).string();
}

std::string shell_words(const std::vector<std::string>& command) {
  constexpr auto plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+{}";
  std::string text;
  for (const auto& word : command) {
    if (!text.empty()) text += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

std::string enumerated(const std::string& lines) {
  std::istringstream list(lines);
  std::string all;
  for (std::string one; std::getline(list, one);) all += (all.empty() ? "" : ", ") + one;
  return all;
}

std::string sha256(const std::filesystem::path& file) {
  return output_of({"sha256sum", "--zero", "--", file.string()}).substr(0, 64);
}

ProgramEnd run_program(const std::vector<std::string>& command, const ProgramOptions& options) {
  const auto path = find_program(command.at(0));
  if (path.empty()) throw ClusterError("the program '" + command[0] + "' is not installed");
  ProgramEnd result;
  asio::io_context context;
  LineReader output(context, result.output, options.line);
  LineReader errors(context, result.errors, options.line);
  process::child child;
  process::environment environment = boost::this_process::environment();
  // Not by operator[]: Boost's compares with entries that are shorter than the name, beyond
  // their end.
  environment.set("PATH", whole_path());
  for (const auto& [name, value] : options.environment) environment.set(name, value);
  try {
    child =
        process::child(process::exe = path,
                       process::args = std::vector<std::string>(command.begin() + 1, command.end()),
                       process::std_out > output.pipe, process::std_err > errors.pipe,
                       process::std_in < process::null, environment, TiedToParent{});
  } catch (const process::process_error& error) {
    throw ClusterError(path + " cannot be run: " + error.code().message());
  }
  output.read();
  errors.read();

  const auto deadline = std::chrono::steady_clock::now() + options.limit;
  // It may close its output long before its end.
  while (!context.stopped() || child.running()) {
    if (!context.stopped())
      context.run_for(look_interval);
    else
      std::this_thread::sleep_for(closed_look_interval);
    if (options.cancelled && options.cancelled()) {
      end(child);
      throw ClusterError("interrupted");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      end(child);
      throw ClusterError(shell_words(command) + ": not finished within " +
                         std::to_string(options.limit / 1ms) + " ms");
    }
  }
  child.wait();
  result.status = exit_status(child.native_exit_code());
  return result;
}

std::string output_of(const std::vector<std::string>& command, const ProgramOptions& options) {
  auto end = run_program(command, options);
  if (end.status == 0) return std::move(end.output);
  const auto& said = end.errors.empty() ? end.output : end.errors;
  const auto complaint = telling_line(said);
  throw ClusterError(shell_words(command) + ": " +
                     (complaint.empty() ? "exit status " + std::to_string(end.status) : complaint));
}

}  // namespace faultline
