#include "harness/cluster/agent/mount_table.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> processes() {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); }))
      all.push_back(name);
  }
  return all;
}

std::string link(const fs::path& path) {
  std::error_code gone;
  return fs::read_symlink(path, gone).string();
}

bool has_mounted(const std::string& process, const std::vector<dev_t>& devices) {
  return std::ranges::any_of(mounts(process), [&](const Mount& mount) {
    return std::ranges::find(devices, mount.device) != devices.end();
  });
}

// What lies above is resolved; what is mounted there is left alone.
std::string resolved(const std::string& point) {
  auto path = fs::absolute(point).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "/a/b/"
  std::error_code error;
  return (fs::canonical(path.parent_path(), error) / path.filename()).string();
}

bool uses(const fs::path& process, const std::string& point) {
  const auto below = [&](const fs::path& path) {
    const auto target = link(path);
    return target == point || target.starts_with(point + "/");
  };
  if (std::ranges::any_of(std::array{"cwd", "root", "exe"},
                          [&](const char* name) { return below(process / name); }))
    return true;
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error))
    if (below(entry->path())) return true;
  return false;
}

}  // namespace

// A line is "36 35 98:0 /mnt1 /mnt2 rw ...", proc(5).
std::vector<Mount> mounts(const std::string& process) {
  std::vector<Mount> all;
  std::ifstream file("/proc/" + process + "/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    unsigned major_number = 0, minor_number = 0;
    if (std::sscanf(device.c_str(), "%u:%u", &major_number, &minor_number) == 2)
      all.push_back({makedev(major_number, minor_number), point});
  }
  return all;
}

std::optional<Mount> mount_at(const std::string& point) {
  const auto wanted = resolved(point);
  std::optional<Mount> found;
  for (const auto& mount : mounts("self"))
    if (mount.point == wanted) found = mount;
  return found;
}

bool mounted_at(const std::string& point) { return mount_at(point).has_value(); }

void require_mounted(const std::string& point) {
  if (!mounted_at(point)) throw std::runtime_error("nothing is mounted at " + point);
}

std::vector<std::string> holders(const std::vector<dev_t>& devices) {
  const auto own = link("/proc/self/ns/mnt");
  std::vector<std::string> found;
  for (const auto& process : processes()) {
    const auto theirs = link("/proc/" + process + "/ns/mnt");
    if (!theirs.empty() && theirs != own && has_mounted(process, devices)) found.push_back(process);
  }
  return found;
}

std::vector<std::string> users(const std::string& point) {
  const auto wanted = resolved(point);
  std::vector<std::string> found;
  for (const auto& process : processes())
    if (uses("/proc/" + process, wanted)) found.push_back(process);
  return found;
}

std::string display_name(const std::string& process) {
  std::string name;
  std::getline(std::ifstream("/proc/" + process + "/comm"), name);
  return name + " (pid " + process + ")";
}

std::string display_names(const std::vector<std::string>& processes) {
  std::string text;
  for (const auto& process : processes) text += (text.empty() ? "" : ", ") + display_name(process);
  return text;
}

}  // namespace faultline::agent
