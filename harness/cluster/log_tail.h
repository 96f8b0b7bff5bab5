#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace faultline {

// The last lines of a text file, of at most its last 64 KiB; empty if it cannot
// be read. No newline at the end.
std::string last_lines(const std::filesystem::path&, std::size_t lines);

// The line of a log's end that says most about why the program exited: where a
// Go program panics or logs something fatal, else the last line.
std::string telling_line(const std::string& tail);

}  // namespace faultline
