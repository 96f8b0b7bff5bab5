// The folder that a suite writes: results/<suite>/<scenario>/.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "harness/cluster/file_descriptor.h"

namespace faultline {

// The results folder cannot be written; what() is one line that says what to do.
struct ResultsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Replaces a file as a whole: after a crash, a full disk or SIGKILL there is the
// old one or the new one, never a part. Synced. Throws ResultsError.
void write_atomically(const std::filesystem::path&, std::string_view content);

enum class Writing { replaced, appended };  // a file that is there already

// The file that a path leads to past symbolic links, whether it is there yet or not: what is
// replaced is that one, and not the link. Throws ResultsError ("PATH: it is a folder") where it
// could not be written: a FIFO or a device cannot be replaced.
std::filesystem::path writable_file(const std::filesystem::path&, Writing);

// Those of a suite that may be a run, or of the results that may be a suite, in order of name:
// links are not followed, names that begin with a dot are left out (a run half removed, for
// one). The first throws std::filesystem::filesystem_error, the second returns what it found.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path&);
std::vector<std::filesystem::path> folders_in(const std::filesystem::path&, std::error_code&);

// In a suite's folder from its beginning to its end, so that it stays where the suite was killed.
inline constexpr const char* unfinished_name = "unfinished";

class SuiteFolder {
 public:
  // Makes <root>/<UTC time>-<random>/, which no other suite has, and holds flock(2) on it as
  // long as this lives: who removes old runs sees which are under way. Throws ResultsError.
  explicit SuiteFolder(const std::filesystem::path& root);

  // One that is there, to go on with. Throws ResultsError, also while another goes on with it.
  static SuiteFolder existing(const std::filesystem::path&);

  const std::string& name() const { return name_; }
  const std::filesystem::path& path() const { return path_; }  // absolute

  // A new, empty folder for one run; a second run of the same scenario gets
  // "<scenario>-2". Throws ResultsError.
  std::filesystem::path make_run(const std::string& scenario) const;

  // Points <root>/latest to this suite, at once. Throws ResultsError.
  void become_latest() const;

 private:
  SuiteFolder() = default;

  std::filesystem::path root_;
  std::string name_;
  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace faultline
