#pragma once

#include <filesystem>
#include <string>

namespace faultline {

// The commit of the git repository that holds the file, as 40 hexadecimal digits, with
// "-dirty" behind where a file of it was changed. Empty where git does not tell: there is
// none, or the file is in no repository. Throws nothing, waits at most five seconds.
std::string commit_of(const std::filesystem::path& file) noexcept;

}  // namespace faultline
