#include "harness/end_to_end_local.h"

#include <unistd.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "faults/journal.h"
#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"

namespace faultline::end_to_end {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* look = R"sh(
ip netns list | sed -n 's/^\(faultline-[^ ]*\).*/namespace \1/p'
ls /sys/class/net | sed -n 's/^fl-[0-9a-f]\{8\}/link &/p'
sed -n 's|^.* \(/run/faultline-[^ ]*\) .*|mount \1|p' /proc/self/mountinfo
ls /run | sed -n 's/^faultline-/folder &/p'
losetup --list --noheadings --output NAME,BACK-FILE | grep -F "$1" | sed 's/^/loop device /'
find "$1" -name volume.img 2>/dev/null | sed 's/^/file /'
ls "$2" 2>/dev/null | sed -n 's/\(.*\.journal\)$/journal \1/p'
)sh";

}  // namespace

std::set<std::string> traces(const Results& results) {
  const auto text =
      run_program({"sh", "-c", look, "sh", results.path().string(), state_folder().string()})
          .output;
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  for (const int pid : processes_of(results.path())) lines.insert("process " + std::to_string(pid));
  return lines;
}

std::string Leftovers::now() const {
  std::string text;
  for (const auto& line : traces(results_))
    if (!before_.contains(line)) text += line + "\n";
  return text;
}

std::string Leftovers::after_some_time() const {
  auto text = now();
  for (const auto deadline = Clock::now() + 10s; !text.empty() && Clock::now() < deadline;
       std::this_thread::sleep_for(100ms))
    text = now();
  return text;
}

void Local::SetUp() { FAULTLINE_NEEDS("root", ::geteuid() == 0); }

std::vector<std::string> Local::run(const std::string& file) const {
  return {"run",       scenario(file).string(), "--provider", "local",
          "--results", results_.path().string()};
}

void Local::expect_run(const std::string& file, int exit_code) {
  const Finished finished = faultline(run(file));
  EXPECT_EQ(finished.exit_code, exit_code) << finished.output;
  const Finished again = faultline({"check", (results_.path() / "latest").string()});
  EXPECT_EQ(again.exit_code, exit_code) << again.output;
  EXPECT_EQ(left_.after_some_time(), "");
}

}  // namespace faultline::end_to_end
