#include "harness/cluster/agent/file_system.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "harness/cluster/agent/mount_table.h"
#include "harness/cluster/agent/open_file.h"

namespace faultline::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
constexpr unsigned long ioc_shutdown = _IOR('X', 125, std::uint32_t);
constexpr unsigned loop_major = 7;
constexpr int attach_attempts = 20;
constexpr auto release_limit = 10s;  // of a loop device, which the kernel releases by and by
constexpr auto busy_limit = 5s;      // of a process that ends just now
constexpr auto look_interval = 20ms;
constexpr auto full_name = ".faultline-full";

std::string loop_path(unsigned number) { return "/dev/loop" + std::to_string(number); }

// Where /dev is a container's own copy, a new loop device has no node yet.
void make_node(unsigned number) {
  const auto path = loop_path(number);
  if (::mknod(path.c_str(), S_IFBLK | 0660, makedev(loop_major, number)) != 0 && errno != EEXIST)
    fail(path);
}

// A file by what it is: its name may be another by now, or none.
struct Image {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  bool is(const Image& other) const { return device == other.device && inode == other.inode; }
};

std::optional<Image> image_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return Image{path, status.st_dev, status.st_ino};
  if (errno != ENOENT) fail(path);
  return {};
}

// Nothing where the device is attached to none.
std::optional<Image> image_of(unsigned number) {
  std::ifstream backing("/sys/block/loop" + std::to_string(number) + "/loop/backing_file");
  std::string path;
  if (!std::getline(backing, path)) return {};
  make_node(number);
  const OpenFile device(loop_path(number), O_RDONLY);
  loop_info64 info{};
  if (::ioctl(device.get(), LOOP_GET_STATUS64, &info) != 0) return {};  // detached meanwhile
  return Image{path, info.lo_device, info.lo_inode};
}

std::optional<Image> image_mounted_at(const std::string& point) {
  const auto mount = mount_at(point);
  if (!mount || major(mount->device) != loop_major) return {};
  return image_of(minor(mount->device));
}

// The devices that the image is attached to, by inode: names differ from one
// mount namespace to the next.
std::vector<dev_t> devices_of(const Image& image) {
  std::vector<dev_t> found;
  for (const auto& entry : fs::directory_iterator("/sys/block")) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("loop")) continue;
    const auto number = static_cast<unsigned>(std::stoul(name.substr(4)));
    if (const auto attached = image_of(number); attached && attached->is(image))
      found.push_back(makedev(loop_major, number));
  }
  return found;
}

std::vector<dev_t> devices_of(const std::string& image) {
  const auto file = image_at(image);
  return file ? devices_of(*file) : std::vector<dev_t>{};
}

// By their superblocks: fs/xfs/libxfs/xfs_format.h, fs/ext4/ext4.h.
std::string file_system_of(const std::string& image) {
  const OpenFile file(image, O_RDONLY);
  const auto holds = [&](std::string_view magic, off_t offset) {
    std::array<char, 4> seen{};
    return ::pread(file.get(), seen.data(), magic.size(), offset) ==
               static_cast<ssize_t>(magic.size()) &&
           magic == std::string_view(seen.data(), magic.size());
  };
  if (holds("XFSB", 0)) return "xfs";
  if (holds("\x53\xEF", 1024 + 56)) return "ext4";
  throw std::runtime_error(image + " holds neither ext4 nor XFS");
}

// False if somebody else took the device first: LOOP_CTL_GET_FREE only looks.
// Autoclear acts at the last close, so the mount comes while it is open here.
bool mount_by_loop(const std::string& image, const std::string& file_system,
                   const std::string& point) {
  const OpenFile backing(image, O_RDWR);
  const OpenFile control("/dev/loop-control", O_RDWR);
  const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
  if (number < 0) fail("no free loop device");
  make_node(static_cast<unsigned>(number));
  const auto path = loop_path(static_cast<unsigned>(number));
  const OpenFile device(path, O_RDWR);
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(backing.get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (::ioctl(device.get(), LOOP_CONFIGURE, &config) != 0) {
    if (errno == EBUSY) return false;
    fail(path);
  }
  if (::mount(path.c_str(), point.c_str(), file_system.c_str(), 0, nullptr) != 0)
    fail("mounting " + image);
  return true;
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

bool is_one_of(const Mount& mount, const std::vector<dev_t>& devices) {
  return std::ranges::find(devices, mount.device) != devices.end();
}

// Empty if nobody has them mounted.
std::string who_has_mounted(const std::vector<dev_t>& devices) {
  std::string text;
  for (const auto& mount : mounts("self"))
    if (is_one_of(mount, devices)) text += ", mounted at " + mount.point;
  if (const auto held = holders(devices); !held.empty()) text += ", used by " + display_names(held);
  return text;
}

// Two mounts of one image, each with a superblock of its own, would destroy it. The
// kernel may still be releasing a device that nobody has mounted any more.
void require_unattached(const std::string& image) {
  const auto deadline = Clock::now() + release_limit;
  for (auto devices = devices_of(image); !devices.empty(); devices = devices_of(image)) {
    const auto who = who_has_mounted(devices);
    if (!who.empty() || Clock::now() > deadline)
      throw std::runtime_error(image + " is attached already, to " +
                               loop_path(minor(devices.front())) + who);
    std::this_thread::sleep_for(look_interval);
  }
}

void unmount(const std::string& point) {
  for (const auto deadline = Clock::now() + busy_limit; ::umount2(point.c_str(), 0) != 0;
       std::this_thread::sleep_for(look_interval)) {
    if (errno != EBUSY) fail(point);
    if (Clock::now() > deadline)
      throw std::runtime_error(point + " is busy: " + display_names(users(point)));
  }
}

void detach(const Image& image) {
  const auto devices = devices_of(image);
  auto all = mounts("self");
  std::ranges::reverse(all);  // the last first
  for (const auto& mount : all)
    if (is_one_of(mount, devices)) unmount(mount.point);
  for (const auto deadline = Clock::now() + release_limit; !devices_of(image).empty();
       std::this_thread::sleep_for(look_interval))
    if (Clock::now() > deadline)
      throw std::runtime_error(image.path + " is still attached" +
                               who_has_mounted(devices_of(image)));
}

// An image that was moved or deleted while it was mounted cannot be told from another.
void require_no_other(const std::string& image, const std::string& point) {
  const auto wanted = image_at(image);
  const auto there = image_mounted_at(point);
  if (wanted && (!there || !there->is(*wanted)))
    throw std::runtime_error(point + " has " + (there ? there->path : "something else") +
                             " mounted, not " + image);
}

}  // namespace

void attach(const std::string& image, const std::string& point) {
  if (mounted_at(point)) {
    require_no_other(image, point);
    if (works(point)) return;
    detach(image);
  }
  require_unattached(image);
  const auto file_system = file_system_of(image);
  fs::create_directories(point);
  for (int attempt = 0; attempt < attach_attempts; ++attempt)
    if (mount_by_loop(image, file_system, point)) return;
  throw std::runtime_error("no loop device could be had: others are faster");
}

void detach(const std::string& image) {
  if (const auto file = image_at(image)) detach(*file);
}

void remove(const std::string& image, const std::string& point) {
  for (const auto& one : {image_at(image), image_mounted_at(point)}) {
    if (!one) continue;
    detach(*one);
    const auto named = image_at(one->path);
    if (named && named->is(*one) && ::unlink(one->path.c_str()) != 0) fail(one->path);
  }
  if (::rmdir(point.c_str()) != 0 && errno != ENOENT) fail(point);
}

void shut_down(const std::string& point, unsigned flag) {
  require_mounted(point);
  const OpenFile root(point, O_RDONLY | O_DIRECTORY);
  std::uint32_t value = flag;
  if (::ioctl(root.get(), ioc_shutdown, &value) != 0) fail("shutting down " + point);
}

void probe(const std::string& point) {
  require_mounted(point);
  const OpenFile file(point, O_WRONLY | O_TMPFILE);
  constexpr std::array<char, 4096> block{};
  if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()))
    fail(point);
  if (::fsync(file.get()) != 0) fail(point);
}

void fill(const std::string& point) {
  require_mounted(point);
  const auto path = beside_data(point, full_name);
  const OpenFile file(path, O_WRONLY | O_CREAT | O_APPEND);
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
