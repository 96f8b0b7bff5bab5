#include "workloads/recorder.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "checkers/history_codec.h"
#include "checkers/history_encoder.h"

namespace faultline {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t block_size = 64 * 1024;
constexpr std::size_t max_waiting = 64;  // full blocks; then clients wait for the disk
constexpr auto flush_interval = 500ms;   // the promise is a second
constexpr auto stall_limit = 5s;         // a disk that takes no write for so long is given up

using Clock = std::chrono::steady_clock;

[[noreturn]] void throw_errno(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

// A file that is only appended to. Errors are errno values, 0 for none.
class AppendFile {
 public:
  explicit AppendFile(const std::filesystem::path& path)
      : descriptor_(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) throw_errno(errno, "cannot create " + path.string());
  }
  ~AppendFile() { ::close(descriptor_); }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  int append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) return errno;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
  }

  int sync() { return ::fdatasync(descriptor_) == 0 ? 0 : errno; }

 private:
  int descriptor_;
};

// Makes the name of a new file as durable as its content. Best effort: not
// every file system can.
void sync_folder_of(const std::filesystem::path& file) {
  const auto parent = std::filesystem::absolute(file).parent_path();
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

// While it lives, new threads are born deaf to signals: those are for the main
// thread, and SIGXFSZ (a file size limit) must be an error of write() instead.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// An operation's index and kind, so that nothing need be kept per operation
// under way. 0 names none.
OperationId make_id(std::uint64_t index, OperationKind kind, Time invoked) {
  return {index << 3 | (static_cast<std::uint64_t>(kind) + 1), invoked};
}

}  // namespace

Time monotonic_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Recorder::Implementation {
  Implementation(const std::filesystem::path& path, const Header& header)
      : name(path.string()), file(path) {
    int error = file.append(encode_start(header));
    if (error == 0) error = file.sync();
    if (error != 0) {
      ::unlink(path.c_str());
      throw_errno(error, "cannot write " + name);
    }
    sync_folder_of(path);
    spare = new_buffer();
    encoder.take(new_buffer());
    const SignalsBlocked blocked;
    flusher = std::thread([this] { run(); });
  }

  ~Implementation() { close(); }

  static std::string new_buffer() {
    std::string buffer;
    buffer.reserve(block_size + block_size / 8);
    return buffer;
  }

  // Stamps and records under the lock. `record` gets the stamp.
  template <typename Record>
  Time stamped(Record record) {
    std::unique_lock lock(mutex);
    if (waiting.size() >= max_waiting) {
      wait_for_disk(lock, [this] { return waiting.size() < max_waiting; });
    }
    const Time now = monotonic_now();
    if (closing || given_up()) return now;
    record(now);
    if (encoder.size() >= block_size) {
      hand_over();
      lock.unlock();
      work.notify_one();
    }
    return now;
  }

  void hand_over() {
    if (encoder.empty()) return;
    waiting.push_back(encoder.take(spare ? *std::exchange(spare, std::nullopt) : new_buffer()));
    ++handed_over;
  }

  // The flusher's thread: the only one that writes after construction.
  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait_for(lock, flush_interval,
                    [this] { return closing || flush_wanted || !waiting.empty(); });
      flush_wanted = false;
      if (waiting.empty()) hand_over();
      while (!waiting.empty()) write_first(lock);
      if (closing) return write_end(lock);
    }
  }

  void write_end(std::unique_lock<std::mutex>& lock) {
    const bool complete = !given_up();
    const std::string end = encode_end(encoder.operations(), encoder.events(), monotonic_now());
    lock.unlock();
    const int error = complete ? file.append(end) : 0;
    const int sync_error = file.sync();
    lock.lock();
    fail(error);
    fail(sync_error);
  }

  // On a disk that hangs, until it is given up: then nothing more is recorded, and what
  // was recorded by then is written when the disk comes back.
  template <typename Done>
  void wait_for_disk(std::unique_lock<std::mutex>& lock, Done done) {
    if (!disk_caught_up.wait_for(lock, stall_limit, [&] { return done() || given_up(); }))
      stalled = true;
  }

  bool given_up() const { return failed != 0 || stalled; }

  void look_for_stall() {
    if (writing_since && Clock::now() - *writing_since > stall_limit) stalled = true;
  }

  void write_first(std::unique_lock<std::mutex>& lock) {
    std::string block = std::move(waiting.front());
    waiting.pop_front();
    if (failed == 0) {
      writing_since = Clock::now();
      lock.unlock();
      seal_block(block);
      const int error = file.append(block);
      lock.lock();
      look_for_stall();
      writing_since.reset();
      fail(error);
    }
    ++written;
    if (!spare && block.capacity() <= 2 * block_size) spare = std::move(block);
    disk_caught_up.notify_all();
  }

  void fail(int error) {
    if (error != 0 && failed == 0) failed = error;
  }

  void flush() {
    std::unique_lock lock(mutex);
    if (closing) return;
    hand_over();
    const std::uint64_t wanted = handed_over;
    flush_wanted = true;
    work.notify_one();
    wait_for_disk(lock, [&] { return written >= wanted; });
  }

  void close() {
    const std::lock_guard one_closer(close_mutex);
    if (!flusher.joinable()) return;
    {
      const std::lock_guard lock(mutex);
      hand_over();
      closing = true;
    }
    work.notify_one();
    flusher.join();
  }

  const std::string name;
  AppendFile file;
  std::mutex close_mutex;

  mutable std::mutex mutex;  // of everything below
  std::condition_variable work;
  std::condition_variable disk_caught_up;
  RecordEncoder encoder;
  std::deque<std::string> waiting;   // full blocks, not yet written
  std::optional<std::string> spare;  // a written block's memory, for the next one
  std::uint64_t handed_over = 0;
  std::uint64_t written = 0;
  bool flush_wanted = false;
  bool closing = false;
  int failed = 0;
  std::optional<Clock::time_point> writing_since;  // the write under way
  bool stalled = false;
  std::uint32_t processes = 0;
  Tally tally;

  std::thread flusher;
};

Recorder::Recorder(const std::filesystem::path& file, const Header& header)
    : implementation_(std::make_unique<Implementation>(file, header)) {}

Recorder::~Recorder() = default;

OperationId Recorder::invoke(const Invocation& invocation) {
  Operation op;
  op.kind = invocation.kind;
  op.process = invocation.process;
  op.size = invocation.size;
  op.value = invocation.value;
  op.sequence = invocation.sequence;
  OperationId id;
  implementation_->stamped([&](Time now) {
    op.invoked = now;
    op.intended = invocation.intended ? invocation.intended : now;
    id = make_id(implementation_->encoder.invoke(op), op.kind, now);
  });
  return id;
}

Time Recorder::complete(OperationId id, const Completion& completion) {
  Operation result;
  result.outcome = completion.outcome;
  result.answer = completion.answer;
  result.duplicate = completion.duplicate;
  result.deliveries = completion.deliveries;
  result.value = completion.value;
  result.sequence = completion.sequence;
  return implementation_->stamped([&](Time now) {
    if (id.id == 0) return;  // invoked after the recorder had closed or failed
    result.completed = now;
    result.kind = static_cast<OperationKind>((id.id & 7) - 1);
    implementation_->encoder.complete(id.id >> 3, result);
    implementation_->tally[static_cast<std::size_t>(result.kind)].count(result.outcome,
                                                                        now - id.invoked);
  });
}

Time Recorder::event(decltype(Event::what) what) {
  Event event{0, std::move(what)};
  return implementation_->stamped([&](Time now) {
    event.time = now;
    implementation_->encoder.event(event);
  });
}

std::uint32_t Recorder::new_process(const std::string& role, const std::string& group,
                                    std::uint32_t partition) {
  std::uint32_t process = 0;
  {
    const std::lock_guard lock(implementation_->mutex);
    process = ++implementation_->processes;
  }
  event(ProcessStarted{process, role, group, partition});
  return process;
}

Tally Recorder::tally() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->tally;
}

void Recorder::flush() { implementation_->flush(); }

void Recorder::close() { implementation_->close(); }

std::optional<std::string> Recorder::error() const {
  auto& self = *implementation_;
  const std::lock_guard lock(self.mutex);
  self.look_for_stall();
  if (self.failed != 0)
    return "cannot write " + self.name + ": " + std::generic_category().message(self.failed) +
           "; what was complete by then is readable";
  if (self.stalled)
    return "the disk took no write of " + self.name + " for " +
           std::to_string(stall_limit.count()) +
           " s; what was recorded by then is written when it does";
  return std::nullopt;
}

}  // namespace faultline
