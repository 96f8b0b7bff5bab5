#include "harness/runs/folders.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "harness/cluster/file_descriptor.h"
#include "harness/report/results.h"
#include "harness/report/run_json.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool recorded_nothing(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename() != "brokers") return false;
  return !error;
}

bool is_run(const fs::path& folder, bool of_suite) {
  return is_there(folder / run_json_name) || is_there(folder / history_file_name) ||
         (of_suite && recorded_nothing(folder));
}

std::string stamp_of_file(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "-";
  return fmt::format("{}:{}.{:09}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

std::vector<RunFolder> run_folders(const fs::path& results) {
  std::vector<RunFolder> runs;
  std::error_code ignored;  // what goes meanwhile is no run
  for (const fs::path& suite : folders_in(results, ignored)) {
    const bool of_suite = is_there(suite / "junit.xml");
    for (const fs::path& run : folders_in(suite, ignored))
      if (is_run(run, of_suite))
        runs.push_back({suite.filename().string(), run.filename().string(), run});
  }
  return runs;
}

std::string stamp(const fs::path& run) {
  return stamp_of_file(run / run_json_name) + "/" + stamp_of_file(run / history_file_name);
}

bool under_way(const fs::path& suite) {
  const FileDescriptor folder(::open(suite.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder && ::flock(folder.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Extent extent(const fs::path& folder) {
  Extent whole;
  struct stat own {};
  if (::lstat(folder.c_str(), &own) != 0) return whole;
  whole.bytes = static_cast<std::uint64_t>(own.st_blocks) * 512;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) != 0) continue;
    if (status.st_dev != own.st_dev) {
      whole.mounts = true;
      entry.disable_recursion_pending();
    } else {
      whole.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return whole;
}

std::string latest_suite(const fs::path& results) {
  std::error_code error;
  const fs::path to = fs::read_symlink(results / "latest", error);
  return error ? "" : to.lexically_normal().filename().string();
}

}  // namespace faultline
