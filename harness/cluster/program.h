// Programs of this machine that run to their end: docker, kind, mount.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace faultline {

struct ProgramOptions {
  // Then it and its children are killed, and it has two seconds to be gone.
  std::chrono::milliseconds limit{60'000};
  std::map<std::string, std::string> environment = {};  // besides our own
  std::function<bool()> cancelled = {};                 // asked about ten times a second
  std::function<void(const std::string&)> line = {};    // each line it writes, as it comes
};

struct ProgramEnd {
  int status = 0;      // exit status; 128 + n where signal n ended it
  std::string output;  // what it wrote to its standard output
  std::string errors;  // and to its standard error
};

// Reads nothing from its standard input. Searches the first word in PATH, the folders of the
// administrator and the one of this program. Does not outlive the harness. Throws ClusterError
// where it cannot be started, takes too long or is cancelled ("interrupted").
ProgramEnd run_program(const std::vector<std::string>& command, const ProgramOptions& = {});

// Its standard output; a status other than 0 is a ClusterError that says which
// command it was and what it complained of.
std::string output_of(const std::vector<std::string>& command, const ProgramOptions& = {});

// As a person would type it; quotes where the shell needs them.
std::string shell_words(const std::vector<std::string>& command);

// What a program lists one to a line, separated by commas.
std::string enumerated(const std::string& lines);

// Of a file, in hexadecimal digits. Throws ClusterError.
std::string sha256(const std::filesystem::path& file);

// Empty if there is no such program.
std::string find_program(const std::string& name);

}  // namespace faultline
