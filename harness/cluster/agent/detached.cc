#include "harness/cluster/agent/detached.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "harness/cluster/agent/open_file.h"

namespace faultline::agent {
namespace {

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned first = STDERR_FILENO + 1;
  for (const int descriptor : kept) {
    const auto number = static_cast<unsigned>(descriptor);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, standard);
  if (nothing > STDERR_FILENO) ::close(nothing);
}

}  // namespace

Pipe::Pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("a pipe");
  reader_ = ends[0];
  writer_ = ends[1];
}

Pipe::~Pipe() {
  close_reader();
  close_writer();
}

void Pipe::close_reader() { close_once(reader_); }
void Pipe::close_writer() { close_once(writer_); }

std::string Pipe::read_all() const {
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    const auto count = ::read(reader_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void Pipe::write(const std::string& text) const {
  // So short a text is written whole, or the reader is gone.
  [[maybe_unused]] const auto count = ::write(writer_, text.data(), text.size());
}

void start_detached(std::vector<int> kept, const std::function<void()>& work) {
  const pid_t between = ::fork();
  if (between < 0) fail("fork");
  if (between > 0) {
    int status = 0;
    while (::waitpid(between, &status, 0) < 0 && errno == EINTR) continue;
    if (status != 0) throw std::runtime_error("a process could not be started");
    return;
  }
  ::setsid();
  const pid_t detached = ::fork();
  if (detached != 0) ::_exit(detached > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  [[maybe_unused]] const int to_root = ::chdir("/");
  close_all_but(std::move(kept));
  work();
  ::_exit(EXIT_SUCCESS);
}

}  // namespace faultline::agent
