#include "harness/watch/history_tail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace faultline {
namespace {

constexpr std::size_t piece_size = 1 << 20;

std::string error_text() { return std::generic_category().message(errno); }

}  // namespace

void HistoryTail::read() try {
  if (!descriptor_ && !open()) return;
  check_that_it_is_the_same();
  std::string piece(piece_size, '\0');
  for (;;) {
    const ssize_t n =
        ::pread(descriptor_.get(), piece.data(), piece.size(), static_cast<off_t>(read_));
    if (n < 0) throw HistoryError("cannot be read: " + error_text());
    if (n == 0) return;
    read_ += static_cast<std::uint64_t>(n);
    history_.append({piece.data(), static_cast<std::size_t>(n)});
  }
} catch (const HistoryError& error) {
  throw HistoryError(file_.string() + ": " + error.what());
}

std::string HistoryTail::problem() const {
  const bool broken = has_begun() && history_.is_over() && !history().closed;
  return broken ? history().damage : "";
}

// Without waiting for the other end of what is a pipe.
bool HistoryTail::open() {
  descriptor_ = FileDescriptor(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor_ && errno == ENOENT) return false;
  struct stat status {};
  if (!descriptor_ || ::fstat(descriptor_.get(), &status) != 0)
    throw HistoryError("cannot be read: " + error_text());
  if (!S_ISREG(status.st_mode)) throw HistoryError("is not a regular file");
  return true;
}

void HistoryTail::check_that_it_is_the_same() {
  struct stat own {
  }, there{};
  if (::fstat(descriptor_.get(), &own) != 0 || ::stat(file_.c_str(), &there) != 0)
    throw HistoryError("is gone: it was removed while it was watched");
  if (own.st_dev != there.st_dev || own.st_ino != there.st_ino)
    throw HistoryError("is another file now: it was replaced while it was watched");
  if (static_cast<std::uint64_t>(own.st_size) < read_)
    throw HistoryError("became shorter: it was cut or replaced while it was watched");
}

}  // namespace faultline
