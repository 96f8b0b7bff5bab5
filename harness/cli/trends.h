// What `trends` prints, which `report --since` prints too.
#pragma once

#include <filesystem>
#include <string>

namespace faultline {

struct TrendsQuery {
  std::filesystem::path results = "results";
  std::string since = "30d";  // an age: 12h, 30d, 8w
  std::string scenario;       // of this one only, by name or figure
  bool json = false;
};

// To standard output; where the database cannot be written, a line to standard error.
// Throws RunsError.
void print_trends(const TrendsQuery&);

}  // namespace faultline
