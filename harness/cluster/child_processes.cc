#include "harness/cluster/child_processes.h"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/io.hpp>
#include <cerrno>
#include <cstdio>
#include <future>
#include <map>
#include <system_error>
#include <thread>
#include <type_traits>

#include "harness/cluster/process_table.h"
#include "harness/cluster/tied_to_parent.h"

namespace faultline {
namespace {

namespace asio = boost::asio;
namespace process = boost::process;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::unique_ptr<std::FILE, FileCloser> open_log(const std::filesystem::path& path) {
  std::unique_ptr<std::FILE, FileCloser> log(std::fopen(path.c_str(), "ae"));
  if (!log) throw std::system_error(errno, std::generic_category(), path.string());
  return log;
}

}  // namespace

struct ChildProcesses::Implementation {
  struct Child {
    process::child handle;
    asio::posix::stream_descriptor ended;
  };

  template <class Function>
  auto on_thread(Function function) {
    std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
    auto result = task.get_future();
    asio::post(context, std::move(task));
    return result.get();
  }

  explicit Implementation(std::function<void(int, int)> on_exit)
      : exited(std::move(on_exit)), thread([this] { context.run(); }) {}

  ~Implementation() {
    on_thread([this] {
      for (const auto& [pid, child] : children) ::kill(pid, SIGKILL);
    });
    idle.reset();  // the thread ends once all are reaped
    thread.join();
  }

  int start(const Command& command) {
    const auto log = open_log(command.log);
    process::environment environment = boost::this_process::environment();
    for (const auto& [name, value] : command.environment) environment.set(name, value);
    process::child handle(
        process::exe = command.binary.string(), process::args = command.arguments,
        process::std_in<process::null, (process::std_out & process::std_err)> log.get(),
        environment, TiedToParent{});
    const int pid = handle.id();
    auto descriptor = open_process(pid);
    if (!descriptor) {
      const int error = errno;
      handle.terminate();
      throw std::system_error(error, std::generic_category(), "pidfd_open");
    }
    asio::posix::stream_descriptor ended(context, descriptor.release());
    const auto [child, inserted] =
        children.insert_or_assign(pid, Child{std::move(handle), std::move(ended)});
    child->second.ended.async_wait(asio::posix::stream_descriptor::wait_read,
                                   [this, pid](const boost::system::error_code&) { reap(pid); });
    return pid;
  }

  void reap(int pid) {
    auto child = children.extract(pid);
    child.mapped().handle.wait();
    exited(pid, child.mapped().handle.native_exit_code());
  }

  std::function<void(int, int)> exited;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> idle{context.get_executor()};
  std::map<int, Child> children;  // of the thread only
  std::thread thread;
};

ChildProcesses::ChildProcesses(std::function<void(int, int)> exited)
    : implementation_(std::make_unique<Implementation>(std::move(exited))) {}

ChildProcesses::~ChildProcesses() = default;

int ChildProcesses::start(const Command& command) {
  return implementation_->on_thread([&] { return implementation_->start(command); });
}

void ChildProcesses::signal(int pid, int number) {
  implementation_->on_thread([&] {
    if (implementation_->children.contains(pid)) ::kill(pid, number);
  });
}

}  // namespace faultline
