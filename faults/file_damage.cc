#include "faults/file_damage.h"

#include <fmt/format.h>

#include <algorithm>

#include "faults/reachability.h"

namespace faultline {
namespace {

const char* word(DataFile kind) {
  switch (kind) {
    case DataFile::block:
      return "message block";
    case DataFile::index:
      return "index";
    case DataFile::snapshot:
      return "snapshot";
  }
  return "";
}

bool is_there(const Volume& volume, const std::string& path, std::uint64_t size,
              const std::vector<ChangedByte>& changed) {
  const auto files = volume.files();
  if (std::ranges::find(files, StoredFile{path, size}) == files.end()) return false;
  if (changed.empty()) return true;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint8_t> wanted;
  for (const auto& one : changed) {
    offsets.push_back(one.offset);
    wanted.push_back(one.after);
  }
  return volume.bytes_at(path, offsets) == wanted;
}

}  // namespace

FileDamage::FileDamage(std::string name, FaultContext context, const FaultOptions& options)
    : PerServerFault(std::move(name), context), kind_(options.files) {}

void FileDamage::strike(const std::string& server) {
  cluster().kill(server);
  const auto& disk = volume(server);
  const auto files = choosable(disk.files(), context().broker.data_files(kind_));
  if (files.empty()) return;
  auto random = random_of(context().seed, server);
  auto done = damage(disk, choose_file(files, random), random);
  const std::lock_guard lock(mutex_);
  done_[server] = std::move(done);
}

Evidence FileDamage::look(const std::string& server) {
  std::optional<Damage> done;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = done_.find(server); found != done_.end()) done = found->second;
  }
  if (!done) return {false, fmt::format("no {} with anything in it is on its volume", word(kind_))};
  const bool there = is_there(volume(server), done->file.path, done->bytes_left, done->changed);
  const auto silent = silence_of(cluster(), server);
  return {there && silent.holds, fmt::format("{}{}, {}", told(server, *done),
                                             there ? "" : ", but that is not so", silent.text)};
}

// Byte by byte once; what is seen again later is short.
std::string FileDamage::told(const std::string& server, const Damage& done) {
  const std::lock_guard lock(mutex_);
  if (!told_.insert(server).second) return done.file.path + " is damaged still";
  return fmt::format("{} ({} bytes): {}", done.file.path, done.file.bytes, done.what);
}

void FileDamage::undo(const std::string& server) { cluster().start(server); }

}  // namespace faultline
