#include "harness/kubernetes/target_file.h"

#include <algorithm>
#include <cctype>

namespace faultline {
namespace {

using namespace std::chrono;

bool lies_in(const AllowedTime& time, system_clock::time_point begin,
             system_clock::time_point end) {
  const auto midnight = floor<days>(begin);
  const weekday day{midnight};
  return std::ranges::find(time.days, day.c_encoding()) != time.days.end() &&
         begin >= midnight + time.from && end <= midnight + time.until;
}

}  // namespace

bool carries(const Labels& wanted, const Labels& labels) {
  return std::ranges::all_of(wanted, [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

std::string selector_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + name + "=" + value;
  return text;
}

bool is_allowed(const std::vector<AllowedTime>& times, system_clock::time_point begin,
                system_clock::time_point end) {
  return times.empty() || std::ranges::any_of(times, [&](const AllowedTime& time) {
           return lies_in(time, begin, end);
         });
}

bool looks_like_production(const std::string& name) {
  std::string word;
  const auto is_suspect = [&word] {
    const bool suspect = word.starts_with("prod") || word.ends_with("prod") || word == "prd" ||
                         word == "live" || word.find("production") != word.npos;
    word.clear();
    return suspect;
  };
  for (const unsigned char c : name) {
    if (std::isalpha(c))
      word += static_cast<char>(std::tolower(c));
    else if (is_suspect())
      return true;
  }
  return is_suspect();
}

}  // namespace faultline
