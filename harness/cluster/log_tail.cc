#include "harness/cluster/log_tail.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace faultline {

std::string last_lines(const std::filesystem::path& path, std::size_t lines) {
  constexpr std::streamoff most = 64 * 1024;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || lines == 0) return {};
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - most));
  std::ostringstream content;
  content << file.rdbuf();
  auto text = content.str();
  while (text.ends_with('\n')) text.pop_back();
  auto begin = text.size();
  for (std::size_t line = 0; line < lines && begin != std::string::npos; ++line)
    begin = begin == 0 ? std::string::npos : text.rfind('\n', begin - 1);
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

std::string telling_line(const std::string& tail) {
  std::istringstream lines(tail);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    for (std::string_view sign : {"panic:", "fatal error:", "[FTL]"})
      if (line.find(sign) != std::string::npos) return line;
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace faultline
