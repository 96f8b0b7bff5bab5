// Processes that die with this one, whatever happens to it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace faultline {

struct Command {
  std::filesystem::path binary;
  std::vector<std::string> arguments;
  std::filesystem::path log;                            // stdout and stderr are appended
  std::map<std::string, std::string> environment = {};  // besides our own
};

// All of them are forked by one thread that lives as long as this value:
// PR_SET_PDEATHSIG kills a child when the *thread* that forked it ends, not its
// process (prctl(2)). The same thread reaps, so that a signal never hits
// another process that got the pid of one reaped meanwhile.
//
// Each child is a process group of its own (Ctrl-C in the terminal does not
// reach it) and inherits no file but its log.
class ChildProcesses {
 public:
  // `exited` is called on that thread, with the status as of waitpid(2).
  explicit ChildProcesses(std::function<void(int pid, int status)> exited);
  ~ChildProcesses();  // kills and reaps what is left
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  int start(const Command&);         // pid; throws std::system_error
  void signal(int pid, int number);  // no effect on one that is reaped

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace faultline
