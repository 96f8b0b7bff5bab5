#include "harness/report/results.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <random>
#include <system_error>
#include <utility>

namespace faultline {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, std::error_code error) {
  const std::string_view hint = error == std::errc::no_space_on_device
                                    ? "free some space, or choose another disk with --results DIR"
                                    : "choose a folder that you may write with --results DIR";
  throw ResultsError(
      fmt::format("cannot write '{}': {}; {}", path.string(), error.message(), hint));
}

std::error_code last_error() { return {errno, std::generic_category()}; }

class File {
 public:
  explicit File(const fs::path& path)
      : path_(path),
        descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) refuse(path, last_error());
  }
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written >= 0)
        content.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EINTR)
        refuse(path_, last_error());
    }
  }

  void close() {
    if (::fsync(descriptor_) != 0) refuse(path_, last_error());
    if (::close(std::exchange(descriptor_, -1)) != 0) refuse(path_, last_error());
  }

 private:
  fs::path path_;
  int descriptor_;
};

std::string new_name() {
  const auto now = std::chrono::system_clock::now();
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{:04x}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     std::random_device{}() & 0xFFFF);
}

// False if it exists already.
bool make_folder(const fs::path& path) {
  std::error_code error;
  const bool made = fs::create_directory(path, error);
  if (error) refuse(path, error);
  return made;
}

// Without a lock where the file system has none: the run goes on.
FileDescriptor lock_folder(const fs::path& path) {
  FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (folder && ::flock(folder.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return folder;
}

fs::path behind_links(fs::path path) {
  constexpr int most_links = 40;  // as Linux has it
  std::error_code error;
  for (int links = 0; links < most_links && fs::is_symlink(path, error); ++links)
    path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

// Null: nothing hinders.
const char* writing_problem(const fs::path& file, Writing writing) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::is_directory(folder, error)) return "its folder does not exist";
  if (fs::is_directory(status)) return "it is a folder";
  const bool there = fs::exists(status), appended = there && writing == Writing::appended;
  if (there && !appended && !fs::is_regular_file(status)) return "it is no regular file";
  const bool possible = (!there || ::access(file.c_str(), W_OK) == 0) &&
                        (appended || ::access(folder.c_str(), W_OK | X_OK) == 0) &&
                        !fs::is_symlink(file, error);  // left where links lead in a circle
  return possible ? nullptr : "it cannot be written";
}

}  // namespace

fs::path writable_file(const fs::path& path, Writing writing) {
  fs::path file = behind_links(path);
  if (const char* problem = writing_problem(file, writing))
    throw ResultsError(fmt::format("{}: {}", path.string(), problem));
  return file;
}

std::vector<fs::path> folders_in(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->path().filename().string().starts_with('.') &&
        fs::is_directory(entry->symlink_status(gone)))
      found.push_back(entry->path());
  }
  std::ranges::sort(found);
  return found;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found = folders_in(folder, error);
  if (error) throw fs::filesystem_error("cannot list", folder, error);
  return found;
}

void write_atomically(const fs::path& path, std::string_view content) {
  fs::path part = path;
  part += ".part";
  try {
    File file(part);
    file.write(content);
    file.close();
  } catch (const ResultsError&) {
    std::error_code ignored;
    fs::remove(part, ignored);
    throw;
  }
  std::error_code error;
  fs::rename(part, path, error);
  if (error) refuse(path, error);
}

SuiteFolder::SuiteFolder(const fs::path& root) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) refuse(root, error);
  root_ = fs::absolute(root).lexically_normal();
  do {
    name_ = new_name();
    path_ = root_ / name_;
  } while (!make_folder(path_));
  lock_ = lock_folder(path_);
}

SuiteFolder SuiteFolder::existing(const fs::path& path) {
  SuiteFolder suite;
  suite.path_ = fs::canonical(path);
  suite.root_ = suite.path_.parent_path();
  suite.name_ = suite.path_.filename();
  suite.lock_ = FileDescriptor(::open(suite.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!suite.lock_) refuse(path, last_error());
  if (::flock(suite.lock_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw ResultsError(
        fmt::format("'{}' is under way: wait for its end, or leave --resume out", path.string()));
  return suite;
}

fs::path SuiteFolder::make_run(const std::string& scenario) const {
  fs::path folder = path_ / scenario;
  for (int number = 2; !make_folder(folder); ++number)
    folder = path_ / fmt::format("{}-{}", scenario, number);
  return folder;
}

void SuiteFolder::become_latest() const {
  const fs::path link = root_ / (".latest-" + name_);
  std::error_code error;
  fs::create_directory_symlink(name_, link, error);
  if (error) refuse(link, error);
  fs::rename(link, root_ / "latest", error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(link, ignored);
  refuse(root_ / "latest", error);
}

}  // namespace faultline
