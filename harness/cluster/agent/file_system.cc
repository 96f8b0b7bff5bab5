#include "harness/cluster/agent/file_system.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr unsigned long ext4_ioc_shutdown = _IOR('X', 125, std::uint32_t);
constexpr unsigned loop_major = 7;
constexpr int attach_attempts = 20;
constexpr auto detach_limit = 10s;
constexpr auto full_name = ".faultline-full";
constexpr auto probe_name = ".faultline-probe";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0600)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (descriptor_ < 0) fail(path);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Mount {
  dev_t device = 0;
  std::string point;
};

// One line of /proc/<pid>/mountinfo, proc(5): "36 35 98:0 /mnt1 /mnt2 rw ...".
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

std::string loop_path(unsigned number) { return "/dev/loop" + std::to_string(number); }

// Where /dev is a container's own copy, a new loop device has no node yet.
void make_node(unsigned number) {
  const auto path = loop_path(number);
  if (::mknod(path.c_str(), S_IFBLK | 0660, makedev(loop_major, number)) != 0 && errno != EEXIST)
    fail(path);
}

// The devices that the image is attached to, by inode: names differ from one
// mount namespace to the next.
std::vector<dev_t> devices_of(const std::string& image) {
  struct stat wanted {};
  if (::stat(image.c_str(), &wanted) != 0) {
    if (errno == ENOENT) return {};
    fail(image);
  }
  std::vector<dev_t> found;
  for (const auto& entry : fs::directory_iterator("/sys/block")) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("loop") || !fs::exists(entry.path() / "loop/backing_file")) continue;
    const auto number = static_cast<unsigned>(std::stoul(name.substr(4)));
    make_node(number);
    const File device(loop_path(number), O_RDONLY);
    loop_info64 info{};
    if (::ioctl(device.get(), LOOP_GET_STATUS64, &info) != 0) continue;  // detached meanwhile
    if (info.lo_inode == wanted.st_ino && info.lo_device == wanted.st_dev)
      found.push_back(makedev(loop_major, number));
  }
  return found;
}

// False if somebody else took the device first: LOOP_CTL_GET_FREE only looks.
// Autoclear acts at the last close, so the mount comes while it is open here.
bool mount_by_loop(const std::string& image, const std::string& point) {
  const File backing(image, O_RDWR);
  const File control("/dev/loop-control", O_RDWR);
  const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
  if (number < 0) fail("no free loop device");
  make_node(static_cast<unsigned>(number));
  const auto path = loop_path(static_cast<unsigned>(number));
  const File device(path, O_RDWR);
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(backing.get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (::ioctl(device.get(), LOOP_CONFIGURE, &config) != 0) {
    if (errno == EBUSY) return false;
    fail(path);
  }
  if (::mount(path.c_str(), point.c_str(), "ext4", 0, nullptr) != 0) fail("mounting " + image);
  return true;
}

std::vector<std::string> processes() {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); }))
      all.push_back(name);
  }
  return all;
}

std::string mount_namespace(const std::string& process) {
  std::error_code error;
  return fs::read_symlink("/proc/" + process + "/ns/mnt", error).string();
}

std::string display_name(const std::string& process) {
  std::string name;
  std::getline(std::ifstream("/proc/" + process + "/comm"), name);
  return name + " (pid " + process + ")";
}

bool has_mounted(const std::string& process, const std::vector<dev_t>& devices) {
  return std::ranges::any_of(mounts(process), [&](const Mount& mount) {
    return std::ranges::find(devices, mount.device) != devices.end();
  });
}

// Processes in containers: this namespace's own have it mounted, too.
std::vector<std::string> holders(const std::vector<dev_t>& devices) {
  const auto own = mount_namespace("self");
  std::vector<std::string> found;
  for (const auto& process : processes()) {
    const auto theirs = mount_namespace(process);
    if (!theirs.empty() && theirs != own && has_mounted(process, devices)) found.push_back(process);
  }
  return found;
}

std::string joined(const std::vector<std::string>& processes) {
  std::string text;
  for (const auto& process : processes) text += (text.empty() ? "" : ", ") + display_name(process);
  return text;
}

bool mounted_at(const std::string& point) {
  std::error_code error;
  const auto wanted = fs::canonical(point, error).string();
  const auto all = mounts("self");
  return std::ranges::any_of(all, [&](const Mount& mount) { return mount.point == wanted; });
}

bool works(const std::string& point) {
  try {
    probe(point);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string beside_data(const std::string& point, const char* name) { return point + "/" + name; }

}  // namespace

void attach(const std::string& image, const std::string& point) {
  fs::create_directories(point);
  if (mounted_at(point)) {
    if (works(point)) return;
    detach(image);
  }
  for (int attempt = 0; attempt < attach_attempts; ++attempt)
    if (mount_by_loop(image, point)) return;
  throw std::runtime_error("no loop device could be had: others are faster");
}

void detach(const std::string& image) {
  const auto devices = devices_of(image);
  if (const auto held = holders(devices); !held.empty())
    throw std::runtime_error(image + " is in use: " + joined(held));
  auto all = mounts("self");
  std::ranges::reverse(all);  // the last first
  for (const auto& mount : all) {
    if (std::ranges::find(devices, mount.device) == devices.end()) continue;
    if (::umount2(mount.point.c_str(), 0) == 0) continue;
    if (errno == EBUSY)
      throw std::runtime_error(mount.point + " is busy: a process here holds it open");
    fail(mount.point);
  }
  for (const auto deadline = std::chrono::steady_clock::now() + detach_limit;
       !devices_of(image).empty(); std::this_thread::sleep_for(20ms))
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(image + " is still in use: " + joined(holders(devices)));
}

void shut_down(const std::string& point, unsigned flag) {
  if (!mounted_at(point)) throw std::runtime_error("nothing is mounted at " + point);
  const File root(point, O_RDONLY | O_DIRECTORY);
  std::uint32_t value = flag;
  if (::ioctl(root.get(), ext4_ioc_shutdown, &value) != 0) fail("shutting down " + point);
}

void probe(const std::string& point) {
  if (!mounted_at(point)) throw std::runtime_error("nothing is mounted at " + point);
  const auto path = beside_data(point, probe_name);
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  constexpr std::array<char, 4096> block{};
  if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()))
    fail(path);
  if (::fsync(file.get()) != 0) fail(path);
  if (::unlink(path.c_str()) != 0) fail(path);
}

void fill(const std::string& point) {
  if (!mounted_at(point)) throw std::runtime_error("nothing is mounted at " + point);
  const auto path = beside_data(point, full_name);
  const File file(path, O_WRONLY | O_CREAT | O_APPEND);
  std::vector<char> block(1 << 20, '\xFA');
  while (!block.empty()) {
    if (::write(file.get(), block.data(), block.size()) > 0) continue;
    if (errno != ENOSPC) fail(path);
    block.resize(block.size() / 2);
  }
  if (::fsync(file.get()) != 0) fail(path);
}

void unfill(const std::string& point) {
  const auto path = beside_data(point, full_name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path);
}

bool filled(const std::string& point) { return fs::exists(beside_data(point, full_name)); }

std::vector<std::string> kill_holders(const std::string& image) {
  std::vector<std::string> killed;
  for (const auto& process : holders(devices_of(image))) {
    const auto name = display_name(process);
    if (::kill(std::stoi(process), SIGKILL) == 0) killed.push_back(name);
  }
  return killed;
}

void cut_power(const std::string& image, const std::string& point) {
  kill_holders(image);
  shut_down(point, 2);
}

}  // namespace faultline::agent
